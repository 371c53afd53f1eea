"""Relative differences, treatment over control minus one: delta method, log scale or Fieller's theorem."""

import math
from dataclasses import dataclass, replace
from typing import Self

from counterpoint.errors import CannotCompute
from counterpoint.stats.arms import Arm
from counterpoint.stats.effects import Relative
from counterpoint.stats.tails import Alternative, upper_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeEstimate:
    """A relative effect with its standard error by the delta method, and the interval of its convention."""

    effect: float
    std_error: float
    ci_lower: float
    ci_upper: float

    def one_sided(self, alternative: Alternative) -> Self:
        """Return the interval with the side open that `alternative` leaves open."""
        if alternative == Alternative.GREATER:
            return replace(self, ci_upper=math.inf)
        return replace(self, ci_lower=-math.inf) if alternative == Alternative.LESS else self


def relative_estimate(
    control: Arm, treatment: Arm, *, alpha: float, df: float, convention: Relative, welch: bool, std_error: float
) -> RelativeEstimate:
    """Return (treatment - control) / abs(control) with a (1 - alpha) interval.

    Adjusted arms divide by the control mean before adjustment.

    Args:
        control: Control as reduced.
        treatment: Treatment as reduced.
        alpha: Two-sided level.
        df: Degrees of freedom of the absolute difference.
        convention: How the interval is made.
        welch: Whether the log interval has degrees of freedom of its own, from the scaled variances.
        std_error: Of the absolute difference.

    Raises:
        CannotCompute: `zero_control_mean`, or `means_not_of_one_sign` for logarithms.

    Source:
        Delta: Deng, Knoblich and Lu 2018, arXiv:1803.06336, eq. 4. Fieller 1954.
    """
    base = control.mean if control.unadjusted_mean is None else control.unadjusted_mean
    if base == 0:
        raise CannotCompute(
            "zero_control_mean",
            "a relative effect over a control mean of zero",
            where="control",
            fix="read the absolute effect",
        )
    lift = (treatment.mean - control.mean) / abs(base)
    delta_error = math.sqrt(_delta_variance(control, treatment))
    if convention == Relative.LOG:
        return _log(control, treatment, alpha, welch, delta_error)
    critical = upper_quantile(alpha / 2, df)
    if convention == Relative.FIELLER:
        return _fieller(control, treatment, critical, delta_error)
    if convention == Relative.FIXED:
        delta_error = std_error / abs(base)
    half = critical * delta_error
    return RelativeEstimate(effect=lift, std_error=delta_error, ci_lower=lift - half, ci_upper=lift + half)


def _delta_variance(control: Arm, treatment: Arm) -> float:
    if control.unadjusted_mean is None or treatment.unadjusted_mean is None:
        return treatment.error / control.mean**2 + treatment.mean**2 * control.error / control.mean**4
    # The gradient at the control means: the adjusted mean counts once, the raw one (in the denominator) lift times.
    base = control.unadjusted_mean
    lift = treatment.unadjusted_mean / base - 1
    moved = (
        control.variance + 2 * lift * (control.cov_unadjusted or 0.0) + lift**2 * (control.unadjusted_variance or 0.0)
    )
    return (treatment.error + moved / control.n) / base**2


def _log(control: Arm, treatment: Arm, alpha: float, welch: bool, delta_error: float) -> RelativeEstimate:
    if control.mean * treatment.mean <= 0:
        raise CannotCompute(
            "means_not_of_one_sign", "a log ratio of means of different signs", fix="use the delta method"
        )
    ratio = treatment.mean / control.mean
    a, b = control.error / control.mean**2, treatment.error / treatment.mean**2
    df = (a + b) ** 2 / (a**2 / (control.n - 1) + b**2 / (treatment.n - 1)) if welch else math.inf
    half = upper_quantile(alpha / 2, df) * math.sqrt(a + b)
    return _signed(control, ratio, ratio * math.exp(-half) - 1, ratio * math.exp(half) - 1, delta_error)


def _fieller(control: Arm, treatment: Arm, critical: float, delta_error: float) -> RelativeEstimate:
    g = critical**2 * control.error / control.mean**2
    ratio = treatment.mean / control.mean
    if g >= 1:
        # The control mean is not told apart from zero: the confidence set is not an interval.
        return _signed(control, ratio, -math.inf, math.inf, delta_error)
    half = critical / abs(control.mean) * math.sqrt(treatment.error * (1 - g) + ratio**2 * control.error)
    return _signed(control, ratio, (ratio - half) / (1 - g) - 1, (ratio + half) / (1 - g) - 1, delta_error)


def _signed(control: Arm, ratio: float, lower: float, upper: float, delta_error: float) -> RelativeEstimate:
    # Over a negative control mean the lift keeps the sign of the difference, so the interval of the ratio turns round.
    if control.mean < 0:
        lower, upper = -upper, -lower
    effect = ratio - 1 if control.mean > 0 else 1 - ratio
    return RelativeEstimate(effect=effect, std_error=delta_error, ci_lower=lower, ci_upper=upper)
