"""Confidence sequences without a variance: bounded means, yes-or-no outcomes and quantiles."""

import math

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.sequential.mixtures import normal_mixture_scale
from counterpoint.stats.tails import check_share


def hoeffding_sequence(
    values: npt.ArrayLike, alpha: float = 0.05, bounds: tuple[float, float] = (0.0, 1.0)
) -> tuple[float, float]:
    """Return the interval of the mean after the last value, valid at every time; it may reach beyond the bounds.

    Args:
        values: In order of arrival, inside `bounds`.
        alpha: Error over all times.
        bounds: Least and largest possible value.

    Source:
        Waudby-Smith and Ramdas 2024, arXiv:2010.09686, proposition 1, predictable plug-in Hoeffding.
    """
    low, high = bounds
    x = (np.asarray(values, dtype=float) - low) / (high - low)
    if x.size == 0:
        raise CannotCompute("no_units", "no value yet", where="values")
    if not ((x >= 0) & (x <= 1)).all():
        raise InvalidInput("outside_bounds", "a value lies outside its bounds", where="values")
    t = np.arange(1, x.size + 1)
    log = math.log(2 / check_share(alpha, "alpha"))
    weight = np.minimum(np.sqrt(8 * log / (t * np.log(t + 1))), 1.0)
    total = float(weight.sum())
    margin = (log + float((weight**2).sum()) / 8) / total
    centre = float(weight @ x) / total
    scale = high - low
    return low + scale * (centre - margin), low + scale * (centre + margin)


def share_sequence(successes: int, n: int, *, alpha: float = 0.05, tuned_to: float = 1000.0) -> tuple[float, float]:
    """Return the interval of a share, valid at every number of units, exact for small counts.

    Source:
        Howard, Ramdas, McAuliffe and Sekhon 2021, proposition 7, two-sided beta-binomial mixture.
    """
    if not 0 <= successes <= n or n == 0:
        raise InvalidInput("count_above_units", f"{successes} successes of {n} units", where="successes")
    share = successes / n
    threshold = math.log(1 / check_share(alpha, "alpha"))

    def excess(p: float) -> float:
        v = p * (1 - p)
        r = max(normal_mixture_scale(v * tuned_to, alpha) - v, 1e-3 * v)
        # The general boundary with g = p and h = 1 - p, so that g + h = 1.
        s, time = (share - p) * n, v * n
        kernel = -(time / (1 - p) + s) * math.log(p) - (time / p - s) * math.log(1 - p)
        beta = scipy.special.betaln((r + time) / p - s, (r + time) / (1 - p) + s) - scipy.special.betaln(
            r / p, r / (1 - p)
        )
        return kernel + float(beta) - threshold

    tiny = 1e-12
    # With next to no successes the mixture cannot rule out even a share of zero, and the end stays there.
    low, high = max(share - tiny, 2 * tiny), min(share + tiny, 1 - 2 * tiny)
    open_below = successes == 0 or excess(tiny) <= 0
    open_above = successes == n or excess(1 - tiny) <= 0
    lower = 0.0 if open_below else float(scipy.optimize.brentq(excess, tiny, low, xtol=1e-13))
    upper = 1.0 if open_above else float(scipy.optimize.brentq(excess, high, 1 - tiny, xtol=1e-13))
    return lower, upper


def quantile_sequence_radius(p: float, n: int, *, alpha: float = 0.05, start: float = 32.0) -> float:
    """Return by how many ranks the p-quantile's interval reaches either way, valid at every n and every p at once.

    Args:
        p: Quantile, in (0, 1).
        n: Values so far.
        alpha: Error over all times and quantiles.
        start: Number of values from which the bound is meant to be tight.

    Source:
        Howard and Ramdas 2022, arXiv:1906.09712, theorem 2 (double stitching), delta 0.5, s 1.4, eta 2.
    """
    check_share(p, "p")
    check_share(alpha, "alpha")
    if n < 1:
        raise InvalidInput("no_units", f"a quantile of {n} values", where="n")
    delta, s, eta = 0.5, 1.4, 2.0
    time = max(float(n), start)
    logit = math.log(p / (1 - p))
    r = p if p >= 0.5 else min(0.5, float(scipy.special.expit(logit + 2 * delta * math.sqrt(start * eta / time))))
    variance = r * (1 - r)
    j = math.sqrt(time / start) * abs(logit) / (2 * delta) + 1
    zeta = float(scipy.special.zeta(s))
    ell = (
        s * math.log(math.log(eta * time / start))
        + s * math.log(j)
        + math.log(2 * zeta * (2 * zeta + 1) / (alpha * math.log(eta) ** s))
    )
    k1 = (eta**0.25 + eta**-0.25) / math.sqrt(2)
    bend = (math.sqrt(eta) + 1) / 2 * (1 - 2 * p) / 3 * ell
    return delta * math.sqrt(eta * time * variance / start) + math.sqrt(k1**2 * variance * time * ell + bend**2) + bend
