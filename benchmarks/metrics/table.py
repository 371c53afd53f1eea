"""Times the analysis of a table against reading and summing its columns: python -m benchmarks.metrics.table."""

import tempfile
import time
from pathlib import Path

import duckdb

from counterpoint.metrics import analyze_table

N_METRICS, N_VARIANTS = 22, 5


def run(n: int = 1_000_000) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "users.parquet"
        columns = ", ".join(f"random() * {i + 1} AS m{i}" for i in range(N_METRICS))
        duckdb.sql(
            f"""COPY (SELECT range AS unit, 'v' || range % {N_VARIANTS} AS variant, {columns} FROM range({n}))
            TO '{path}'"""
        )
        sums = ", ".join(f"sum(m{i})" for i in range(N_METRICS))
        floor = _best(lambda: duckdb.sql(f"SELECT variant, {sums} FROM '{path}' GROUP BY variant").fetchall())
        metrics = [f"m{i}" for i in range(N_METRICS)]
        mine = _best(lambda: analyze_table(path, variant="variant", control="v0", metrics=metrics))
    results = N_METRICS * (N_VARIANTS - 1)
    return [
        f"{n:,} units, {results} results: {mine:.3f} s; reading and summing alone {floor:.3f} s ({mine / floor:.2f} x)"
    ]


def _best(call, rounds: int = 5) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    print("\n".join(run()))
