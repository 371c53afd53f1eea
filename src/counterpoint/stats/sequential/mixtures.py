"""Mixture martingales: the normal-mixture boundary, its e-value, and the mixture sequential probability ratio test."""

import math

from counterpoint.errors import InvalidInput


def normal_mixture_scale(tuned_to: float, alpha: float) -> float:
    """Return the mixture's scale that makes the boundary tightest at intrinsic time `tuned_to`.

    Source:
        Howard, Ramdas, McAuliffe and Sekhon 2021, arXiv:1810.08240, section 3.5, in its closed approximation.
    """
    if not tuned_to > 0 or not 0 < alpha < 1:
        raise InvalidInput("tuning_out_of_range", f"tuned to {tuned_to} at {alpha}", where="tuned_to")
    log = 2 * math.log(1 / alpha)
    return tuned_to / (log + math.log1p(log))


def normal_mixture_boundary(intrinsic_time: float, alpha: float, tuned_to: float) -> float:
    """Return the two-sided boundary on a sum of centred, 1-sub-Gaussian increments, valid at every time.

    Args:
        intrinsic_time: Accumulated variance, at least 0.
        alpha: Error over all times.
        tuned_to: Intrinsic time at which the boundary is tightest.
    """
    _check_time(intrinsic_time)
    r = normal_mixture_scale(tuned_to, alpha)
    v = intrinsic_time
    return math.sqrt((v + r) * math.log((v + r) / (r * alpha * alpha)))


def normal_mixture_log_evalue(total: float, intrinsic_time: float, alpha: float, tuned_to: float) -> float:
    """Return the log e-value of a sum: its exponential is a fair bet under the null at every time."""
    _check_time(intrinsic_time)
    r = normal_mixture_scale(tuned_to, alpha)
    v = intrinsic_time
    return 0.5 * math.log(r / (v + r)) + total**2 / (2 * (v + r))


def mixture_ratio(difference: float, variance: float, n_pairs: float, tau_squared: float) -> tuple[float, float]:
    """Return likelihood ratio and always-valid p-value of the mixture sequential probability ratio test.

    Args:
        difference: Mean difference over pairs.
        variance: Of one pair's difference, known or well estimated, positive.
        n_pairs: Pairs so far.
        tau_squared: Variance of the normal mixture over effects, positive.

    Returns:
        The ratio at this look, and min(1, 1 / ratio); a p-value over several looks is the least so far.

    Estimand:
        Difference of means; any number of looks, for normal data or enough pairs for the limit to hold.

    Source:
        Johari, Pekelis and Walsh 2015, arXiv:1512.04922, eq. 8.
    """
    if not (variance > 0 and tau_squared > 0 and n_pairs > 0):
        raise InvalidInput("variance_not_positive", "variance, mixture and pairs must be positive", where="variance")
    spread = variance + n_pairs * tau_squared
    log = 0.5 * math.log(variance / spread) + n_pairs**2 * tau_squared * difference**2 / (2 * variance * spread)
    return math.exp(min(log, 700.0)), min(1.0, math.exp(-log))


def _check_time(intrinsic_time: float) -> None:
    if not intrinsic_time >= 0:
        raise InvalidInput("negative_variance", f"an intrinsic time of {intrinsic_time}", where="intrinsic_time")
