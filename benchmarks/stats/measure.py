"""Times the statistics room beside statsmodels and, where they are installed, tea-tasting, gbstats and confidence.

Run by hand: `python -m benchmarks.stats.measure`. The best of several repeats is shown, in one run, on the same data.
"""

import importlib.util
import time
from collections.abc import Callable

import numpy as np
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

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


def best(work: Callable[[], object], times: int, repeats: int = 5) -> float:
    """Return the seconds of one call: the best mean over several repeats."""
    found = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(times):
            work()
        found = min(found, (time.perf_counter() - start) / times)
    return found


def show(name: str, seconds: float, limit: str = "") -> None:
    unit, scale = ("us", 1e6) if seconds < 1e-3 else ("ms", 1e3)
    print(f"{name:<58}{seconds * scale:>10.1f} {unit}  {limit}")


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
    raw = RNG.normal(5, 6, 3000), RNG.normal(5.2, 6, 3100)
    them = DescrStatsW(raw[0]), DescrStatsW(raw[1])

    def statsmodels_welch() -> object:
        return CompareMeans(*them).ttest_ind(usevar="unequal")

    show("statsmodels CompareMeans (raw rows held)", best(statsmodels_welch, 300))


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

    show("compare_many, 2,000 cells", best(few, 5), "at most 10 ms")


def plans() -> None:
    """Time plans of looks and designs."""
    looks = [(k + 1) / 100 for k in range(100)]
    for family in Spending:
        show(
            f"bounds of 100 looks, {family}",
            best(lambda f=family: spending_bounds(looks, family=f), 1),
            "at most 50 ms",
        )
    for delta, name in ((0.0, "O'Brien-Fleming constant"), (0.5, "Pocock constant")):
        show(
            f"bounds of 100 looks, {name}",
            best(lambda d=delta: wang_tsiatis_bounds(looks, delta=d), 1),
            "at most 50 ms",
        )
    model = MetricModel(mean=12.1, variance=260.0)
    five = ComparisonPlan(bounds=spending_bounds([0.2, 0.4, 0.6, 0.8, 1.0]))
    show("sample_size, one look", best(lambda: sample_size(model, ComparisonPlan(), 0.02), 50))
    show("sample_size, five looks", best(lambda: sample_size(model, five, 0.02), 3))
    show("power, five looks", best(lambda: power(model, five, 150_000, 0.02), 20))


def main() -> None:
    single()
    many()
    plans()
    for name in ("tea_tasting", "gbstats", "spotify_confidence"):
        if importlib.util.find_spec(name) is None:
            print(f"{name} is not installed here; left out")


if __name__ == "__main__":
    main()
