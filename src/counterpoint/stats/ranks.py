"""Compare the ranks of two arms: Mann and Whitney's U from value counts."""

import math
from dataclasses import dataclass

import numpy as np

from counterpoint.errors import CannotCompute
from counterpoint.stats.quantiles import ValueCounts
from counterpoint.stats.tails import Alternative, p_value


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """Verdict of a rank test.

    Attributes:
        u_treatment: Pairs in which treatment is larger, ties counted half.
        superiority: Chance that a treatment value exceeds a control value, ties counted half.
        z: Standardised, with the continuity correction when asked for.
        p_value: Asymptotic, ties corrected; one look.
    """

    u_treatment: float
    superiority: float
    z: float
    p_value: float


def rank_test(
    control: ValueCounts,
    treatment: ValueCounts,
    alternative: Alternative = Alternative.TWO_SIDED,
    *,
    continuity: bool = True,
) -> RankTest:
    """Return the Mann-Whitney test of equal distributions.

    Raises:
        CannotCompute: `no_units`, `no_variation`.

    Estimand:
        P(treatment > control) + P(equal) / 2; one look.

    Source:
        Mann and Whitney 1947; ties as in Lehmann 1975, section 1.4.
    """
    n1, n2 = control.n, treatment.n
    if n1 == 0 or n2 == 0:
        raise CannotCompute("no_units", "an arm has no value")
    values = np.union1d(control.values, treatment.values)
    a, b = np.zeros(values.size), np.zeros(values.size)
    a[np.searchsorted(values, control.values)] = control.counts
    b[np.searchsorted(values, treatment.values)] = treatment.counts
    below = np.cumsum(a) - a
    u = float(b @ (below + a / 2))
    n = n1 + n2
    ties = float(((a + b) ** 3 - (a + b)).sum())
    variance = n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1)))
    if variance <= 0:
        raise CannotCompute("no_variation", "every value is the same")
    away = u - n1 * n2 / 2
    if continuity and alternative == Alternative.TWO_SIDED:
        # Never across the middle: a U next to its mean is no evidence at all.
        away = math.copysign(max(abs(away) - 0.5, 0.0), away)
    elif continuity:
        away -= 0.5 if alternative == Alternative.GREATER else -0.5
    z = away / math.sqrt(variance)
    return RankTest(u_treatment=u, superiority=u / (n1 * n2), z=z, p_value=p_value(z, alternative=alternative))
