"""The rollup on Spark: the same questions and the same shared SQL as on DuckDB, where one machine is too small."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from counterpoint.config import outcome_names
from counterpoint.events import Event, EventLog, kind_of
from counterpoint.metrics.engines.exact import SCALE
from counterpoint.metrics.engines.records import micros, tail_table
from counterpoint.metrics.engines.reduction import outcome_places, unit_columns
from counterpoint.metrics.engines.relations import Dialect
from counterpoint.metrics.engines.rollups import rollup_in
from counterpoint.metrics.engines.spark.session import literal_path, reading
from counterpoint.metrics.engines.spark.words import SPARK_SQL
from counterpoint.metrics.rollup import Rollup, RollupQuestion

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_DAY = 86_400_000_000


def roll_up_on_spark(log: EventLog, question: RollupQuestion) -> Rollup:
    """Return the sufficient statistics of one experiment, the same integers as from DuckDB.

    Raises:
        InvalidInput: `spark_not_installed` or `java_not_found`.
        CannotCompute: `metric_overflow` when values are too large to be summed exactly.
        DependencyFailure: `spark_unavailable` or `query_failed`.
    """
    with in_spark() as on:
        return rollup_in(on, log, question)


@contextlib.contextmanager
def in_spark() -> Iterator["InSpark"]:
    """Yield relations of their own, which end with the reading."""
    with reading() as session:
        on = InSpark(session)
        try:
            yield on
        finally:
            on.forget()


class InSpark:
    """The relations of one session, for the SQL that engines share."""

    sql: Dialect

    def __init__(self, session: "SparkSession") -> None:
        self._session = session
        self._kept: list[DataFrame] = []
        self.sql = SPARK_SQL

    def ask(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return [tuple(row) for row in self._session.sql(select).collect()]

    def keep(self, name: str, select: str) -> None:
        """Name the rows of a query; they stay in memory, or on disk where that is too small."""
        found = self._session.sql(select).persist()
        self._kept.append(found)
        found.createOrReplaceTempView(name)

    def name(self, name: str, select: str) -> None:
        """Name the rows of a query, which are found anew whenever they are asked for."""
        self._session.sql(select).createOrReplaceTempView(name)

    def forget(self) -> None:
        """Release what was kept."""
        for each in reversed(self._kept):
            each.unpersist()
        self._kept.clear()

    def records(
        self, log: EventLog, event_type: type[Event], columns: Sequence[str], *, since: datetime, until: datetime
    ) -> None:
        """Make a view of one kind of record."""
        kind = kind_of(event_type)
        segments = log.segments(event_type, since=since, until=until)
        # A limit on the column as it is stored lets whole parts of a file go unread.
        within = "{0} >= timestamp_micros({1}) AND {0} < timestamp_micros({2})".format(
            "at", micros(since), micros(until)
        )
        low_high = f"t >= {micros(since)} AND t < {micros(until)}"
        names, parts = ", ".join(columns), []
        if segments.files:
            files = self._session.read.parquet(*(literal_path(each) for each in segments.files))
            files.createOrReplaceTempView(f"{kind}_files")
            parts.append(f"SELECT unix_micros(at) AS t, {names} FROM {kind}_files WHERE {within}")  # noqa: S608 - numbers
        if segments.tail or not segments.files:
            self.place(f"{kind}_tail", tail_table(segments.tail, columns))
            parts.append(f"SELECT t, {names} FROM {kind}_tail WHERE {low_high}")  # noqa: S608 - numbers
        self.name(kind, " UNION ALL ".join(parts))

    def place(self, name: str, table: pa.Table) -> None:
        """Name a table of this process."""
        self._session.createDataFrame(table).createOrReplaceTempView(name)

    def keep_values(self, question: RollupQuestion) -> None:
        """Make the relations `counted`, `quantiled` and `valued`."""
        text = self.sql.text
        declared = ", ".join(map(text, question.variants))
        # A unit is its own number: numbers given out by a cluster are not the same when a part is computed again.
        self.keep(
            "counted",
            f"""SELECT unit AS uid, unit, variant, segment, first_t
                FROM units WHERE NOT mixed AND variant IN ({declared})""",  # noqa: S608 - quoted
        )
        places = outcome_places(question)
        names = ", ".join(map(text, places)) or "''"
        place = " ".join(f"WHEN {text(name)} THEN {i}" for i, name in enumerate(places))
        longest = max((m.window_days for m in question.metrics), default=0) * _DAY
        earliest = -longest if question.covariates else 0
        self.name(
            "joined",
            f"""SELECT u.uid, {f"CASE o.name {place} END" if place else "0"} AS k, o.t - u.first_t AS dt, o.value,
                       CAST(round(o.value * {SCALE}) AS BIGINT) AS v
                FROM outcome o JOIN counted u ON o.unit = u.unit
                WHERE o.surface = {text(question.surface)} AND o.name IN ({names})
                  AND o.t - u.first_t >= {earliest} AND o.t - u.first_t < {longest}""",  # noqa: S608 - quoted
        )
        kept = [str(places.index(outcome_names(m)[0])) for m in question.metrics if m.type == "quantile"]
        if kept:
            self.keep("quantiled", f"SELECT uid, k, dt, value FROM joined WHERE k IN ({', '.join(kept)})")  # noqa: S608 - numbers
        columns = [c for i, metric in enumerate(question.metrics) for c in unit_columns(i, metric, question)]
        sums = "".join(f", {aggregate} AS {a}" for a, aggregate in columns)
        self.name("summed", f"SELECT uid{sums} FROM joined GROUP BY uid")  # noqa: S608 - quoted
        values = "".join(f", coalesce(p.{a}, 0) AS {a}" for a, _ in columns)
        self.keep(
            "valued",
            f"SELECT c.variant, c.segment, c.first_t{values} FROM counted c LEFT JOIN summed p ON c.uid = p.uid",  # noqa: S608 - quoted
        )
