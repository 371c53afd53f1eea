"""Simulates how small an experiment may be: what is shipped without effect, and how much winners are exaggerated.

Run by hand: `python -m benchmarks.stats.small [RUNS]` prints the table that docs/statistics.md shows. Each run is a
group-sequential design of seven looks, read as the platform reads it: matured units only, `adequacy` at each crossing,
bounds at the degrees of freedom so far, and nothing shipped on fewer units than the floor.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from counterpoint.errors import CannotCompute
from counterpoint.stats import Inference, Relative, Summary, adequacy, compare_means, effect_at_look, spending_bounds

SEED, LOOKS, ALPHA = 20261122, 7, 0.05
FLOOR = 100
DRAWS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(5, 2, n),
    "log-normal minutes": lambda rng, n: rng.lognormal(2, 1, n),
    "60 % zeros, minutes": lambda rng, n: rng.gamma(1.0, 10, n) * (rng.random(n) < 0.4),
    "95 % zeros, log-normal": lambda rng, n: rng.lognormal(2, 1, n) * (rng.random(n) < 0.05),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """Shares of runs.

    Attributes:
        ungated: Shipped if crossing the bound were all it took.
        gated: Shipped where `adequacy` lets the crossing be read.
        shipped: Shipped with the floor on units as well.
        too_few: Not to be read at the last look.
        covered: The last look's relative interval covers the truth, where it may be read; NaN where it never may.
        exaggeration: Mean relative effect of what is shipped over the true one, by the floor and without; NaN for none.
    """

    ungated: float
    gated: float
    shipped: float
    too_few: float
    covered: float
    exaggeration: tuple[float, float]


def simulate(kind: str, n_control: int, n_treatment: int, *, lift: float = 0.0, runs: int = 2000) -> Small:
    """Return what becomes of experiments of a size, each seen at seven looks until it would be shipped."""
    bounds = spending_bounds([(k + 1) / LOOKS for k in range(LOOKS)], alpha=ALPHA)
    rng = np.random.default_rng([SEED, n_control, n_treatment])
    hits = {"ungated": 0, "gated": 0, "shipped": 0}
    sizes: dict[str, list[float]] = {"gated": [], "shipped": []}
    read = covered = 0
    for _ in range(runs):
        x = DRAWS[kind](rng, n_control)
        y = DRAWS[kind](rng, n_treatment) * (1 + lift)
        seen: set[str] = set()
        for look in range(1, LOOKS + 1):
            arms = [Summary.from_arrays(v[: max(2, len(v) * look // LOOKS)]) for v in (x, y)]
            try:
                effect = compare_means(*arms, Inference(alpha=ALPHA, relative=Relative.FIELLER))
            except CannotCompute:
                continue
            # The bound itself is cheap to look at; the rest is asked only of what crosses it, and of the last look.
            crosses = effect.estimate > bounds.z[look - 1] * effect.std_error
            if not crosses and look < LOOKS:
                continue
            readable = adequacy(*arms, alpha=ALPHA).adequate
            if look == LOOKS and readable and effect.relative_ci_lower is not None:
                read += 1
                covered += effect.relative_ci_lower <= lift <= (effect.relative_ci_upper or math.inf)
            if not crosses:
                continue
            ways = {"ungated"}
            if readable and effect_at_look(effect, bounds, look).ci_lower > 0:
                ways |= {"gated"} | ({"shipped"} if min(arm.n for arm in arms) >= FLOOR else set())
            for way in ways - seen:
                hits[way] += 1
                if way in sizes:
                    sizes[way].append(effect.relative_effect or math.nan)
            seen |= ways
    without, with_floor = (float(np.mean(sizes[w])) / lift if lift and sizes[w] else math.nan for w in sizes)
    return Small(
        ungated=hits["ungated"] / runs,
        gated=hits["gated"] / runs,
        shipped=hits["shipped"] / runs,
        too_few=1 - read / runs,
        covered=covered / read if read else math.nan,
        exaggeration=(with_floor, without),
    )


def main(runs: int) -> None:
    """Print both tables."""
    print("| metric | units per arm | crossed | read | shipped | too few at the end | relative interval covers |")
    print("|---|---|---|---|---|---|---|")
    for kind in DRAWS:
        for sizes in ((66, 66), (100, 100), (300, 300), (1000, 1000), (100, 400)):
            found = simulate(kind, *sizes, runs=runs)
            covers = "none read" if math.isnan(found.covered) else f"{found.covered:.3f}"
            print(
                f"| {kind} | {sizes[0]} / {sizes[1]} | {found.ungated:.4f} | {found.gated:.4f} | {found.shipped:.4f} |"
                f" {found.too_few:.0%} | {covers} |",
                flush=True,
            )
    print("\n| metric | true effect | units per arm planned | shipped | overstated without the floor | with it |")
    print("|---|---|---|---|---|---|")
    for kind, lift in (("normal", 0.1), ("log-normal minutes", 0.3), ("60 % zeros, minutes", 0.3)):
        for n in (100, 200, 400, 800):
            found = simulate(kind, n, n, lift=lift, runs=runs // 2)
            print(
                f"| {kind} | {lift:+.0%} | {n} | {found.shipped:.0%} | {found.exaggeration[1]:.2f} x |"
                f" {found.exaggeration[0]:.2f} x |",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
