"""Times DuckDB and Spark on the same files: python -m benchmarks.metrics.engines [UNITS] [--outcomes N] [--rounds R].

A table of units with 22 metrics in 5 variants, and a rollup of outcomes into 8 metrics; each engine in a process of
its own, with the time and the memory of its JVM. What Spark takes the first time, its start included, stands apart from
what a process that stays pays later. Beside the times: how far apart the figures are.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.metrics import rollup, table
from benchmarks.metrics.measure import write
from counterpoint.config import Metric
from counterpoint.metrics import ENGINES, RollupQuestion, analyze_table, rollup_engine, table_engine

N_METRICS = 8
_TICK = os.sysconf("SC_CLK_TCK")


def analysed(folder: Path, engine: str) -> Any:
    path = folder / "users.parquet"
    report = analyze_table(path, variant="variant", control="v0", metrics=table.METRICS, engine=table_engine(engine))
    return report.as_document()["comparisons"]


def rolled_up(folder: Path, engine: str) -> Any:
    question = RollupQuestion(
        surface="home",
        experiment="x",
        variants=("control", "treatment"),
        metrics=tuple(Metric(key=f"m{i}_7d", type="mean", window_days=7, better="higher") for i in range(N_METRICS)),
        started_at=rollup.T0,
        now=rollup.T0 + timedelta(days=14),
    )
    return rollup_engine(engine)(rollup.Files(folder), question).as_document()  # type: ignore[arg-type]


JOBS: dict[str, Callable[[Path, str], Any]] = {"analyze": analysed, "rollup": rolled_up}


def taken(job: str, folder: Path, engine: str, rounds: int) -> dict[str, Any]:
    """Return the first and the best of the later rounds, and what was found."""
    found, walls, cpus = None, [], []
    for _ in range(rounds + 1):
        cpu, start = _cpu_s(), time.perf_counter()
        found = JOBS[job](folder, engine)
        walls.append(round(time.perf_counter() - start, 2))
        cpus.append(round(_cpu_s() - cpu, 2))
    figures = {"wall_s": min(walls[1:]), "cpu_s": min(cpus[1:]), "first_wall_s": walls[0], "first_cpu_s": cpus[0]}
    return {"figures": figures | {"peak_mib": _peak_mib()}, "found": found}


def _family() -> Iterator[Path]:
    """Yield this process and its children's children."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[status.parent.name] = status.read_text().rpartition(")")[2].split()[1]
        except OSError:  # it ended meanwhile
            continue
    for pid in parents:
        above: str | None = pid
        while above is not None and above != str(os.getpid()):
            above = parents.get(above)
        if above is not None:
            yield Path("/proc") / pid


def _cpu_s() -> float:
    ticks = 0
    for process in _family():
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        # Its own, and that of children which have ended.
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICK


def _peak_mib() -> int:
    lines = (line for process in _family() for line in (process / "status").read_text().splitlines())
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024


def run(units: int, outcomes: int, rounds: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"units": units, "outcomes": outcomes}
    with tempfile.TemporaryDirectory() as folder:
        table.make(Path(folder) / "users.parquet", units)
        rollup.make(Path(folder), outcomes, N_METRICS)
        for job in JOBS:
            found = {}
            for engine in ENGINES:
                command = [sys.executable, "-m", "benchmarks.metrics.engines", "--job", job, "--engine", engine]
                command += ["--folder", folder, "--rounds", str(rounds)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found[engine] = json.loads(done.stdout.splitlines()[-1])
            figures[job] = {engine: each["figures"] for engine, each in found.items()}
            ours, theirs = (found[engine]["found"] for engine in ENGINES)
            figures[job] |= {"equal": ours == theirs} if job == "rollup" else _apart(ours, theirs)
    return figures | {"pyspark": version("pyspark")}


def _apart(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> dict[str, float]:
    """Return how far figures are apart at most: those of a variant of their size, differences of their error."""
    pairs = list(zip(ours, theirs, strict=True))
    sized = ("control_mean", "treatment_mean", "std_error")
    return {
        "apart_relative": max(abs(b[name] - a[name]) / abs(a[name]) for a, b in pairs for name in sized),
        "apart_in_std_errors": max(abs(b["estimate"] - a["estimate"]) / a["std_error"] for a, b in pairs),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("units", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--outcomes", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--job", choices=JOBS, help="take one figure, on the files in --folder")
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--folder", type=Path)
    words = parser.parse_args()
    if words.job:
        print(json.dumps(taken(words.job, words.folder, words.engine, words.rounds)))
    else:
        measured = run(words.units, words.outcomes, words.rounds)
        write(f"engines_{words.units}", measured)
        print(measured)
