"""Times a rollup of exposures and outcomes from sealed files: python -m benchmarks.metrics.rollup [N]."""

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks.metrics.measure import best, peak_mib, write
from counterpoint.config import Metric
from counterpoint.events import Exposure, Outcome, Segments
from counterpoint.metrics import RollupQuestion, roll_up

T0 = datetime(2026, 3, 1, tzinfo=UTC)
METRICS = tuple(Metric(key=f"m{i}_7d", type="mean", window_days=7, better="higher") for i in range(8))


class Files:
    """An event log of two ready files."""

    def __init__(self, files: dict[type, Path]) -> None:
        self.files = files

    def segments(self, event_type, **_range) -> Segments:
        return Segments(files=(self.files[event_type],), tail=())


def run(n_events: int = 5_000_000) -> dict[str, object]:
    n_units = n_events // 25
    with tempfile.TemporaryDirectory() as folder:
        exposures, outcomes = Path(folder) / "e.parquet", Path(folder) / "o.parquet"
        at = "(TIMESTAMP '2026-03-01' + to_microseconds((random() * {days} * 86400e6)::BIGINT))"
        duckdb.sql(
            f"""COPY (SELECT 'u' || range AS unit, 'home' AS surface, 'x' AS experiment,
            CASE WHEN hash(range) % 2 = 0 THEN 'control' ELSE 'treatment' END AS variant, 's' AS snapshot,
            'r' || range AS request_id, {at.format(days=7)} AS "at" FROM range({n_units})) TO '{exposures}'"""
        )
        duckdb.sql(
            f"""COPY (SELECT 'u' || (random() * {n_units})::BIGINT AS unit, 'home' AS surface,
            'm' || (range % {len(METRICS)}) AS name, random() * 10 AS value, {at.format(days=14)} AS "at"
            FROM range({n_events})) TO '{outcomes}'"""
        )
        question = RollupQuestion(
            surface="home",
            experiment="x",
            variants=("control", "treatment"),
            metrics=METRICS,
            started_at=T0,
            now=T0 + timedelta(days=14),
        )
        log = Files({Exposure: exposures, Outcome: outcomes})
        found = best(lambda: roll_up(log, question))
    return {
        "outcomes": n_events,
        "exposures": n_units,
        "metrics": len(METRICS),
        "roll_up": found,
        "peak_mib": peak_mib(),
    }


if __name__ == "__main__":
    for size in [int(text) for text in sys.argv[1:]] or [5_000_000]:
        figures = run(size)
        write(f"rollup_{size}", figures)
        print(figures)
