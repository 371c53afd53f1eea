"""A Parquet or CSV file opened in Spark."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from counterpoint.metrics.engines.spark.session import first_line, literal_path, reading
from counterpoint.metrics.engines.tables import Table, empty, require_table, unreadable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_VIEW = "opened"
_STANDARD = {"STRING": "VARCHAR", "INT": "INTEGER"}
"""Spark's names of types that others name otherwise."""


def open_table_in_spark(path: Path) -> Table:
    """Open a Parquet or CSV file.

    Raises:
        InvalidInput: `missing_file`, `unknown_format`, `unreadable_file` or `empty_file`; `spark_not_installed` or
            `java_not_found`.
        DependencyFailure: `spark_unavailable`.
    """
    is_parquet = require_table(path)
    with contextlib.ExitStack() as opened:
        session = opened.enter_context(reading())
        literal = literal_path(path.resolve())
        with _reading(path):
            if is_parquet:
                found = session.read.parquet(literal)
            else:
                tabbed = ".tsv" in path.suffixes
                found = session.read.csv(
                    literal, header=True, inferSchema=True, sep="\t" if tabbed else ",", multiLine=True, escape='"'
                )
            found.createOrReplaceTempView(_VIEW)
            if not found.head(1):
                raise empty(path)
        columns = {name: _STANDARD.get(kind.upper(), kind.upper()) for name, kind in found.dtypes}
        return Table(path, _InSpark(path, session, columns, opened.pop_all()))


class _InSpark:
    """A file that one session of its own reads."""

    text_type = "STRING"
    relation = _VIEW

    def __init__(
        self, path: Path, session: "SparkSession", columns: Mapping[str, str], opened: contextlib.ExitStack
    ) -> None:
        self._path = path
        self._session = session
        self._opened = opened
        self.columns = columns

    def quoted(self, name: str) -> str:
        """Return `name` as an identifier, whatever characters it has."""
        return "`" + name.replace("`", "``") + "`"

    def ask(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with _reading(self._path):
            return [tuple(row) for row in self._session.sql(select).collect()]

    def complete(self) -> frozenset[str]:
        """Return nothing: Spark does not tell what a file's own statistics say."""
        return frozenset()

    def close(self) -> None:
        """Release the file."""
        self._opened.close()


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError) as error:
        raise unreadable(path, first_line(error)) from error
