"""Post-stratification: compare arms within strata and weigh the strata by their pooled shares."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.errors import CannotCompute
from counterpoint.stats.means import mean_arm
from counterpoint.stats.summary import Summary
from counterpoint.stats.tails import interval, p_value


@dataclass(frozen=True, slots=True, kw_only=True)
class StratifiedEffect:
    """A post-stratified effect, absolute and relative; one look, normal quantiles.

    Attributes:
        effect: Treatment minus control.
        std_error: Of it, with the shares of the strata random.
        p_value: Two-sided.
        ci_lower: Of the absolute effect.
        ci_upper: Of the absolute effect.
        relative_effect: Over the absolute value of the control mean, None when that is zero.
        relative_std_error: By the delta method.
        control_mean: Post-stratified.
        n: Units in all strata and both arms.
    """

    effect: float
    std_error: float
    p_value: float
    ci_lower: float
    ci_upper: float
    relative_effect: float | None
    relative_std_error: float | None
    control_mean: float
    n: int


def compare_stratified(strata: Sequence[tuple[Summary, Summary]], alpha: float = 0.05) -> StratifiedEffect:
    """Return the effect over strata known before exposure.

    Args:
        strata: (control, treatment) of each stratum, at least two units in each.
        alpha: Level of the interval.

    Raises:
        CannotCompute: `too_few_units` in a stratum (merge it with another), `no_variation`.

    Estimand:
        Average treatment effect over the pooled population; one look.

    Source:
        Miratrix, Sekhon and Yu 2013; Xie and Aurisset 2016.
    """
    if not strata:
        raise CannotCompute("no_units", "no stratum", where="strata")
    arms = [
        (mean_arm(a, f"strata.{i}.control"), mean_arm(b, f"strata.{i}.treatment")) for i, (a, b) in enumerate(strata)
    ]
    total = sum(a.n + b.n for a, b in arms)
    weights = [(a.n + b.n) / total for a, b in arms]
    means = [a.mean for a, _ in arms]
    gaps = [b.mean - a.mean for a, b in arms]
    base = sum(w * m for w, m in zip(weights, means, strict=True))
    effect = sum(w * g for w, g in zip(weights, gaps, strict=True))

    def spread(x: list[float], y: list[float], mx: float, my: float) -> float:
        return (sum(w * p * q for w, p, q in zip(weights, x, y, strict=True)) - mx * my) / total

    var_gap = sum(w * w * (a.error + b.error) for w, (a, b) in zip(weights, arms, strict=True))
    var_base = sum(w * w * a.error for w, (a, _) in zip(weights, arms, strict=True))
    var_gap_all = var_gap + spread(gaps, gaps, effect, effect)
    var_base_all = var_base + spread(means, means, base, base)
    covariance = -var_base + spread(means, gaps, base, effect)
    if var_gap_all <= 0:
        raise CannotCompute("no_variation", "every unit has the same value")
    error = math.sqrt(var_gap_all)
    lower, upper = interval(effect, error, alpha)
    relative = relative_error = None
    if base != 0:
        relative = effect / abs(base)
        variance = var_gap_all / base**2 + effect**2 * var_base_all / base**4 - 2 * effect * covariance / base**3
        relative_error = math.sqrt(max(variance, 0.0))
    return StratifiedEffect(
        effect=effect,
        std_error=error,
        p_value=p_value(effect / error),
        ci_lower=lower,
        ci_upper=upper,
        relative_effect=relative,
        relative_std_error=relative_error,
        control_mean=base,
        n=total,
    )
