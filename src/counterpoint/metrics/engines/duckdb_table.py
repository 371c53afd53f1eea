"""A Parquet or CSV file opened in DuckDB."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoint.metrics.engines.records import connected, note_failure
from counterpoint.metrics.engines.tables import Table, empty, require_table, unreadable


def open_table(path: Path) -> Table:
    """Open a Parquet or CSV file.

    Raises:
        InvalidInput: `missing_file`, `unknown_format`, `unreadable_file` or `empty_file`.
    """
    # A file's own name must not be taken for a pattern of names.
    literal = "".join(f"[{c}]" if c in "*?[" else c for c in str(path)).replace("'", "''")
    relation = f"read_csv('{literal}', sample_size = -1, header = true)"
    if require_table(path):
        relation = f"read_parquet('{literal}')"
    # In order: the first rows say where sums begin, and another choice of them would be other last digits.
    db = connected(in_order=True)
    try:
        with _reading(path):
            described = db.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()  # noqa: S608 - the path is quoted
            if db.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is None:  # noqa: S608 - the path is quoted
                raise empty(path)
    except BaseException:
        db.close()
        raise
    return Table(path, _InDuckDb(path, db, relation, {row[0]: row[1] for row in described}))


class _InDuckDb:
    """A file that one connection of its own reads."""

    text_type = "VARCHAR"

    def __init__(self, path: Path, db: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str]) -> None:
        self._path = path
        self._db = db
        self.relation = relation
        self.columns = columns

    def quoted(self, name: str) -> str:
        """Return `name` as an identifier, whatever characters it has."""
        return '"' + name.replace('"', '""') + '"'

    def ask(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with _reading(self._path):
            return self._db.execute(select).fetchall()

    def complete(self) -> frozenset[str]:
        """Return the columns that a Parquet file's own statistics say have a value in every row."""
        if not self.relation.startswith("read_parquet"):
            return frozenset()
        # Read past DuckDB, whose table of a file's parts takes six times as long.
        try:
            found = pq.read_metadata(self._path)
        except (pa.ArrowException, OSError):
            return frozenset()
        groups = [found.row_group(i) for i in range(found.num_row_groups)]
        columns = [[group.column(j) for group in groups] for j in range(found.num_columns)]
        # A column chunk without statistics counts as one with gaps; a path of several names is a part of a column,
        # whose name it must not be taken for.
        return frozenset(
            chunks[0].path_in_schema
            for chunks in columns
            if chunks
            and chunks[0].path_in_schema in self.columns
            and not set(chunks[0].path_in_schema) & set(",.")
            and all(c.is_stats_set and c.statistics.has_null_count and c.statistics.null_count == 0 for c in chunks)
        )

    def close(self) -> None:
        """Release the file."""
        self._db.close()


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, UnicodeDecodeError) as error:
        if isinstance(error, duckdb.Error):
            note_failure(error)
        lines = str(error).strip().splitlines()
        first = " ".join([lines[0], *(line for line in lines if line.startswith("Error when"))]).rstrip(".")
        raise unreadable(path, first) from error
