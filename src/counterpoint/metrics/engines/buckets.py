"""A metric of the visitors in sets of buckets, for units that no experiment exposes, such as a holdout's."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import pyarrow as pa

from counterpoint.assignment import N_BUCKETS, BucketSet, seed_of, unit_column
from counterpoint.config import Metric
from counterpoint.events import EventLog, Outcome, Served
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.exposures import keep_units
from counterpoint.metrics.engines.reduction import reduced
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.rollup import MetricRollup, RollupQuestion


def metrics_of_buckets(
    log: EventLog,
    surface: str,
    metrics: Sequence[Metric],
    sets: Mapping[str, BucketSet],
    *,
    salt: str,
    since: datetime,
    now: datetime,
    reading: Reading = in_duckdb,
) -> dict[str, MetricRollup]:
    """Return metrics of units by set of buckets, each over its window since the unit's first page from `since` on.

    Args:
        log: Where the records are.
        surface: Whose pages.
        metrics: What to sum.
        sets: Name -> buckets; disjoint.
        salt: Of the surface's buckets.
        since: First visits from then on count.
        now: Nothing recorded from then on is read.
        reading: In which engine.
    """
    question = RollupQuestion(
        surface=surface, experiment="", variants=tuple(sets), metrics=tuple(metrics), started_at=since, now=now
    )
    shortest = min((m.window_days for m in metrics), default=0)
    with reading() as on:
        on.records(log, Served, ("unit", "surface", "forced"), since=since, until=now - timedelta(days=shortest))
        on.records(log, Outcome, ("unit", "surface", "name", "value"), since=since, until=now)
        of_surface = f"surface = {on.sql.text(surface)} AND NOT forced"
        came = on.ask(f"SELECT unit, min(t) FROM served WHERE {of_surface} GROUP BY unit")  # noqa: S608 - quoted
        units = [row[0] for row in came]
        buckets = unit_column(units).points(seed_of(salt), N_BUCKETS).tolist() if units else []
        names = {bucket: name for name, inside in sets.items() for bucket in range(N_BUCKETS) if bucket in inside}
        placed = {
            "unit": pa.array(units, type=pa.string()),
            "variant": pa.array([names.get(b) for b in buckets], type=pa.string()),
            "t": pa.array([row[1] for row in came], type=pa.int64()),
        }
        on.place("placed", pa.table(placed))
        on.keep("met", "SELECT unit, variant, t FROM placed WHERE variant IS NOT NULL")
        keep_units(on, question)
        on.keep_values(question)
        return reduced(on, question)
