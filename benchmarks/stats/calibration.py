"""Simulates how often each way of reading an experiment without effect claims one, and prints it for the docs.

Run by hand: `python -m benchmarks.stats.calibration`; the tables and charts of docs/statistics.md come from it.
"""

import numpy as np

from counterpoint.stats import (
    Summary,
    adequacy,
    always_valid,
    compare_many,
    compare_means,
    moments_from_sums,
    spending_bounds,
)

SEED = 20261122
RUNS = 4000
SHAPES = {
    "normal": lambda rng, shape: rng.normal(10, 3, shape),
    "log-normal": lambda rng, shape: rng.lognormal(0, 1, shape),
    "90 % zeros": lambda rng, shape: rng.exponential(5, shape) * (rng.uniform(size=shape) < 0.1),
    "99 % zeros": lambda rng, shape: rng.lognormal(0, 1, shape) * (rng.uniform(size=shape) < 0.01),
}


def one_look() -> None:
    """Print the false positive rate and the coverage-relevant tails of Welch's test, one look."""
    print("| metric | units per arm | claims without effect, alpha 0.05 | called too few |\n|---|---|---|---|")
    for name, draw in SHAPES.items():
        for n1, n2 in ((100, 100), (1000, 1000), (4000, 1000)):
            rng = np.random.default_rng([SEED, n1, n2])
            runs = 1500
            few = 0
            hits = read = 0
            for _ in range(runs):
                arms = [Summary.from_arrays(draw(rng, n)) for n in (n1, n2)]
                if not adequacy(*arms).adequate:
                    few += 1
                    continue
                read += 1
                hits += compare_means(*arms).p_value < 0.05
            rate = f"{hits / runs:.3f}" if read else "none"
            print(f"| {name} | {n1} / {n2} | {rate} | {few / runs:.0%} |")


def many_looks(days: int = 20, per_day: int = 250) -> None:
    """Print, day by day, the share of experiments without effect that have been called significant so far."""
    rng = np.random.default_rng(SEED)
    x = rng.lognormal(0, 1, (2, RUNS, days, per_day))
    sums, squares = np.cumsum(x.sum(axis=3), axis=2), np.cumsum((x * x).sum(axis=3), axis=2)
    n = np.broadcast_to(per_day * np.arange(1, days + 1), (RUNS, days)).astype(float)
    found = compare_many(moments_from_sums(n, sums[0], squares[0]), moments_from_sums(n, sums[1], squares[1]))
    z = np.abs(found.estimate / found.std_error)
    bounds = np.array(spending_bounds([(d + 1) / days for d in range(days)]).z)
    critical = []
    for d in range(days):
        m = per_day * (d + 1)
        one = Summary(n=m, means=(0.0,), cross=(float(m),))
        critical.append(always_valid(compare_means(one, one), tuning_n=2 * per_day * days, burn_in=0).critical)
    ways = {
        "fixed-horizon test, looked at daily": found.p_value < 0.05,
        "confidence sequence": z > np.array(critical),
        "group-sequential (O'Brien-Fleming)": z > bounds,
    }
    for name, hit in ways.items():
        rates = np.maximum.accumulate(hit, axis=1).mean(axis=0)
        print(f"{name}: [{', '.join(f'{100 * r:.1f}' for r in rates)}]")


if __name__ == "__main__":
    one_look()
    many_looks()
