"""The rollup on DuckDB: exposures joined to outcomes, summed per unit, reduced to moments per variant."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from counterpoint.config import outcome_names
from counterpoint.events import Event, EventLog, Outcome, Segments
from counterpoint.metrics.engines.exact import SCALE
from counterpoint.metrics.engines.outcome_rows import Wanted, text_keys
from counterpoint.metrics.engines.outcome_sums import Units, sum_outcomes
from counterpoint.metrics.engines.records import create_view, micros, records_database, text
from counterpoint.metrics.engines.reduction import outcome_places, unit_columns, unit_figures
from counterpoint.metrics.engines.relations import Dialect
from counterpoint.metrics.engines.rollups import rollup_in
from counterpoint.metrics.rollup import Rollup, RollupQuestion

_DAY = 86_400_000_000
_PORTION = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Where the outcomes of [since, until) are; others may be among them."""

    segments: Segments
    since: datetime
    until: datetime


def roll_up(log: EventLog, question: RollupQuestion) -> Rollup:
    """Return the sufficient statistics of one experiment: one pass over exposures, one over outcomes.

    Raises:
        CannotCompute: `metric_overflow` when values are too large to be summed exactly.
    """
    with in_duckdb() as on:
        return rollup_in(on, log, question)


@contextlib.contextmanager
def in_duckdb() -> Iterator["InDuckDb"]:
    """Yield relations of their own, in this process."""
    with records_database() as db:
        yield InDuckDb(db)


def create_values(db: duckdb.DuckDBPyConnection, question: RollupQuestion, recorded: Recorded | None = None) -> None:
    """Make the table `valued`: each counted unit's metrics in millionths, 0 where nothing happened.

    Args:
        db: Holds `units` and the view `outcome`.
        question: Its metrics.
        recorded: Where the outcomes of that view are, when they may be read past DuckDB, in a fifth of the time.
    """
    declared = ", ".join(map(text, question.variants))
    # Numbers in place of unit and name: what is joined is small, and grouping by it is fast.
    db.execute(
        f"""CREATE TEMP TABLE counted AS
            SELECT row_number() OVER ()::INTEGER AS uid, unit, variant, segment, first_t
            FROM units WHERE NOT mixed AND variant IN ({declared})"""  # noqa: S608 - quoted
    )
    names_of = outcome_places(question)
    names = ", ".join(map(text, names_of)) or "''"
    longest = max((m.window_days for m in question.metrics), default=0) * _DAY
    earliest = -longest if question.covariates else 0
    db.execute(f"CREATE TEMP TYPE outcome_name AS ENUM ({names})")
    # A view: what is joined is summed as it streams by, and takes no memory however many events there are.
    db.execute(
        f"""CREATE TEMP VIEW joined AS
            SELECT u.uid, enum_code(try_cast(o.name AS outcome_name))::SMALLINT AS k, o.t - u.first_t AS dt, o.value,
                   round(o.value * {SCALE})::BIGINT AS v
            FROM outcome o JOIN counted u ON o.unit = u.unit
            WHERE o.surface = {text(question.surface)} AND o.name IN ({names})
              AND o.t - u.first_t >= {earliest} AND o.t - u.first_t < {longest}"""  # noqa: S608 - quoted
    )
    columns = [c for i, metric in enumerate(question.metrics) for c in unit_columns(i, metric, question)]
    # Quantiles need their values one by one, more than once; nothing else is kept.
    singles = frozenset(names_of.index(outcome_names(m)[0]) for m in question.metrics if m.type == "quantile")
    if recorded is None or not _create_sums(db, question, recorded, (earliest, longest), singles):
        if singles:
            places = ", ".join(map(str, sorted(singles)))
            db.execute(f"CREATE TEMP TABLE quantiled AS SELECT uid, k, dt, value FROM joined WHERE k IN ({places})")  # noqa: S608 - numbers
        # One pass over what was joined, for every metric and window at once.
        sums = "".join(f", {aggregate} AS {a}" for a, aggregate in columns)
        db.execute(f"CREATE TEMP TABLE summed AS SELECT uid{sums} FROM joined GROUP BY uid")  # noqa: S608 - quoted
    db.execute(
        f"""CREATE TEMP TABLE valued AS
            SELECT c.variant, c.segment, c.first_t{"".join(f", coalesce(p.{a}, 0) AS {a}" for a, _ in columns)}
            FROM counted c LEFT JOIN summed p ON c.uid = p.uid"""  # noqa: S608 - quoted
    )


def _create_sums(
    db: duckdb.DuckDBPyConnection,
    question: RollupQuestion,
    recorded: Recorded,
    window: tuple[int, int],
    singles: frozenset[int],
) -> bool:
    """Make `summed` and `quantiled` past DuckDB and return True; neither, where only DuckDB can, and False."""
    wanted = Wanted(
        surface=question.surface,
        places={name: place for place, name in enumerate(outcome_places(question))},
        since=micros(recorded.since),
        until=micros(recorded.until),
    )
    figures = [f for i, metric in enumerate(question.metrics) for f in unit_figures(i, metric, question)]
    sums = sum_outcomes(_counted(db), recorded.segments, wanted, figures, window=window, singles=singles)
    if sums is None:
        return False
    db.register("summed", sums.summed)
    db.register("quantiled", sums.points)
    return True


def _counted(db: duckdb.DuckDBPyConnection) -> Units:
    """Return the units of `counted`."""
    # A portion of texts at a time: all of them at once would be most of the memory.
    parts = [(np.zeros(0, dtype=np.int32), *text_keys(pa.array([], pa.string())), np.zeros(0, dtype=np.int64))]
    for batch in db.sql("SELECT uid, unit, first_t FROM counted").to_arrow_reader(_PORTION):
        uids, units, first_t = batch.columns
        parts.append((uids.to_numpy(), *text_keys(units.cast(pa.string())), first_t.to_numpy()))
    uids, keys, checks, first_t = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Units(uids=uids, keys=keys, checks=checks, first_t=first_t)


class InDuckDb:
    """The relations of one connection, for the SQL that engines share."""

    sql: Dialect

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        self._outcomes: Recorded | None = None
        self.sql = DUCKDB_SQL

    def ask(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._db.execute(select).fetchall()

    def keep(self, name: str, select: str) -> None:
        """Name the rows of a query; they are found once."""
        self._db.execute(f"CREATE TEMP TABLE {name} AS {select}")

    def name(self, name: str, select: str) -> None:
        """Name the rows of a query; they are found whenever they are asked for."""
        self._db.execute(f"CREATE TEMP VIEW {name} AS {select}")

    def place(self, name: str, table: pa.Table) -> None:
        """Name the rows of a table of this process."""
        self._db.register(name, table)

    def records(
        self, log: EventLog, event_type: type[Event], columns: Sequence[str], *, since: datetime, until: datetime
    ) -> None:
        """Make a view of one kind of record."""
        segments = log.segments(event_type, since=since, until=until)
        create_view(self._db, log, event_type, columns, since=since, until=until, segments=segments)
        if event_type is Outcome:
            self._outcomes = Recorded(segments=segments, since=since, until=until)

    def keep_values(self, question: RollupQuestion) -> None:
        """Make the tables `counted`, `quantiled` and `valued`."""
        create_values(self._db, question, self._outcomes)


class _DuckDbSql:
    """The words of DuckDB."""

    def text(self, value: str) -> str:
        """Return `value` as a text literal."""
        return text(value)

    def wide(self, expression: str) -> str:
        """Return a whole number of 128 bits."""
        return f"{expression}::HUGEINT"

    def days(self, micros: str) -> str:
        """Return how many whole days a column of microseconds holds."""
        return f"{micros} // {_DAY}"

    def five_digits(self, value: str) -> str:
        """Return a value rounded to five significant digits."""
        return f"round({value}, CASE WHEN {value} = 0 THEN 0 ELSE 4 - floor(log10(abs({value})))::INTEGER END)"

    def attribute(self, document: str, name: str, at: str) -> str:
        """Return the aggregate of JSON documents that is the text of one of their fields where `at` is least."""
        path = '$."' + name.replace('"', '\\"') + '"'
        return f"arg_min(json_extract_string({document}, {text(path)}), {at})"


DUCKDB_SQL: Dialect = _DuckDbSql()
