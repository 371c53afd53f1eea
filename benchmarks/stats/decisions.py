"""Simulates the decision rule over several metrics: how often it ships what it should not, and what it should."""

import math

import numpy as np

from benchmarks.stats.pictures import Rate
from counterpoint.stats import (
    MetricReading,
    PlannedMetric,
    QualityCheck,
    Role,
    Summary,
    Verdict,
    compare_means,
    decide,
    decision_levels,
    sample_ratio_test,
    units_needed,
)
from counterpoint.vocabulary import Direction

_MEAN, _SD, _MARGIN = 10.0, 3.0, 0.02


def decision_rates(seed: int, runs: int = 3000) -> list[Rate]:
    """Return how often changes of several kinds ship, beside what the rule states."""
    rng = np.random.default_rng([seed, 8])
    n = 20_000

    def shipped(success: list[float], guards: list[float], units: int = n, correlation: float = 0.3) -> int:
        verdicts = (decide(_readings(rng, units, success, guards, correlation)).verdict for _ in range(runs))
        return sum(v is Verdict.SHIP for v in verdicts)

    planned = [PlannedMetric(metric="s0", mean=_MEAN, variance=_SD**2, effect=0.02)]
    planned += [PlannedMetric(metric=f"g{i}", mean=_MEAN, variance=_SD**2, margin=_MARGIN) for i in range(3)]
    levels = decision_levels(planned, 1, 0.05, 0.8)
    alone = decision_levels(planned[:1], 1, 0.05, 0.8)
    enough = max(units_needed(m, z, levels.z_power, [1, 1]) for m, z in zip(planned, levels.z_alpha, strict=True)) // 2
    short = max(units_needed(m, alone.z_alpha[0], alone.z_power, [1, 1]) for m in planned) // 2
    good = [0.0] * 3
    broken = 0
    for _ in range(runs):
        x = int(rng.binomial(100_000, 0.49))
        verdict = sample_ratio_test([x, 100_000 - x], [1, 1])
        check = QualityCheck(name="sample_ratio", passed=not verdict.mismatch, detail="sample ratio")
        broken += decide(_readings(rng, n, [0.05], [0.0], 0.3), [check]).verdict is Verdict.SHIP
    return [
        Rate(label="no benefit, 1 success metric", hits=shipped([0.0], [0.01]), runs=runs, stated=0.05, bound=True),
        Rate(
            label="no benefit, 3, uncorrelated",
            hits=shipped([0.0] * 3, [0.01], n, 0.0),
            runs=runs,
            stated=0.05,
            bound=True,
        ),
        Rate(
            label="no benefit, 3, correlated 0.8",
            hits=shipped([0.0] * 3, [0.01], n, 0.8),
            runs=runs,
            stated=0.05,
            bound=True,
        ),
        Rate(
            label="1 guardrail harmed by its margin",
            hits=shipped([0.05], [-_MARGIN]),
            runs=runs,
            stated=0.05,
            bound=True,
        ),
        Rate(
            label="1 of 3 harmed by its margin",
            hits=shipped([0.05], [-_MARGIN, 0.02, 0.02]),
            runs=runs,
            stated=0.05,
            bound=True,
        ),
        Rate(label="broken assignment (49 %)", hits=broken, runs=runs, stated=0.01, bound=True),
        Rate(label="good change, 3 guardrails", hits=shipped([0.02], good, enough, 0.0), runs=runs, stated=0.8),
        Rate(label="the same, beta not corrected", hits=shipped([0.02], good, short, 0.0), runs=runs, stated=0.8),
    ]


def _readings(
    rng: np.random.Generator, n: int, success: list[float], guards: list[float], correlation: float
) -> list[MetricReading]:
    shifts = success + guards
    noise = rng.normal(size=2) * math.sqrt(correlation) + rng.normal(size=(len(shifts), 2)) * math.sqrt(1 - correlation)
    out = []
    for i, shift in enumerate(shifts):
        means = (_MEAN, _MEAN * (1 + shift)) + noise[i] * _SD / math.sqrt(n)
        arms = [Summary(n=n, means=(float(m),), cross=(_SD**2 * rng.chisquare(n - 1),)) for m in means]
        effect, guards_it = compare_means(arms[0], arms[1]), i >= len(success)
        out.append(
            MetricReading(
                metric=f"{'g' if guards_it else 's'}{i}",
                role=Role.GUARDRAIL if guards_it else Role.SUCCESS,
                direction=Direction.INCREASE,
                margin=_MARGIN if guards_it else None,
                effect=effect,
            )
        )
    return out
