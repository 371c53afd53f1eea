"""A Bayesian reading of one effect: chance to win, expected loss, and shrinkage by the history of past effects."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.tails import upper_quantile, upper_tail
from counterpoint.vocabulary import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalPrior:
    """A normal prior on an effect; an infinite variance is flat."""

    mean: float = 0.0
    variance: float = math.inf

    def __post_init__(self) -> None:
        if not self.variance > 0:
            raise InvalidInput("variance_not_positive", f"a prior variance of {self.variance}", where="variance")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """A normal posterior of an effect.

    Attributes:
        mean: Expected effect.
        sd: Its standard deviation.
        chance_to_win: Probability that treatment is better.
        ci_lower: Of the central credible interval.
        ci_upper: Of the central credible interval.
        risk_choosing_control: Expected loss of staying with control, in units of the effect.
        risk_choosing_treatment: Expected loss of shipping treatment.
    """

    mean: float
    sd: float
    chance_to_win: float
    ci_lower: float
    ci_upper: float
    risk_choosing_control: float
    risk_choosing_treatment: float


def posterior(
    estimate: float,
    std_error: float,
    prior: NormalPrior,
    *,
    alpha: float = 0.05,
    direction: Direction = Direction.INCREASE,
) -> Posterior:
    """Return the posterior of an effect whose estimate is normal; peeking changes its error rates, not its meaning.

    Args:
        estimate: Usually the relative effect.
        std_error: Of it, positive.
        prior: On the same scale.
        alpha: The credible interval holds 1 - alpha.
        direction: Which way is better.
    """
    if not std_error > 0 or not math.isfinite(estimate):
        raise CannotCompute("no_variation", f"a standard error of {std_error}", where="std_error")
    precision = 1 / std_error**2
    before = 0.0 if math.isinf(prior.variance) else 1 / prior.variance
    variance = 1 / (precision + before)
    mean = variance * (precision * estimate + before * (prior.mean if before else 0.0))
    sd = math.sqrt(variance)
    half = upper_quantile(alpha / 2) * sd
    up = direction == Direction.INCREASE
    below, above = _expected_shortfall(mean, sd), _expected_shortfall(-mean, sd)
    return Posterior(
        mean=mean,
        sd=sd,
        chance_to_win=upper_tail(-mean / sd) if up else upper_tail(mean / sd),
        ci_lower=mean - half,
        ci_upper=mean + half,
        risk_choosing_control=above if up else below,
        risk_choosing_treatment=below if up else above,
    )


def _expected_shortfall(mean: float, sd: float) -> float:
    """Return E[max(-X, 0)] of a normal X."""
    z = mean / sd
    density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return sd * density - mean * upper_tail(z)


def fit_prior(estimates: Sequence[float], std_errors: Sequence[float]) -> NormalPrior:
    """Return the prior that the history of past experiments suggests, by moments.

    Args:
        estimates: Effects of past experiments, on one scale, at least three.
        std_errors: Their errors, positive.

    Source:
        Efron and Morris 1973; DerSimonian and Laird 1986 for the variance.
    """
    if len(estimates) < 3 or len(estimates) != len(std_errors):
        raise CannotCompute(
            "too_few_experiments", f"a prior from {len(estimates)} experiments", fix="use a stated prior"
        )
    weights = np.array([1 / s**2 for s in std_errors])
    y = np.array(estimates)
    centre = float(weights @ y / weights.sum())
    q = float(weights @ (y - centre) ** 2)
    excess = (q - (y.size - 1)) / float(weights.sum() - (weights**2).sum() / weights.sum())
    if excess <= 0:
        raise CannotCompute("no_variation", "past effects vary no more than chance does", fix="use a stated prior")
    random = 1 / (np.array(std_errors) ** 2 + excess)
    return NormalPrior(mean=float(random @ y / random.sum()), variance=excess)
