"""How many units met what, by set of buckets: bad pages, slow pages, and the events that feed metrics."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyarrow as pa

from counterpoint.assignment import N_BUCKETS, BucketSet, seed_of, unit_column
from counterpoint.events import EventLog, Outcome, Served
from counterpoint.metrics.engines.records import create_view, records_database, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidence:
    """Units of one set of buckets that came in some time, and of them those that met something.

    Attributes:
        n_units: Distinct units that were served.
        n_fallback: Those that met a page of the last fallback.
        n_incomplete: Those that met a page that was not complete.
        n_slow: Those that met a page slower than the threshold; 0 without one.
        n_outcome: By name of an outcome, those that had it at least once.
    """

    n_units: int = 0
    n_fallback: int = 0
    n_incomplete: int = 0
    n_slow: int = 0
    n_outcome: Mapping[str, int] = field(default_factory=dict)


def incidence_of_buckets(
    log: EventLog,
    surface: str,
    sets: Mapping[str, BucketSet],
    *,
    salt: str,
    since: datetime,
    now: datetime,
    slow_ms: float | None,
    outcomes: Collection[str],
) -> dict[str, Incidence]:
    """Return what the units of each set of buckets met in [since, now); forced pages do not count.

    Args:
        log: Where the records are.
        surface: Whose pages and outcomes.
        sets: Name -> buckets; disjoint.
        salt: Of the surface's buckets.
        slow_ms: Slower pages are slow; None when nothing is.
        outcomes: Names of outcomes to look for.
    """
    with records_database() as db:
        create_view(db, log, Served, ("unit", "surface", "status", "latency_ms", "forced"), since=since, until=now)
        create_view(db, log, Outcome, ("unit", "surface", "name"), since=since, until=now)
        slow = "false" if slow_ms is None else f"bool_or(latency_ms > {float(slow_ms)})"
        met = db.execute(
            f"SELECT unit, bool_or(status = 'fallback'), bool_or(status <> 'complete'), {slow} FROM served "  # noqa: S608 - quoted
            f"WHERE surface = {text(surface)} AND NOT forced GROUP BY unit"
        ).fetchall()
        units = [row[0] for row in met]
        buckets = unit_column(units).points(seed_of(salt), N_BUCKETS).tolist() if units else []
        names = {bucket: name for name, inside in sets.items() for bucket in range(N_BUCKETS) if bucket in inside}
        rows = [
            (unit, names[bucket], *flags)
            for (unit, *flags), bucket in zip(met, buckets, strict=True)
            if bucket in names
        ]
        columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
        kinds = (pa.string(), pa.string(), pa.bool_(), pa.bool_(), pa.bool_())
        fields = ("unit", "side", "fallback", "incomplete", "slow")
        arrays = [pa.array(column, type=kind) for column, kind in zip(columns, kinds, strict=True)]
        db.register("placed", pa.table(dict(zip(fields, arrays, strict=True))))
        counted = db.execute(
            "SELECT side, count(*), count(*) FILTER (fallback), count(*) FILTER (incomplete), count(*) FILTER (slow) "
            "FROM placed GROUP BY side"
        ).fetchall()
        had: dict[str, dict[str, int]] = {}
        if outcomes:
            wanted = ", ".join(text(name) for name in sorted(set(outcomes)))
            for side, name, n in db.execute(
                f"SELECT side, name, count(DISTINCT unit) FROM outcome JOIN placed USING (unit) "  # noqa: S608 - quoted
                f"WHERE surface = {text(surface)} AND name IN ({wanted}) GROUP BY side, name"
            ).fetchall():
                had.setdefault(side, {})[name] = n
    found = {side: (n, fallback, incomplete, slow_units) for side, n, fallback, incomplete, slow_units in counted}
    return {side: _incidence(found.get(side, (0, 0, 0, 0)), had.get(side, {})) for side in sets}


def _incidence(counts: tuple[int, int, int, int], had: Mapping[str, int]) -> Incidence:
    n_units, n_fallback, n_incomplete, n_slow = counts
    return Incidence(
        n_units=n_units, n_fallback=n_fallback, n_incomplete=n_incomplete, n_slow=n_slow, n_outcome=dict(had)
    )
