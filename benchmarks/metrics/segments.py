"""Times the published setting: 10 million units, 4 metrics, 2 comparisons, all units and 10 segments: 88 results.

python -m benchmarks.metrics.segments [N] [--peers PYTHON]

Beside it, in the same run and on the same file: DuckDB reading and summing the columns, one GROUP BY of plain moments
with closed forms (what a team would write by hand), and the libraries that the peers' interpreter has.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.metrics.measure import best, peak_mib, write

METRICS = ("m0", "m1", "m2", "m3")
N_SEGMENTS = 10


def make(path: Path, n: int) -> None:
    """Write the table in a process of its own."""
    columns = "random() * 3 AS m0, -ln(1 - random()) * 8 AS m1, (random() < 0.3)::DOUBLE AS m2, random() * 20 AS m3"
    rows = f"""SELECT range AS unit, 'v' || (hash(range) % 3) AS variant,
               'seg' || (hash(range + 7) % {N_SEGMENTS}) AS segment, {columns} FROM range({n})"""
    code = "import duckdb, sys; duckdb.sql(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, f"COPY ({rows}) TO '{path}'"], check=True)


def ours(path: Path) -> int:
    from counterpoint.metrics import analyze_table

    report = analyze_table(path, variant="variant", control="v0", metrics=METRICS, segment="segment")
    return len(report.comparisons)


def by_hand(path: Path) -> int:
    """One GROUP BY of numerically safe moments, and a z-test in closed form."""
    moments = ", ".join(f"avg({m}), var_samp({m})" for m in METRICS)
    rows = (
        duckdb.connect()
        .execute(f"SELECT segment, variant, count(*), {moments} FROM '{path}' GROUP BY segment, variant")
        .fetchall()
    )
    cells = {(row[0], row[1]): row[2:] for row in rows}
    for segment, variant in list(cells):
        a, b = cells[segment, "v0"], cells[segment, variant]
        for i in range(len(METRICS)):
            error = math.sqrt(a[2 + 2 * i] / a[0] + b[2 + 2 * i] / b[0])
            math.erfc(abs(b[1 + 2 * i] - a[1 + 2 * i]) / error / math.sqrt(2))
    return len(cells)


def read_and_sum(path: Path) -> int:
    sums = ", ".join(f"sum({m})" for m in METRICS)
    sql = f"SELECT segment, variant, {sums} FROM '{path}' GROUP BY segment, variant"
    return len(duckdb.connect().execute(sql).fetchall())


WAYS = {"counterpoint": ours, "sql by hand": by_hand, "read and sum": read_and_sum}


def alone(way: str, path: Path) -> dict[str, Any]:
    """Return what one way takes in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.metrics.segments", "--way", way, "--path", str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run(n: int, peers: list[str]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "users.parquet"
        make(path, n)
        found = {way: alone(way, path) for way in WAYS}
        script = Path(__file__).with_name("peers.py")
        for python in peers:
            command = [python, "-W", "ignore", str(script), str(path), ",".join(METRICS), "5", "segment"]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            found |= json.loads(done.stdout.splitlines()[-1])
    mine = found["counterpoint"]["cpu_s"]
    for name, row in found.items():
        if name != "counterpoint":
            row["times_ours_cpu"] = round(row["cpu_s"] / mine, 2)
    return {"units": n, "ways": found}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("n", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--peers", metavar="PYTHON", action="append", default=[])
    parser.add_argument("--way", choices=WAYS, help="take one figure, on the table at --path")
    parser.add_argument("--path", type=Path)
    words = parser.parse_args()
    if words.way:
        n_found = WAYS[words.way](words.path)
        taken = best(lambda: WAYS[words.way](words.path), 5)
        print(json.dumps(taken | {"peak_mib": peak_mib(), "found": n_found}))
        raise SystemExit
    figures = run(words.n, words.peers)
    write(f"segments_{words.n}", figures)
    print(json.dumps(figures, indent=1))
