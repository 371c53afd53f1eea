"""Times one more day of a large experiment: python -m benchmarks.metrics.incremental [--units N] [--days D].

Six weeks, 2 million units, 50 million outcomes: each day 48 thousand units are exposed first and 1.19 million outcomes
arrive, half of them of units within their windows, half of any unit. The state covers all days but the last; timed is
the reading of the last day, with the state written and the statistics reduced, in a process of its own that has loaded
its libraries. Beside it, in the same run, on the same files: all days read again by `roll_up`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.metrics.measure import peak_mib, write
from counterpoint.config import Metric
from counterpoint.events import UNIT_CHECK, UNIT_KEY, Exposure, Outcome, Segments, unit_keys
from counterpoint.metrics import KeptRollups, Rollup, RollupQuestion, roll_up
from counterpoint.storage.events.columns import parquet_options

T0 = datetime(2026, 3, 1, tzinfo=UTC)
WINDOW = 7
SEAL_AT = 50_000
"""Records at which the event log seals a file."""


class Files:
    """An event log of sealed files: exposures a day in one, outcomes a day in as many as sealing makes."""

    def __init__(self, folder: Path, days: int) -> None:
        self._folder, self._days = folder, days

    def segments(self, event_type, *, since=None, until=None) -> Segments:
        kind = {Exposure: "exposure", Outcome: "outcome"}[event_type]
        first = 0 if since is None else max(0, (since - T0).days)
        last = self._days if until is None else min(self._days, (until - T0).days + 1)
        return Segments(
            files=tuple(file for day in range(first, last) for file in sorted((self._folder / kind).glob(f"{day}-*"))),
            tail=(),
        )


def make(folder: Path, units: int, days: int, per_day: int, n_metrics: int) -> None:
    """Write the files as sealing does."""
    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    db.execute("SELECT setseed(0.5)").fetchall()
    fresh = units // days
    at = "(TIMESTAMPTZ '2026-03-01 00:00:00+00' + to_microseconds({day} * 86400000000 + (random() * 86399e6)::BIGINT))"
    for day in range(days):
        when = at.format(day=day)
        young = f"(greatest({day - WINDOW}, 0) + random() * {min(day + 1, WINDOW)}) * {fresh}"
        exposures = f"""SELECT 'u' || range AS unit, 'home' AS surface, 'x' AS experiment,
            CASE WHEN hash(range) % 2 = 0 THEN 'control' ELSE 'treatment' END AS variant, 's{day // 7}' AS snapshot,
            'r' || range AS request_id, {when} AS "at" FROM range({day * fresh}, {(day + 1) * fresh})"""
        who = f"(CASE WHEN random() < 0.5 THEN {young} ELSE random() * {units} END)::BIGINT"
        outcomes = f"""SELECT 'u' || {who} AS unit, 'home' AS surface, 'm' || (range % {n_metrics}) AS name,
            random() * 10 AS value, {when} AS "at" FROM range({per_day})"""
        table = db.sql(outcomes).to_arrow_table()
        keys, checks = unit_keys(table.column("unit").to_pylist())
        table = table.append_column(UNIT_KEY, pa.array(keys.view(np.int64)))
        table = table.append_column(UNIT_CHECK, pa.array(checks.view(np.int32)))
        for kind, records, n in (("outcome", table, SEAL_AT), ("exposure", db.sql(exposures).to_arrow_table(), fresh)):
            (folder / kind).mkdir(exist_ok=True)
            for start in range(0, records.num_rows, n):
                part = records.slice(start, n)
                pq.write_table(part, folder / kind / f"{day}-{start // n}.parquet", **parquet_options(part))


def question(n_metrics: int, days: int) -> RollupQuestion:
    """Return what is asked at the end of a day."""
    metrics = tuple(
        Metric(key=f"m{i}_{WINDOW}d", type="mean", window_days=WINDOW, better="higher") for i in range(n_metrics)
    )
    return RollupQuestion(
        surface="home",
        experiment="x",
        variants=("control", "treatment"),
        metrics=metrics,
        started_at=T0,
        now=T0 + timedelta(days=days),
    )


def timed(call) -> dict[str, Any]:
    """Return what one call cost, and the digest of what it found."""
    cpu_before, start = time.process_time(), time.perf_counter()
    found: Rollup = call()
    figures = {"wall_s": round(time.perf_counter() - start, 3), "cpu_s": round(time.process_time() - cpu_before, 3)}
    whole = json.dumps(found.as_document(), sort_keys=True)
    return figures | {"peak_mib": peak_mib(), "found": whole}


def take(way: str, words: argparse.Namespace) -> dict[str, Any]:
    """Take one figure in this process."""
    folder, n = words.folder, words.metrics
    today, yesterday = question(n, words.days), question(n, words.days - 1)
    roll_up(Files(folder, 0), today)  # loads the libraries, as a server has when a day's reading comes
    if way == "full":
        return timed(lambda: roll_up(Files(folder, words.days), today))
    if way == "first":
        return timed(lambda: KeptRollups(folder / "before")(Files(folder, words.days - 1), yesterday))
    shutil.rmtree(folder / "now", ignore_errors=True)
    shutil.copytree(folder / "before", folder / "now")
    engine = KeptRollups(folder / "now")
    found = timed(lambda: engine(Files(folder, words.days), today))
    again = timed(lambda: engine(Files(folder, words.days), today))
    return found | {"asked_again": {key: again[key] for key in ("wall_s", "cpu_s")}}


def run(words: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), words.units, words.days, words.per_day, words.metrics)
        command = [sys.executable, "-m", "benchmarks.metrics.incremental", "--folder", folder]
        command += [f"--{name}={getattr(words, name)}" for name in ("units", "days", "metrics")]
        ways: dict[str, Any] = {}
        for way, rounds in (("first", 1), ("full", 2), ("day", words.rounds)):
            taken = []
            for _ in range(rounds):
                done = subprocess.run([*command, "--way", way], check=True, capture_output=True, text=True)
                taken.append(json.loads(done.stdout.splitlines()[-1]))
            ways[way] = min(taken, key=lambda each: each["wall_s"])
            print(way, {k: v for k, v in ways[way].items() if k != "found"}, flush=True)
        same = ways["day"].pop("found") == ways["full"].pop("found")
        ways["first"].pop("found")
        state = sum(file.stat().st_size for file in (Path(folder) / "now").glob("*/*"))
    if not same:
        raise SystemExit("the day's statistics are not those of all days: no figure is worth keeping")
    return {
        "units": words.units,
        "days": words.days,
        "outcomes": words.days * words.per_day,
        "outcomes_of_the_day": words.per_day,
        "exposures_of_the_day": words.units // words.days,
        "metrics": words.metrics,
        "equal_to_the_last_bit": same,
        "state_mib": state >> 20,
        "ways": {
            "one more day": ways["day"],
            "all days again": ways["full"],
            "all days but one, to begin": ways["first"],
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=2_000_000)
    parser.add_argument("--days", type=int, default=42)
    parser.add_argument("--per-day", type=int, default=1_190_000)
    parser.add_argument("--metrics", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--way", choices=("first", "day", "full"), help="take one figure, on the files in --folder")
    parser.add_argument("--folder", type=Path)
    words = parser.parse_args()
    if words.way:
        print(json.dumps(take(words.way, words)))
    else:
        figures = run(words)
        write(f"incremental_{words.units}", figures)
        print(figures)
