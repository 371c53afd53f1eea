"""Does the effect wear off or grow with days since first exposure?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.tails import interval, p_value


@dataclass(frozen=True, slots=True, kw_only=True)
class NoveltyTrend:
    """A weighted line through the effect by days since first exposure; one look, normal quantiles.

    Attributes:
        slope: Change of the effect per day.
        std_error: Of the slope.
        p_value: Of no trend.
        ci_lower: Of the slope.
        ci_upper: Of the slope.
        first: Effect the line gives for the first day.
        last: Effect it gives for the last day.
        wearing_off: Whether the trend is established and points toward zero.
    """

    slope: float
    std_error: float
    p_value: float
    ci_lower: float
    ci_upper: float
    first: float
    last: float
    wearing_off: bool


def novelty(
    days: Sequence[float],
    effects: Sequence[float],
    std_errors: Sequence[float],
    *,
    correlation: float = 0.0,
    alpha: float = 0.05,
) -> NoveltyTrend:
    """Return the trend of the effect over days since first exposure.

    The same units are measured on every day, so their daily effects are correlated; say how much. Units followed for
    fewer days must be left out of all days, or the trend is one of composition.

    Args:
        days: Since first exposure, at least three different ones.
        effects: Of the metric of that day.
        std_errors: Of them, positive.
        correlation: Between the effects of any two days, in [0, 1); ignoring it overstates the slope's
            error.
        alpha: Level of the test and interval.

    Raises:
        InvalidInput: `shapes_differ`, `std_error_not_positive`, `share_out_of_range`.
        CannotCompute: `too_few_days`.

    Source:
        Generalised least squares with equal correlation; Sadeghi et al. 2021 on novelty by exposure age.
    """
    k = len(days)
    if not k == len(effects) == len(std_errors):
        raise InvalidInput("shapes_differ", "days, effects and errors differ in length", where="days")
    if k < 3 or len(set(days)) < 3:
        raise CannotCompute("too_few_days", f"a trend over {len(set(days))} days", fix="wait for three days")
    if not all(s > 0 and math.isfinite(s) for s in std_errors):
        raise InvalidInput("std_error_not_positive", "a standard error is not a positive number", where="std_errors")
    if not 0 <= correlation < 1:
        raise InvalidInput("share_out_of_range", f"a correlation of {correlation}", where="correlation")
    # Scaling each day by its error leaves equal correlation, whose inverse is known in closed form.
    y = [e / s for e, s in zip(effects, std_errors, strict=True)]
    one = [1 / s for s in std_errors]
    x = [d / s for d, s in zip(days, std_errors, strict=True)]
    shared = correlation / (1 + (k - 1) * correlation)

    def dot(a: list[float], b: list[float]) -> float:
        return (math.fsum(p * q for p, q in zip(a, b, strict=True)) - shared * math.fsum(a) * math.fsum(b)) / (
            1 - correlation
        )

    oo, ox, xx, oy, xy = dot(one, one), dot(one, x), dot(x, x), dot(one, y), dot(x, y)
    det = oo * xx - ox**2
    slope = (oo * xy - ox * oy) / det
    level = (xx * oy - ox * xy) / det
    error = math.sqrt(oo / det)
    lower, upper = interval(slope, error, alpha)
    first, last = level + slope * min(days), level + slope * max(days)
    p = p_value(slope / error)
    return NoveltyTrend(
        slope=slope,
        std_error=error,
        p_value=p,
        ci_lower=lower,
        ci_upper=upper,
        first=first,
        last=last,
        wearing_off=p < alpha and abs(last) < abs(first),
    )
