"""Textbook sample sizes: standardised effects, shares with a pooled null, chi-square and several arms."""

import math
from collections.abc import Callable

import scipy  # `scipy.stats` is loaded at its first use: 20 MB that a process which only waits does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.tails import Alternative, check_share, upper_quantile, upper_tail


def t_test_power(d: float, n_control: float, n_treatment: float, alpha: float, alternative: Alternative) -> float:
    """Return the power of the pooled t-test for a standardised effect, both tails counted when two-sided."""
    check_share(alpha, "alpha")
    df = n_control + n_treatment - 2
    shift = d * math.sqrt(n_control * n_treatment / (n_control + n_treatment))
    if alternative == Alternative.TWO_SIDED:
        critical = upper_quantile(alpha / 2, df)
        return float(scipy.stats.nct.sf(critical, df, shift)) + float(scipy.stats.nct.sf(critical, df, -shift))
    toward = shift if alternative == Alternative.GREATER else -shift
    return float(scipy.stats.nct.sf(upper_quantile(alpha, df), df, toward))


def t_test_n(
    d: float, alpha: float, power: float, *, ratio: float = 1.0, alternative: Alternative = Alternative.TWO_SIDED
) -> float:
    """Return the units of control that the pooled t-test needs; treatment has `ratio` times as many."""
    check_share(power, "power")
    _need_effect(d)
    # Less than half a degree of freedom is where the noncentral distribution stops being computable.
    low = max(1.0, 1 / ratio, 2.5 / (1 + ratio))
    return _solve(lambda n: t_test_power(d, n, n * ratio, alpha, alternative) - power, low)


def t_test_effect(n: float, alpha: float, power: float, *, ratio: float = 1.0, alternative: Alternative) -> float:
    """Return the standardised effect that n units of control and ratio * n of treatment find, signed by the side."""
    sign = -1.0 if alternative == Alternative.LESS else 1.0
    found = scipy.optimize.brentq(
        lambda d: t_test_power(sign * d, n, n * ratio, alpha, alternative) - power, 1e-9, 50, xtol=1e-13
    )
    return sign * float(found)


def z_test_power(d: float, n_control: float, n_treatment: float, alpha: float, alternative: Alternative) -> float:
    """Return the power of the z-test for a standardised effect, both tails counted when two-sided."""
    check_share(alpha, "alpha")
    shift = d * math.sqrt(n_control * n_treatment / (n_control + n_treatment))
    if alternative == Alternative.TWO_SIDED:
        critical = upper_quantile(alpha / 2)
        return upper_tail(critical - shift) + upper_tail(critical + shift)
    return upper_tail(upper_quantile(alpha) - (shift if alternative == Alternative.GREATER else -shift))


def z_test_n(d: float, alpha: float, power: float, *, ratio: float = 1.0, alternative: Alternative) -> float:
    """Return the units of control that the z-test needs; treatment has `ratio` times as many."""
    _need_effect(d)
    return _solve(lambda n: z_test_power(d, n, n * ratio, alpha, alternative) - power, 1e-6)


def proportions_n(p1: float, p2: float, alpha: float, power: float, *, two_sided: bool = True) -> float:
    """Return the units per arm of the z-test of two shares: variance pooled under the null, unpooled under the effect.

    Source:
        Fleiss, Levin and Paik 2003, eq. 4.14, without continuity correction.
    """
    check_share(p1, "p1")
    check_share(p2, "p2")
    check_share(alpha, "alpha")
    check_share(power, "power")
    _need_effect(p2 - p1)
    z = upper_quantile(alpha / 2 if two_sided else alpha)
    middle = (p1 + p2) / 2
    spread = z * math.sqrt(2 * middle * (1 - middle)) + upper_quantile(1 - power) * math.sqrt(
        p1 * (1 - p1) + p2 * (1 - p2)
    )
    return (spread / (p2 - p1)) ** 2


def cohen_h(p1: float, p2: float) -> float:
    """Return the arcsine effect size of two shares, positive when the second is larger."""
    return 2 * math.asin(math.sqrt(p2)) - 2 * math.asin(math.sqrt(p1))


def chi_square_n(w: float, df: int, alpha: float, power: float) -> float:
    """Return the units that a chi-square test needs for effect size w, as for a sample ratio mismatch."""
    check_share(alpha, "alpha")
    check_share(power, "power")
    _need_effect(w)
    critical = float(scipy.stats.chi2.isf(alpha, df))
    return _solve(lambda n: float(scipy.stats.ncx2.sf(critical, df, n * w * w)) - power, 1e-3)


def anova_n(arms: int, f: float, alpha: float, power: float) -> float:
    """Return the units per arm with which the F-test finds that not all of `arms` means are equal (Cohen's f)."""
    check_share(alpha, "alpha")
    check_share(power, "power")
    if f < 0:
        raise InvalidInput("negative_effect_size", f"a Cohen's f of {f}", where="f", fix="give its size")
    _need_effect(f)

    def excess(n: float) -> float:
        between, within = arms - 1, (n - 1) * arms
        critical = float(scipy.stats.f.isf(alpha, between, within))
        return float(scipy.stats.ncf.sf(critical, between, within, arms * n * f * f)) - power

    return _solve(excess, 2.0)


def rule_of_sixteen(variance: float, mean: float, relative_effect: float) -> float:
    """Return the rule of thumb 16 variance / effect^2 for units per variant (power 0.8, alpha 0.05 two-sided).

    Source:
        van Belle 2002; Kohavi, Longbotham, Sommerfield and Henne 2009, section 3.1.2.
    """
    _need_effect(mean * relative_effect)
    return 16 * variance / (mean * relative_effect) ** 2


def _need_effect(size: float) -> None:
    if not math.isfinite(size):
        raise InvalidInput("not_finite", "an effect that is not a number", where="effect")
    if size == 0:
        raise CannotCompute("never", "no number of units shows an effect of zero", where="effect")


def _solve(excess: Callable[[float], float], low: float) -> float:
    if excess(low) >= 0:
        return low
    high = 2 * low + 8
    while excess(high) < 0:
        high *= 3
        if high > 1e15:
            raise CannotCompute("never", "no number of units suffices", where="power")
    return float(scipy.optimize.brentq(excess, low, high, xtol=1e-9, rtol=1e-13))
