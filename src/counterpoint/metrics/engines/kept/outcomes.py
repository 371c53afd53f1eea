"""What outcomes add to kept units, past DuckDB where that can be trusted, in it elsewhere."""

from pathlib import Path

from counterpoint.config import outcome_names
from counterpoint.events import UNIT_CHECK, UNIT_KEY, EventLog, Outcome, Segments
from counterpoint.metrics.engines.exact import SCALE
from counterpoint.metrics.engines.kept.relations import Merging, figures
from counterpoint.metrics.engines.outcome_rows import Wanted
from counterpoint.metrics.engines.outcome_sums import Sums, Units, sum_outcomes
from counterpoint.metrics.engines.records import create_view, instant, text
from counterpoint.metrics.engines.reduction import outcome_places, unit_columns

_COLUMNS = ("unit", "surface", "name", "value")
_UNITS = f"uid, unit, {UNIT_KEY}, {UNIT_CHECK}, first_t"
_NEVER = 1 << 62


def add_new(to: Merging, log: EventLog, outcomes: Segments) -> None:
    """Make `new_sums` and `new_points`: what the outcomes of a batch add, to units known before it and to its own."""
    low, high = to.window
    create_view(to.db, log, Outcome, _COLUMNS, segments=outcomes)
    first, last = to.numbers("SELECT min(t), max(t) FROM outcome") if to.kept.n_units else (None, None)
    # Only a window that is open while these were recorded can catch one of them.
    is_open = "false" if first is None or last is None else f"first_t > {first - high} AND first_t <= {last - low}"
    known = f"SELECT {_UNITS} FROM {to.kept.units} ANTI JOIN reset{to.step} USING (uid) WHERE {is_open}"  # noqa: S608 - ours
    _sum(to, "new", f"{known} UNION ALL SELECT {_UNITS} FROM reset{to.step}", outcomes)  # noqa: S608 - ours
    to.db.execute("DROP VIEW outcome")


def add_old(to: Merging, log: EventLog, merged: frozenset[Path]) -> None:
    """Make `old_sums` and `old_points`: what units whose window is new or has moved did before the batch."""
    low, high = to.window
    first, last = to.numbers(f"SELECT min(first_t), max(first_t) FROM reset{to.step}")  # noqa: S608 - a number
    reached: tuple[Path, ...] = ()
    if merged and first is not None and last is not None:
        reached = log.segments(Outcome, since=instant(first + low), until=instant(last + high)).files
    outcomes = Segments(files=tuple(file for file in reached if file in merged), tail=())
    create_view(to.db, log, Outcome, _COLUMNS, segments=outcomes)
    _sum(to, "old", f"SELECT {_UNITS} FROM reset{to.step}", outcomes)  # noqa: S608 - ours
    to.db.execute("DROP VIEW outcome")


def _sum(to: Merging, what: str, units: str, outcomes: Segments) -> None:
    """Make `{what}_sums` and `{what}_points` of the outcomes that lie in a window of the units."""
    q = to.question
    singles = frozenset(outcome_places(q).index(outcome_names(m)[0]) for m in q.metrics if m.type == "quantile")
    found = _past_duckdb(to, units, outcomes, singles)
    if found is None:
        _in_duckdb(to, what, units, singles)
        return
    to.db.register(f"{what}_points{to.step}", found.points)
    to.db.register(f"{what}_found{to.step}", found.summed)
    alone = f"uid IN (SELECT uid FROM {what}_points{to.step})"  # noqa: S608 - ours
    moved = " OR ".join([*(f"{figure.alias} <> 0" for figure in figures(q)), alone])
    to.keep(f"{what}_sums", f"SELECT * FROM {what}_found{to.step} WHERE {moved}")  # noqa: S608 - ours


def _past_duckdb(to: Merging, units: str, outcomes: Segments, singles: frozenset[int]) -> Sums | None:
    read = to.db.sql(f"SELECT uid, {UNIT_KEY}, {UNIT_CHECK}, first_t FROM ({units})").to_arrow_table()  # noqa: S608 - ours
    wanted = Wanted(
        surface=to.question.surface,
        places={name: place for place, name in enumerate(outcome_places(to.question))},
        since=0,
        until=_NEVER,
    )
    of = Units(
        uids=read.column("uid").to_numpy(),
        keys=read.column(UNIT_KEY).to_numpy(),
        checks=read.column(UNIT_CHECK).to_numpy(),
        first_t=read.column("first_t").to_numpy(),
    )
    return sum_outcomes(of, outcomes, wanted, figures(to.question), window=to.window, singles=singles)


def _in_duckdb(to: Merging, what: str, units: str, singles: frozenset[int]) -> None:
    q, (low, high) = to.question, to.window
    names = ", ".join(map(text, outcome_places(q))) or "''"
    k = f"enum_code(try_cast(o.name AS ENUM ({names})))::SMALLINT"
    of = f"surface = {text(q.surface)} AND name IN ({names})"
    joined = f"""SELECT u.uid, {k} AS k, o.t - u.first_t AS dt, o.value, round(o.value * {SCALE})::BIGINT AS v
                 FROM (SELECT * FROM outcome WHERE {of}) o JOIN ({units}) u ON o.unit = u.unit
                 WHERE o.t - u.first_t >= {low} AND o.t - u.first_t < {high}"""  # noqa: S608 - quoted
    aggregates = [column for i, metric in enumerate(q.metrics) for column in unit_columns(i, metric, q)]
    columns = "".join(f", coalesce({aggregate}, 0)::BIGINT AS {alias}" for alias, aggregate in aggregates)
    to.keep(f"{what}_sums", f"SELECT uid{columns} FROM ({joined}) GROUP BY uid")  # noqa: S608 - quoted
    only = f"k IN ({', '.join(map(str, sorted(singles)))})" if singles else "false"
    to.keep(f"{what}_points", f"SELECT uid, k, dt, value FROM ({joined}) WHERE {only}")  # noqa: S608 - quoted
