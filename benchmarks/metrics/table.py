"""Times the analysis of a table against reading and summing its columns: python -m benchmarks.metrics.table [N]."""

import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.metrics.measure import best, peak_mib, write
from counterpoint.metrics import analyze_table

N_METRICS, N_VARIANTS = 22, 5


def run(n: int = 1_000_000) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "users.parquet"
        columns = ", ".join(f"random() * {i + 1} AS m{i}" for i in range(N_METRICS))
        duckdb.sql(
            f"""COPY (SELECT range AS unit, 'v' || range % {N_VARIANTS} AS variant, {columns} FROM range({n}))
            TO '{path}'"""
        )
        metrics = [f"m{i}" for i in range(N_METRICS)]
        mine = best(lambda: analyze_table(path, variant="variant", control="v0", metrics=metrics))
        peak = peak_mib()
        sums = ", ".join(f"sum(m{i})" for i in range(N_METRICS))
        floor = best(lambda: duckdb.sql(f"SELECT variant, {sums} FROM '{path}' GROUP BY variant").fetchall())
    return {
        "units": n,
        "results": N_METRICS * (N_VARIANTS - 1),
        "analyze": mine,
        "read_and_sum": floor,
        "ratio_cpu": round(mine["cpu_s"] / floor["cpu_s"], 2),
        "peak_mib": peak,
    }


if __name__ == "__main__":
    for size in [int(text) for text in sys.argv[1:]] or [1_000_000]:
        figures = run(size)
        write(f"table_{size}", figures)
        print(figures)
