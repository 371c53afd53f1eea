"""Times the analysis of a table against reading and summing its columns, and beside others.

python -m benchmarks.metrics.table [N ...] [--peers PYTHON]...
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.metrics.measure import best, peak_mib, write
from counterpoint.metrics import analyze_table

N_METRICS, N_VARIANTS = 22, 5
METRICS = [f"m{i}" for i in range(N_METRICS)]


def make(path: Path, n: int) -> None:
    """Write a table in a process of its own, so that its memory is not counted as that of the analysis."""
    columns = ", ".join(f"random() * {i + 1} AS m{i}" for i in range(N_METRICS))
    rows = f"SELECT range AS unit, 'v' || range % {N_VARIANTS} AS variant, {columns} FROM range({n})"
    code = "import duckdb, sys; duckdb.sql(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, f"COPY ({rows}) TO '{path}'"], check=True)


def run(n: int = 1_000_000, peers: Sequence[str] = ()) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "users.parquet"
        make(path, n)
        mine = best(lambda: analyze_table(path, variant="variant", control="v0", metrics=METRICS))
        peak = peak_mib()
        sums = ", ".join(f"sum({m})" for m in METRICS)
        floor = best(lambda: duckdb.sql(f"SELECT variant, {sums} FROM '{path}' GROUP BY variant").fetchall())
        others = others_on(path, peers)
    return {
        "units": n,
        "results": N_METRICS * (N_VARIANTS - 1),
        "analyze": mine,
        "read_and_sum": floor,
        "ratio_cpu": round(mine["cpu_s"] / floor["cpu_s"], 2),
        "peak_mib": peak,
        "peers": {
            name: {**found, "times_ours_cpu": round(found["cpu_s"] / mine["cpu_s"], 2)}
            for name, found in others.items()
        },
    }


def others_on(path: Path, peers: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return what other libraries took, from interpreters that have them; nothing without one."""
    script, found = Path(__file__).with_name("peers.py"), {}
    for python in peers:
        command = [python, "-W", "ignore", str(script), str(path), ",".join(METRICS), "2"]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found |= json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000_000])
    parser.add_argument(
        "--peers", metavar="PYTHON", action="append", default=[], help="an interpreter that has tea-tasting or gbstats"
    )
    words = parser.parse_args()
    for size in words.sizes:
        figures = run(size, words.peers)
        write(f"table_{size}", figures)
        print(figures)
