"""Times a rollup of exposures and outcomes from sealed files: python -m benchmarks.metrics.rollup [N] [--rounds R].

The files are as the event log seals them: 50,000 records each in the order in which they came, with all columns of a
record, and for outcomes the keys of their units. Beside it, in the same run and on the same files: the one statement
that a team would write by hand for the same means, in plain floating point, without quantiles, skewness, looks, mixed
units or an exact and repeatable sum.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.metrics.measure import best, peak_mib, write
from counterpoint.config import Metric
from counterpoint.events import UNIT_CHECK, UNIT_KEY, Exposure, Outcome, Segments, kind_of, unit_keys
from counterpoint.metrics import RollupQuestion, roll_up
from counterpoint.storage.events.columns import parquet_options, schema_of

T0 = datetime(2026, 3, 1, tzinfo=UTC)
SEALED = 50_000


class Files:
    """An event log of ready files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def segments(self, event_type, **_range) -> Segments:
        return Segments(files=tuple(sorted((self.folder / kind_of(event_type)).glob("*.parquet"))), tail=())


def make(folder: Path, n_events: int, n_metrics: int) -> None:
    """Write all files; in a process of its own, so that its memory is not counted as that of the rollup."""
    n_units = n_events // 25
    at = "(TIMESTAMP '2026-03-01' + to_microseconds((random() * {days} * 86400e6)::BIGINT))"
    exposures = f"""SELECT 'e' || range AS id, {at.format(days=7)} AS "at", 'home' AS surface, 'u' || range AS unit,
        'x' AS experiment, CASE WHEN hash(range) % 2 = 0 THEN 'control' ELSE 'treatment' END AS variant,
        'p' AS parameter, 's' AS snapshot, 1::BIGINT AS release, 'r' || range AS request_id,
        NULL::TIMESTAMP AS enrolled_at FROM range({n_units})"""
    outcomes = f"""SELECT printf('%016x', hash(range)) AS id, {at.format(days=14)} AS "at", 'home' AS surface,
        'u' || (random() * {n_units})::BIGINT AS unit, 'm' || (range % {n_metrics}) AS name, random() * 10 AS value,
        printf('%016x', hash(range + 1)) AS request_id, 't' || (random() * random() * 100000)::INTEGER AS item
        FROM range({n_events})"""
    db = duckdb.connect()
    db.execute("SET enable_progress_bar = false")
    for event_type, rows in ((Exposure, exposures), (Outcome, outcomes)):
        into = folder / kind_of(event_type)
        into.mkdir()
        records = db.sql(f'{rows} ORDER BY "at"').to_arrow_table()
        for i, start in enumerate(range(0, records.num_rows, SEALED)):
            table = records.slice(start, SEALED).cast(schema_of(event_type))
            if event_type is Outcome:
                keys, checks = unit_keys(table.column("unit").to_pylist())
                table = table.append_column(UNIT_KEY, pa.array(keys.view(np.int64)))
                table = table.append_column(UNIT_CHECK, pa.array(checks.view(np.int32)))
            pq.write_table(table, into / f"{i:06d}.parquet", **parquet_options(table))


def ours(folder: Path, n_metrics: int) -> None:
    metrics = tuple(Metric(key=f"m{i}_7d", type="mean", window_days=7, better="higher") for i in range(n_metrics))
    question = RollupQuestion(
        surface="home",
        experiment="x",
        variants=("control", "treatment"),
        metrics=metrics,
        started_at=T0,
        now=T0 + timedelta(days=14),
    )
    roll_up(Files(folder), question)  # type: ignore[arg-type]


def by_hand(folder: Path, n_metrics: int) -> None:
    sums = ", ".join(f"sum(value) FILTER (name = 'm{i}') AS x{i}" for i in range(n_metrics))
    moments = ", ".join(f"avg(coalesce(x{i}, 0)), var_samp(coalesce(x{i}, 0))" for i in range(n_metrics))
    duckdb.connect().execute(
        f"""SELECT variant, count(*), {moments} FROM (
              SELECT unit, any_value(variant) AS variant, {sums}
              FROM '{folder}/outcome/*.parquet' o
              JOIN (SELECT unit, min(variant) AS variant, min("at") AS first_at FROM '{folder}/exposure/*.parquet'
                    GROUP BY unit) u USING (unit)
              WHERE o."at" >= u.first_at AND o."at" < u.first_at + INTERVAL 7 DAY GROUP BY unit)
            GROUP BY variant"""
    ).fetchall()


WAYS = {"counterpoint": ours, "sql by hand": by_hand}


def run(n_events: int, n_metrics: int, rounds: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.metrics.rollup", str(n_events), "--make", "--folder", folder]
        subprocess.run([*command, "--metrics", str(n_metrics)], check=True)
        found = {}
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks.metrics.rollup", "--way", way, "--folder", folder]
            command += ["--metrics", str(n_metrics), "--rounds", str(rounds)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found[way] = json.loads(done.stdout.splitlines()[-1])
    ratio = found["counterpoint"]["cpu_s"] / found["sql by hand"]["cpu_s"]
    return {
        "outcomes": n_events,
        "exposures": n_events // 25,
        "metrics": n_metrics,
        "ways": found,
        "ratio_cpu": round(ratio, 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("n", nargs="?", type=int, default=5_000_000)
    parser.add_argument("--metrics", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help="take one figure, on the files in --folder")
    parser.add_argument("--make", action="store_true", help="only write the files, into --folder")
    parser.add_argument("--folder", type=Path)
    words = parser.parse_args()
    if words.make:
        make(words.folder, words.n, words.metrics)
    elif words.way:
        taken = best(lambda: WAYS[words.way](words.folder, words.metrics), words.rounds)
        print(json.dumps(taken | {"peak_mib": peak_mib()}))
    else:
        figures = run(words.n, words.metrics, words.rounds)
        write(f"rollup_{words.n}", figures)
        print(figures)
