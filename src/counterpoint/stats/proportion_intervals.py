"""Intervals and exact tests of shares, for small counts, where the normal approximation of the difference is poor."""

import math
from typing import Literal

import numpy as np
import scipy  # `scipy.stats` is loaded at its first use: 20 MB that a process which only waits does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.summary import Summary
from counterpoint.stats.tails import Alternative, check_share, p_value, upper_quantile

_NAMES: dict[Alternative, Literal["two-sided", "greater", "less"]] = {
    Alternative.TWO_SIDED: "two-sided",
    Alternative.GREATER: "greater",
    Alternative.LESS: "less",
}


def wilson_interval(successes: int, n: int, alpha: float = 0.05) -> tuple[float, float]:
    """Return Wilson's score interval of one share.

    Source:
        Wilson 1927; Newcombe 1998, method 3.
    """
    check_share(alpha, "alpha")
    Summary.from_counts(successes, n)
    if n == 0:
        raise CannotCompute("no_units", "a share of no units", where="n")
    z = upper_quantile(alpha / 2)
    p = successes / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def newcombe_interval(control: Summary, treatment: Summary, alpha: float = 0.05) -> tuple[float, float]:
    """Return the hybrid score interval of the difference of two shares.

    Source:
        Newcombe 1998, Statistics in Medicine 17:873-890, method 10.
    """
    p1, p2 = control.mean(), treatment.mean()
    l1, u1 = wilson_interval(_successes(control), control.n, alpha)
    l2, u2 = wilson_interval(_successes(treatment), treatment.n, alpha)
    lower = p2 - p1 - math.hypot(p2 - l2, u1 - p1)
    return lower, p2 - p1 + math.hypot(u2 - p2, p1 - l1)


def agresti_caffo_interval(control: Summary, treatment: Summary, alpha: float = 0.05) -> tuple[float, float]:
    """Return the interval of the difference after adding one success and one failure to each arm.

    Source:
        Agresti and Caffo 2000.
    """
    check_share(alpha, "alpha")
    p1, p2 = ((_successes(s) + 1) / (s.n + 2) for s in (control, treatment))
    half = upper_quantile(alpha / 2) * math.sqrt(p1 * (1 - p1) / (control.n + 2) + p2 * (1 - p2) / (treatment.n + 2))
    return p2 - p1 - half, p2 - p1 + half


def risk_ratio(control: Summary, treatment: Summary, alpha: float = 0.05) -> tuple[float, float, float]:
    """Return the ratio of two shares with its interval on the log scale.

    Raises:
        CannotCompute: `zero_successes` when an arm has no success.

    Source:
        Katz, Baptista, Azen and Pike 1978.
    """
    check_share(alpha, "alpha")
    p1, p2 = control.mean(), treatment.mean()
    if p1 == 0 or p2 == 0:
        raise CannotCompute("zero_successes", "a ratio of shares with no success in an arm", fix="read the difference")
    half = upper_quantile(alpha / 2) * math.sqrt((1 - p1) / (control.n * p1) + (1 - p2) / (treatment.n * p2))
    return p2 / p1, p2 / p1 * math.exp(-half), p2 / p1 * math.exp(half)


def fisher_exact(
    control: Summary, treatment: Summary, alternative: Alternative = Alternative.TWO_SIDED
) -> tuple[float, float]:
    """Return the sample odds ratio and the exact p-value of equal shares."""
    a, b = _successes(treatment), _successes(control)
    table = np.array([[a, treatment.n - a], [b, control.n - b]])
    found = scipy.stats.fisher_exact(table, alternative=_NAMES[alternative])
    return float(found.statistic), float(found.pvalue)


def score_test(control: Summary, treatment: Summary, null: float, alternative: Alternative) -> tuple[float, float]:
    """Return z and p-value of the difference of two shares against `null`, variance under the null.

    Args:
        control: Counts of control.
        treatment: Counts of treatment.
        null: Difference under the null, in (-1, 1); minus the margin for non-inferiority of something to be raised.
        alternative: Side.

    Source:
        Farrington and Manning 1990, restricted maximum likelihood in closed form.
    """
    if not -1 < null < 1:
        raise InvalidInput("share_out_of_range", f"a null difference of {null}", where="null")
    p1, p2 = control.mean(), treatment.mean()
    n1, n2 = control.n, treatment.n
    # Roots of the cubic likelihood equation for the treatment share, in the letters of the paper.
    theta = n1 / n2
    a = 1 + theta
    b = -(1 + theta + p2 + theta * p1 + null * (theta + 2))
    c = null * null + null * (2 * p2 + theta + 1) + p2 + theta * p1
    d = -p2 * null * (1 + null)
    v = b**3 / (3 * a) ** 3 - b * c / (6 * a * a) + d / (2 * a)
    u = math.copysign(math.sqrt(max(b * b / (3 * a) ** 2 - c / (3 * a), 0.0)), v)
    w = (math.pi + math.acos(min(max(v / u**3, -1.0), 1.0))) / 3 if u else math.pi / 3
    r2 = min(max(2 * u * math.cos(w) - b / (3 * a), 0.0), 1.0)
    r1 = min(max(r2 - null, 0.0), 1.0)
    variance = r2 * (1 - r2) / n2 + r1 * (1 - r1) / n1
    if variance <= 0:
        raise CannotCompute("no_variation", "the shares cannot vary under the null")
    z = (p2 - p1 - null) / math.sqrt(variance)
    return z, p_value(z, alternative=alternative)


def _successes(summary: Summary) -> int:
    return round(summary.mean() * summary.n)
