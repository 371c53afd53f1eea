"""The history of a metric: which effects past experiments found on it, and what that lets one expect of the next."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from counterpoint.agents.ports import PastExperiment
from counterpoint.errors import CannotCompute
from counterpoint.experiments import Unknown
from counterpoint.stats import NormalPrior, fit_prior

LEAST_EXPERIMENTS = 3
"""Measured effects below which nothing is said: a spread cannot be told from chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectHistory:
    """The relative effects that past experiments on one surface found on one metric.

    Attributes:
        n: Experiments whose effect was measured with an error.
        prior: Distribution of true effects, chance taken out.
        largest: The measured effect furthest from zero, a fraction.
        largest_in: The experiment that found it.
    """

    metric: str
    n: int
    prior: NormalPrior
    largest: float
    largest_in: str

    @property
    def typical(self) -> float:
        """Typical size of a true effect, whatever its sign: the root mean square, a fraction."""
        return math.sqrt(self.prior.mean**2 + self.prior.variance)

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "metric": self.metric,
            "n": self.n,
            "mean": self.prior.mean,
            "sd": math.sqrt(self.prior.variance),
            "typical": self.typical,
            "largest": self.largest,
            "largest_in": self.largest_in,
        }


def effect_history(past: Sequence[PastExperiment], *, surface: str, metric: str) -> EffectHistory | Unknown:
    """Return what past experiments on `surface` found on `metric`, or why that says nothing yet."""
    measured = [
        (p.relative_effect, p.relative_std_error, p.key)
        for p in past
        if p.surface == surface
        and p.primary == metric
        and p.relative_effect is not None
        and p.relative_std_error is not None
        and p.relative_std_error > 0
    ]
    if len(measured) < LEAST_EXPERIMENTS:
        reason = f"{len(measured)} past experiments measured {metric}, and {LEAST_EXPERIMENTS} are the least"
        return Unknown(code="too_few_experiments", reason=reason)
    try:
        prior = fit_prior([effect for effect, _, _ in measured], [error for _, error, _ in measured])
    except CannotCompute as error:
        return Unknown(code=error.code, reason=error.what)
    largest, _, key = max(measured, key=lambda each: (abs(each[0]), each[2]))
    return EffectHistory(metric=metric, n=len(measured), prior=prior, largest=largest, largest_in=key)


def expected_effect(history: EffectHistory) -> float:
    """Return the effect size to plan for where nobody stated one: a fraction, rounded to two digits.

    The typical true effect, not the largest one measured: what was measured largest is larger than it is (the winner's
    curse), and a design made for it finds nothing.
    """
    digits = 1 - math.floor(math.log10(history.typical))
    return round(history.typical, digits)
