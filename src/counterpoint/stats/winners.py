"""The winner's curse: what shipped effects are worth once it is remembered that they were picked for looking good."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.tails import upper_tail


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedEffect:
    """An effect that was selected for exceeding a threshold.

    Attributes:
        naive: As measured.
        corrected: Conditional maximum likelihood.
        expected_bias: How much too high such a selected estimate is on average, were `corrected` true.
        ci_lower: Of the (1 - alpha) conditional interval.
        ci_upper: Of it.
    """

    naive: float
    corrected: float
    expected_bias: float
    ci_lower: float
    ci_upper: float


def correct_winner(estimate: float, std_error: float, threshold_z: float, alpha: float = 0.05) -> CorrectedEffect:
    """Return an effect that was shipped because estimate / std_error exceeded `threshold_z`, corrected for that.

    Args:
        estimate: Signed so that positive is good.
        std_error: Positive.
        threshold_z: The bar it had to clear.
        alpha: Level of the conditional interval.

    Raises:
        InvalidInput: `not_selected` when the estimate did not clear the bar.

    Source:
        Lee and Shen 2018 (bias); Zhong and Prentice 2008 (conditional likelihood).
    """
    if not std_error > 0:
        raise InvalidInput("std_error_not_positive", f"a standard error of {std_error}", where="std_error")
    z = estimate / std_error
    if z < threshold_z:
        raise InvalidInput("not_selected", f"z = {z:.3f} did not clear {threshold_z:.3f}", where="estimate")

    def hazard(mean: float) -> float:
        away = threshold_z - mean
        tail = upper_tail(away)
        # Far below the bar the hazard of the normal is its distance plus its inverse.
        return math.exp(-away * away / 2) / math.sqrt(2 * math.pi) / tail if tail > 1e-290 else away + 1 / away

    def exceed(mean: float) -> float:
        tail = upper_tail(threshold_z - mean)
        return (
            upper_tail(z - mean) / tail
            if tail > 1e-290
            else math.exp((threshold_z - z) * (threshold_z + z - 2 * mean) / 2)
        )

    low, high = z - 60.0, z + 12.0
    # An estimate at the very bar is explained best by no effect at all, or a harm; the truth is not pushed below zero.
    likely = float(scipy.optimize.brentq(lambda m: m + hazard(m) - z, low, high)) if low + hazard(low) < z else low
    corrected = max(likely, 0.0) if z > 0 else likely
    lower = (
        float(scipy.optimize.brentq(lambda m: exceed(m) - alpha / 2, low, high))
        if exceed(low) < alpha / 2
        else -math.inf
    )
    upper = float(scipy.optimize.brentq(lambda m: exceed(m) - (1 - alpha / 2), low, high))
    return CorrectedEffect(
        naive=estimate,
        corrected=corrected * std_error,
        expected_bias=hazard(corrected) * std_error,
        ci_lower=lower * std_error,
        ci_upper=upper * std_error,
    )


def cumulative_effect(shipped: Sequence[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Return the naive sum, the corrected sum and its standard error over shipped changes.

    Args:
        shipped: (estimate, std_error, threshold_z) of each.

    Raises:
        CannotCompute: `no_units` when nothing was shipped.
    """
    if not shipped:
        raise CannotCompute("no_units", "nothing was shipped", where="shipped")
    naive = math.fsum(e for e, _, _ in shipped)
    bias = 0.0
    for estimate, error, bar in shipped:
        found = correct_winner(estimate, error, bar)
        bias += estimate - found.corrected
    return naive, naive - bias, math.sqrt(math.fsum(s * s for _, s, _ in shipped))
