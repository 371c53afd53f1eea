"""Units with their sums so far, in DuckDB: a batch of new records is merged into them without reading the old ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

import duckdb

from counterpoint.config import outcome_names
from counterpoint.events import Event, EventLog, Exposure, Outcome, Segments
from counterpoint.metrics.engines.exact import SCALE
from counterpoint.metrics.engines.records import create_view, instant, text
from counterpoint.metrics.engines.reduction import outcome_places, unit_columns
from counterpoint.metrics.rollup import RollupQuestion

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records not yet merged.

    Attributes:
        exposures: Where the new ones are.
        outcomes: Where the new ones are.
        merged: Files of outcomes that were merged before; read again for units whose window was not known then.
    """

    exposures: Segments
    outcomes: Segments
    merged: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The relations that hold the units, by name.

    Attributes:
        units: (uid, unit, variant, first_t, and what `figures` names), one row per unit that was ever exposed.
        others: (uid, variant, t): what units met beside the variant they met first, and when first.
        points: (uid, k, dt, value): single values, for quantiles.
        n_units: Rows of `units`; uids count from 0 without gaps.
        in_files: Whether they are nothing but what files hold.
    """

    units: str
    others: str
    points: str
    n_units: int
    in_files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Parquet files that hold the relations of `Kept`."""

    units: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    points: tuple[Path, ...] = ()
    n_units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge leaves.

    Attributes:
        kept: The units after it.
        changed: Relation of those rows of `kept.units` that are new or differ.
        snapshots: Snapshot -> when it first served an exposure of the batch, in microseconds since 1970.
    """

    kept: Kept
    changed: str
    snapshots: dict[str, int]


def figures(question: RollupQuestion) -> list[tuple[str, str, bool]]:
    """Return (column, aggregate over a unit's outcomes, whether one occurrence decides it) of what is kept per unit."""
    return [
        (alias, aggregate, metric.type == "proportion")
        for i, metric in enumerate(question.metrics)
        for alias, aggregate in unit_columns(i, metric, question)
    ]


def name_units(db: duckdb.DuckDBPyConnection, question: RollupQuestion, files: Files, *, step: int) -> Kept:
    """Name the units of a state; with no files, there are none."""
    columns = "".join(f", {alias} BIGINT" for alias, _, _ in figures(question))
    _name(db, f"units{step}", f"uid INTEGER, unit VARCHAR, variant VARCHAR, first_t BIGINT{columns}", files.units)
    _name(db, f"others{step}", "uid INTEGER, variant VARCHAR, t BIGINT", files.others)
    _name(db, f"points{step}", "uid INTEGER, k SMALLINT, dt BIGINT, value DOUBLE", files.points)
    return Kept(
        units=f"units{step}", others=f"others{step}", points=f"points{step}", n_units=files.n_units, in_files=True
    )


def merge(
    db: duckdb.DuckDBPyConnection, log: EventLog, kept: Kept, batch: Batch, question: RollupQuestion, *, step: int
) -> Merged:
    """Return the units after a batch of records: as if all records had been read together.

    What a unit's window catches hangs on its first exposure alone. So a record changes no more than the sums of its own
    unit, unless it is an exposure earlier than those known: then the unit's outcomes are read again, from the files
    that its window reaches into. New units are such, too.

    Args:
        db: Where to make the relations.
        log: Tells which files a range of time reaches into.
        kept: Before.
        batch: What is new, and what was not.
        question: Its metrics are kept; its times other than the start are not looked at.
        step: Different for each merge in one connection, from 1; tells its relations apart.
    """
    to = _Merging(db=db, kept=kept, question=question, step=step)
    snapshots = _read_exposures(to, batch.exposures)
    _place_units(to)
    _add_known(to, batch.outcomes if kept.n_units else Segments(files=(), tail=()))
    _add_reset(to, batch, log)
    _change(to)
    n_new = to.numbers(f"SELECT count(*) FROM reset{step} WHERE uid >= {kept.n_units}")[0] or 0  # noqa: S608 - numbers
    return Merged(
        kept=Kept(units=f"units{step}", others=f"others{step}", points=f"points{step}", n_units=kept.n_units + n_new),
        changed=f"changed{step}",
        snapshots=snapshots,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merging:
    """One merge; the name of every relation it makes ends in its step."""

    db: duckdb.DuckDBPyConnection
    kept: Kept
    question: RollupQuestion
    step: int

    @property
    def window(self) -> tuple[int, int]:
        """From when to when, in microseconds since a unit's first exposure, an outcome may count."""
        longest = max((m.window_days for m in self.question.metrics), default=0) * _DAY
        return (-longest if self.question.covariates else 0), longest

    def keep(self, name: str, select: str) -> None:
        """Name the rows of a query."""
        self.db.execute(f"CREATE TEMP TABLE {name}{self.step} AS {select}")

    def numbers(self, select: str) -> tuple[int | None, ...]:
        """Return the one row of a query."""
        # An answer that is not fetched to its end keeps the connection busy.
        ((*found,),) = self.db.execute(select).fetchall()
        return tuple(found)


def _read_exposures(to: _Merging, exposures: Segments) -> dict[str, int]:
    """Make `news`: when units first met variants, where that is not known already."""
    q, s, kept = to.question, to.step, to.kept
    columns = ("unit", "surface", "experiment", "variant", "snapshot")
    _show(to, exposures, Exposure, columns, since=q.started_at)
    of = f"surface = {text(q.surface)} AND experiment = {text(q.experiment)}"
    to.keep("arrived", f"SELECT unit, variant, min(t) AS t FROM exposure WHERE {of} GROUP BY unit, variant")  # noqa: S608 - quoted
    snapshots = to.db.execute(f"SELECT snapshot, min(t) FROM exposure WHERE {of} GROUP BY snapshot").fetchall()  # noqa: S608 - quoted
    to.db.execute("DROP VIEW exposure")
    # Most of what arrives in a long experiment repeats what is known already.
    to.keep(
        "news",
        f"""SELECT a.unit, k.uid, a.variant, a.t, k.variant AS known, k.first_t AS known_t
            FROM arrived{s} a LEFT JOIN {kept.units} k ON a.unit = k.unit
            WHERE k.uid IS NULL OR a.variant <> k.variant OR a.t < k.first_t""",  # noqa: S608 - ours
    )
    return dict(snapshots)


def _place_units(to: _Merging) -> None:
    """Make `reset`, the units whose window is new or has moved, and `others`."""
    s, kept = to.step, to.kept
    to.keep(
        "met",
        f"""SELECT unit, uid, known, known_t, variant, t FROM news{s}
            UNION ALL SELECT unit, uid, known, known_t, known, known_t FROM news{s} WHERE uid IS NOT NULL
            UNION ALL SELECT n.unit, n.uid, n.known, n.known_t, o.variant, o.t
                      FROM {kept.others} o JOIN news{s} n ON o.uid = n.uid""",  # noqa: S608 - ours
    )
    # Of two variants met at the same instant the first by name goes first: the unit is mixed whichever does.
    to.keep(
        "firsts",
        f"""SELECT unit, any_value(uid) AS uid, any_value(known) AS known, any_value(known_t) AS known_t,
                   arg_min(variant, (t, variant)) AS variant, min(t) AS first_t, min(variant) <> max(variant) AS mixed
            FROM met{s} GROUP BY unit""",  # noqa: S608 - a number
    )
    # New units are numbered by time: those whose windows are open lie together.
    to.keep(
        "placed",
        f"""SELECT {kept.n_units - 1} + row_number() OVER () AS uid, * EXCLUDE (uid), true AS reset
            FROM (FROM firsts{s} WHERE uid IS NULL ORDER BY first_t)
            UNION ALL SELECT uid, * EXCLUDE (uid), first_t <> known_t OR variant <> known FROM firsts{s}
                      WHERE uid IS NOT NULL""",  # noqa: S608 - ours
    )
    to.keep("reset", f"SELECT uid::INTEGER AS uid, unit, variant, first_t FROM placed{s} WHERE reset")  # noqa: S608 - a number
    to.keep(
        "others",
        f"""SELECT uid, variant, t FROM {kept.others} ANTI JOIN placed{s} USING (uid)
            UNION ALL
            SELECT p.uid::INTEGER, m.variant, min(m.t) FROM met{s} m JOIN placed{s} p ON m.unit = p.unit
            WHERE p.mixed AND m.variant <> p.variant GROUP BY p.uid, m.variant""",  # noqa: S608 - ours
    )


def _add_known(to: _Merging, outcomes: Segments) -> None:
    """Make `known_sums` and `known_points`: what new outcomes add to units whose window stays where it is."""
    s, kept, (low, high) = to.step, to.kept, to.window
    _show(to, outcomes, Outcome, ("unit", "surface", "name", "value"), since=_earliest(to))
    first, last = to.numbers(f"SELECT min(t), max(t) FROM outcome WHERE {_wanted(to.question)}")  # noqa: S608 - quoted
    if first is None or last is None:
        first, last = 0, 0
    # Only a window that is open while these were recorded can catch one of them.
    units = f"""(SELECT uid, unit, first_t FROM {kept.units} ANTI JOIN reset{s} USING (uid)
                 WHERE first_t > {first - high} AND first_t <= {last - low})"""  # noqa: S608 - ours
    _sum(to, "known", units)
    to.db.execute("DROP VIEW outcome")


def _add_reset(to: _Merging, batch: Batch, log: EventLog) -> None:
    """Make `reset_sums` and `reset_points`: all that units whose window is new or has moved ever did in it."""
    s, (low, high) = to.step, to.window
    first, last = to.numbers(f"SELECT min(first_t), max(first_t) FROM reset{s}")  # noqa: S608 - a number
    reached: frozenset[Path] = frozenset()
    if first is not None and last is not None:
        reached = frozenset(log.segments(Outcome, since=instant(first + low), until=instant(last + high)).files)
    files = tuple(f for f in (*batch.merged, *batch.outcomes.files) if f in reached)
    again = Segments(files=files, tail=batch.outcomes.tail)
    _show(to, again, Outcome, ("unit", "surface", "name", "value"), since=_earliest(to))
    _sum(to, "reset", f"reset{s}")
    to.db.execute("DROP VIEW outcome")


def _sum(to: _Merging, what: str, units: str) -> None:
    """Make `{what}_sums` and `{what}_points` of the outcomes in view that lie in a window of the units."""
    q, (low, high) = to.question, to.window
    places = outcome_places(q)
    k = f"enum_code(try_cast(o.name AS ENUM ({_names(q)})))::SMALLINT"
    joined = f"""SELECT u.uid, {k} AS k, o.t - u.first_t AS dt, o.value, round(o.value * {SCALE})::BIGINT AS v
                 FROM (SELECT * FROM outcome WHERE {_wanted(q)}) o JOIN {units} u ON o.unit = u.unit
                 WHERE o.t - u.first_t >= {low} AND o.t - u.first_t < {high}"""  # noqa: S608 - quoted
    columns = "".join(f", ({aggregate})::BIGINT AS {alias}" for alias, aggregate, _ in figures(q))
    to.keep(f"{what}_sums", f"SELECT uid{columns} FROM ({joined}) GROUP BY uid")  # noqa: S608 - quoted
    single = [places.index(outcome_names(m)[0]) for m in q.metrics if m.type == "quantile"]
    only = f"k IN ({', '.join(map(str, single))})" if single else "false"
    to.keep(f"{what}_points", f"SELECT uid, k, dt, value FROM ({joined}) WHERE {only}")  # noqa: S608 - quoted


def _change(to: _Merging) -> None:
    """Make `changed`, and the views `units` and `points` of everything as it is now."""
    s, kept, q = to.step, to.kept, to.question
    grown = "".join(
        f", {f'greatest(k.{a}, coalesce(d.{a}, 0))' if once else f'k.{a} + coalesce(d.{a}, 0)'} AS {a}"
        for a, _, once in figures(q)
    )
    anew = "".join(f", coalesce(d.{a}, 0) AS {a}" for a, _, _ in figures(q))
    to.keep(
        "changed",
        f"""SELECT k.uid, k.unit, k.variant, k.first_t{grown} FROM {kept.units} k JOIN known_sums{s} d USING (uid)
            UNION ALL
            SELECT r.uid, r.unit, r.variant, r.first_t{anew} FROM reset{s} r LEFT JOIN reset_sums{s} d USING (uid)""",  # noqa: S608 - ours
    )
    to.db.execute(
        f"""CREATE TEMP VIEW units{s} AS SELECT * FROM {kept.units} ANTI JOIN changed{s} USING (uid)
            UNION ALL SELECT * FROM changed{s}"""  # noqa: S608 - ours
    )
    to.db.execute(
        f"""CREATE TEMP VIEW points{s} AS SELECT * FROM {kept.points} ANTI JOIN reset{s} USING (uid)
            UNION ALL SELECT * FROM known_points{s} UNION ALL SELECT * FROM reset_points{s}"""  # noqa: S608 - ours
    )


def _name(db: duckdb.DuckDBPyConnection, name: str, columns: str, files: Sequence[Path]) -> None:
    if files:
        listed = ", ".join(text(str(file)) for file in files)
        db.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM read_parquet([{listed}])")  # noqa: S608 - quoted
    else:
        db.execute(f"CREATE TEMP TABLE {name} ({columns})")


def _earliest(to: _Merging) -> datetime:
    return to.question.started_at + timedelta(microseconds=to.window[0])


def _wanted(question: RollupQuestion) -> str:
    return f"surface = {text(question.surface)} AND name IN ({_names(question)})"


def _names(question: RollupQuestion) -> str:
    return ", ".join(map(text, outcome_places(question))) or "''"


def _show(to: _Merging, records: Segments, event_type: type[Event], columns: Sequence[str], *, since: datetime) -> None:
    create_view(to.db, cast("EventLog", _Part(records)), event_type, columns, since=since)


class _Part:
    """As much of a log as a view asks for, of some of its records."""

    def __init__(self, records: Segments) -> None:
        self._records = records

    def segments(self, event_type: type[Event], **_range: datetime | None) -> Segments:  # noqa: ARG002 - a log
        return self._records
