"""Times the statistics room and, in the same run on the same data, the libraries beside which it stands.

Run by hand: `python -m benchmarks.stats --peers PYTHON`, where PYTHON is an interpreter that has spotify-confidence,
tea-tasting, gbstats and statsmodels; without it, this interpreter is asked for them. The best of several repeats is
shown; `--write` puts the figures into results.md beside this file.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from counterpoint.stats import (
    MetricModel,
    Spending,
    Summary,
    always_valid,
    compare_adjusted,
    compare_many,
    compare_means,
    compare_proportions,
    compare_ratios,
    moments_from_sums,
    power,
    sample_size,
    spending_bounds,
    wang_tsiatis_bounds,
)
from counterpoint.stats.design import ComparisonPlan

RNG = np.random.default_rng(0)
RESULTS = 2_000
LINES: list[tuple[str, str, str]] = []


def best(work: Callable[[], object], times: int, repeats: int = 5) -> float:
    """Return the seconds of one call: the best mean over several repeats."""
    found = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        for _ in range(times):
            work()
        found = min(found, (time.process_time() - start) / times)
    return found


def words(seconds: float) -> str:
    """Return a duration with three digits and its unit."""
    unit, scale = ("us", 1e6) if seconds < 1e-3 else ("ms", 1e3) if seconds < 1 else ("s", 1)
    return f"{seconds * scale:.3g} {unit}"


def show(name: str, seconds: float, limit: str = "") -> None:
    """Print a figure and keep it for the table."""
    LINES.append((name.strip(), words(seconds), limit))
    print(f"{name:<58}{words(seconds):>12}  {limit}")


def single() -> None:
    """Time one comparison of each kind, from ready summaries."""
    a, b = Summary.from_sums(3000, 15100.0, 131000.0), Summary.from_sums(3100, 16200.0, 145500.0)
    x, y = Summary.from_counts(200, 2010), Summary.from_counts(230, 2000)
    d = RNG.poisson(5, (2, 1000)) + 1.0
    ratios = [Summary.from_arrays(RNG.binomial(d[i].astype(int), 0.3), d[i]) for i in (0, 1)]
    pre = RNG.normal(size=(2, 1000))
    adjusted = [Summary.from_arrays(pre[i] + RNG.normal(size=1000), covariates={"pre": pre[i]}) for i in (0, 1)]
    effect = compare_means(a, b)
    show("compare_means (Welch, delta, digest)", best(lambda: compare_means(a, b), 2000))
    show("compare_proportions", best(lambda: compare_proportions(x, y), 2000))
    show("compare_ratios", best(lambda: compare_ratios(*ratios), 2000))
    show("compare_adjusted (one covariate)", best(lambda: compare_adjusted(*adjusted), 500))
    show("always_valid (from an effect)", best(lambda: always_valid(effect), 2000))


def many() -> None:
    """Time a hundred thousand cells at once."""
    cells = 100_000
    n = RNG.integers(1000, 5000, (2, cells)).astype(float)
    mean = RNG.normal(5, 1, (2, cells))
    sums, squares = n * mean, n * (mean**2 + 4)

    def work() -> object:
        return compare_many(moments_from_sums(n[0], sums[0], squares[0]), moments_from_sums(n[1], sums[1], squares[1]))

    seconds = best(work, 1, 5)
    show("compare_many, 100,000 cells", seconds, "at most 1 s")
    show("  per cell", seconds / cells, "at most 20 us")
    small = slice(0, 2000)

    def few() -> object:
        return compare_many(
            moments_from_sums(n[0, small], sums[0, small], squares[0, small]),
            moments_from_sums(n[1, small], sums[1, small], squares[1, small]),
        )

    show("compare_many, 2,000 results", best(few, 20), "at most 10 ms")


def plans() -> None:
    """Time plans of looks and designs."""
    looks = [(k + 1) / 100 for k in range(100)]
    for family in Spending:
        show(
            f"bounds of 100 looks, {family}",
            best(lambda f=family: spending_bounds(looks, family=f), 1, 25),
            "at most 50 ms",
        )
    for delta, name in ((0.0, "O'Brien-Fleming constant"), (0.5, "Pocock constant")):
        show(
            f"bounds of 100 looks, {name}",
            best(lambda d=delta: wang_tsiatis_bounds(looks, delta=d), 1, 25),
            "at most 50 ms",
        )
    model = MetricModel(mean=12.1, variance=260.0)
    five = ComparisonPlan(bounds=spending_bounds([0.2, 0.4, 0.6, 0.8, 1.0]))
    show("sample_size, one look", best(lambda: sample_size(model, ComparisonPlan(), 0.02), 50))
    show("sample_size, five looks", best(lambda: sample_size(model, five, 0.02), 3))
    show("power, five looks", best(lambda: power(model, five, 150_000, 0.02), 20))


def beside(interpreter: str) -> list[str]:
    """Print what the same comparisons cost elsewhere, and return the rows of a table.

    Raises:
        RuntimeError: When a library's p-value is not ours: then it did not do the same work.
    """
    n = RNG.integers(1000, 5000, (RESULTS, 2))
    totals = n * RNG.normal(5, 0.05, (RESULTS, 2))
    raw = [RNG.normal(5 + 0.1 * arm, 2, 3000) for arm in (0, 1)]
    squares = totals**2 / n + 4 * (n - 1)
    rows = [
        [{"n": int(n[i, k]), "sum": float(totals[i, k]), "sum_sq": float(squares[i, k])} for k in (0, 1)]
        for i in range(RESULTS)
    ]
    n[0], totals[0], squares[0] = 3000, [v.sum() for v in raw], [(v * v).sum() for v in raw]
    rows[0] = [{"n": 3000, "sum": float(v.sum()), "sum_sq": float((v * v).sum())} for v in raw]
    document = json.dumps({"rows": rows, "raw": [v.tolist() for v in raw]})
    script = Path(__file__).with_name("peers.py")
    done = subprocess.run([interpreter, str(script)], input=document, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    pair = [Summary.from_sums(g["n"], g["sum"], g["sum_sq"]) for g in rows[0]]
    wanted = compare_means(pair[0], pair[1]).p_value

    def all_of_them() -> object:
        a, b = (moments_from_sums(n[:, k].astype(float), totals[:, k], squares[:, k]) for k in (0, 1))
        return compare_many(a, b)

    looks = [(k + 1) / 100 for k in range(100)]
    ours = {
        "version": importlib.metadata.version("counterpoint"),
        "p_value": wanted,
        "one": best(lambda: compare_means(pair[0], pair[1]), 1000),
        "many": best(all_of_them, 20),
        "bounds": best(lambda: spending_bounds(looks, family=Spending.KIM_DEMETS, parameter=2.0), 3),
    }
    table = ["| library | one Welch test | 2,000 results from sums | 100 looks, rho 2 |", "|---|---|---|---|"]
    for name, figures in {"counterpoint": ours, **found}.items():
        if abs(figures["p_value"] - wanted) > 1e-6 * wanted:
            raise RuntimeError(f"{name} answers p = {figures['p_value']}, not {wanted}")
        many_words = "" if figures["many"] is None else words(figures["many"])
        looks_words = words(figures["bounds"]) if "bounds" in figures else ""
        note = f" ({figures['many_note']})" if "many_note" in figures else ""
        table.append(f"| {name} {figures['version']} | {words(figures['one'])} | {many_words}{note} | {looks_words} |")
    print("\n".join(table))
    return table


def report(table: list[str]) -> str:
    """Return the figures as a document with the machine and the versions they hold for."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numpy", "scipy"))
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    own = [f"| {name} | {figure} | {limit} |" for name, figure, limit in LINES]
    return "\n".join(
        [
            "# What the statistics cost",
            "",
            "Written by `python -m benchmarks.stats --peers PYTHON --write`; CPU time, best of several, one core.",
            f"{machine}; {versions}; load {os.getloadavg()[0]:.1f} while measuring.",
            "",
            "## Beside others, in one run, on the same sums",
            "",
            *table,
            "",
            "Every row must answer the same p-value (to 1e-6). In the first column each library makes one result;",
            "statsmodels has the raw rows summed beforehand. Blank: the library has no such function.",
            "",
            "## By itself",
            "",
            "| what | time | required |",
            "|---|---|---|",
            *own,
            "",
        ]
    )


def main() -> None:
    """Time everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the other libraries")
    parser.add_argument("--write", action="store_true", help="write results.md beside this file")
    asked = parser.parse_args()
    single()
    many()
    plans()
    table = beside(asked.peers)
    if asked.write:
        Path(__file__).with_name("results.md").write_text(report(table), encoding="utf-8")


if __name__ == "__main__":
    main()
