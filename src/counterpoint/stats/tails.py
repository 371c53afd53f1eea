"""Tail probabilities and quantiles of Student's t and, at infinite degrees of freedom, of the normal distribution."""

import math
from enum import StrEnum

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import InvalidInput


class Alternative(StrEnum):
    """Which side of the null hypothesis the alternative lies on, of treatment minus control."""

    TWO_SIDED = "two-sided"
    GREATER = "greater"
    LESS = "less"


def upper_tail(statistic: float, df: float = math.inf) -> float:
    """Return P(T > statistic)."""
    return float(scipy.special.ndtr(-statistic) if math.isinf(df) else scipy.special.stdtr(df, -statistic))


def upper_quantile(probability: float, df: float = math.inf) -> float:
    """Return the value exceeded with `probability`; infinities at 0 and 1."""
    # Reflected at one half: quantiles far in the upper tail would lose their digits in 1 - probability.
    if math.isinf(df):
        return -float(scipy.special.ndtri(probability))
    return (
        -float(scipy.special.stdtrit(df, probability))
        if probability <= 0.5
        else float(scipy.special.stdtrit(df, 1 - probability))
    )


def p_value(statistic: float, df: float = math.inf, alternative: Alternative = Alternative.TWO_SIDED) -> float:
    """Return the p-value of a symmetric statistic."""
    if alternative == Alternative.TWO_SIDED:
        return min(1.0, 2 * upper_tail(abs(statistic), df))
    return upper_tail(statistic if alternative == Alternative.GREATER else -statistic, df)


def interval(
    estimate: float,
    std_error: float,
    alpha: float,
    df: float = math.inf,
    alternative: Alternative = Alternative.TWO_SIDED,
) -> tuple[float, float]:
    """Return the interval that inverts the test: one-sided alternatives leave one side unbounded.

    Raises:
        InvalidInput: `share_out_of_range` for a level that is none.
    """
    check_share(alpha, "alpha")
    two_sided = alternative == Alternative.TWO_SIDED
    half = upper_quantile(alpha / 2 if two_sided else alpha, df) * std_error
    lower = -math.inf if alternative == Alternative.LESS else estimate - half
    upper = math.inf if alternative == Alternative.GREATER else estimate + half
    return lower, upper


def check_share(value: float, where: str) -> float:
    """Return `value` when it lies strictly between 0 and 1, else raise InvalidInput `share_out_of_range`."""
    if not 0 < value < 1:
        raise InvalidInput("share_out_of_range", f"{value} is not between 0 and 1", where=where)
    return value
