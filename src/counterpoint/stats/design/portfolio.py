"""Sample sizes for an experiment with several metrics and arms, and the split of traffic that needs fewest units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.decision import corrected_beta
from counterpoint.stats.tails import upper_quantile
from counterpoint.vocabulary import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMetric:
    """A metric of a planned experiment: success with an effect to detect, or a guardrail with a margin.

    Attributes:
        metric: Its key.
        mean: Of control.
        variance: Per unit.
        binary: Whether the treatment's variance follows its mean.
        effect: Relative effect to detect, positive; for success metrics.
        margin: Relative margin, positive; for guardrails.
        direction: Which way is better; None tests both sides.
    """

    metric: str
    mean: float
    variance: float
    binary: bool = False
    effect: float | None = None
    margin: float | None = None
    direction: Direction | None = Direction.INCREASE

    def __post_init__(self) -> None:
        if (self.effect is None) == (self.margin is None):
            raise InvalidInput("effect_or_margin", "needs either an effect to detect or a margin", where=self.metric)
        if not (math.isfinite(self.mean) and math.isfinite(self.variance)):
            raise InvalidInput("not_finite", "a mean or a variance is NaN or infinite", where=self.metric)
        if self.variance <= 0:
            raise CannotCompute("no_variation", "the metric did not vary", where=self.metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Level of each test and power of each metric once corrections are applied; z of the level is one-sided."""

    z_alpha: tuple[float, ...]
    z_power: float


def decision_levels(metrics: Sequence[PlannedMetric], n_treatments: int, alpha: float, power: float) -> Levels:
    """Return levels of the risk-aware rule: alpha shared by success metrics and arms, beta by guardrails.

    Args:
        metrics: Of the experiment.
        n_treatments: Arms besides control.
        alpha: One-sided level of the decision.
        power: Of the decision.

    Source:
        Schultzberg, Ankargren and Frånberg 2024.
    """
    success = sum(m.margin is None for m in metrics)
    comparisons = max(1, n_treatments * max(1, success))
    beta = corrected_beta(1 - power, success, len(metrics) - success)
    # A metric without a preferred direction is tested two-sided, which halves its level once more.
    levels = tuple(upper_quantile(alpha / comparisons / (1 if m.direction is not None else 2)) for m in metrics)
    return Levels(z_alpha=levels, z_power=upper_quantile(beta))


def units_needed(metric: PlannedMetric, z_alpha: float, z_power: float, weights: Sequence[float]) -> int:
    """Return the units of all arms at which the hardest comparison with control has its power.

    Args:
        metric: The metric.
        z_alpha: Normal quantile of its level.
        z_power: Normal quantile of its power.
        weights: Relative sizes of the arms, control first.
    """
    if not math.isfinite(z_alpha + z_power):
        raise InvalidInput("share_out_of_range", "a level or a power is not between 0 and 1", where="alpha")
    if len(weights) < 2 or not all(w > 0 for w in weights):
        raise InvalidInput("weights_not_positive", f"weights {list(weights)}", where="weights")
    shift = (metric.margin if metric.margin is not None else metric.effect or 0.0) * metric.mean
    if shift == 0:
        raise CannotCompute("never", "an effect of zero", where=metric.metric)
    treated = _treated_variance(metric)
    worst = 0.0
    for weight in weights[1:]:
        kappa = weights[0] / weight
        n_treatment = math.ceil((z_alpha + z_power) ** 2 * (metric.variance / kappa + treated) / shift**2)
        worst = max(worst, math.ceil(n_treatment * (1 + kappa) / ((weights[0] + weight) / sum(weights))))
    return int(worst)


def best_weights(metrics: Sequence[PlannedMetric], levels: Levels, n_arms: int) -> tuple[tuple[float, ...], int]:
    """Return the split, control first, with which the hardest metric needs fewest units, and those units.

    Treatments are equal to each other; the search runs over the control's share relative to one treatment.
    """
    ratios = [math.sqrt(m.variance / _treated_variance(m)) if m.binary and m.margin is None else 1.0 for m in metrics]
    low, high = min(ratios), max(ratios)
    best: tuple[tuple[float, ...], int] | None = None
    for step in range(100):
        kappa = low + (high - low) * step / 99
        one = 1 / (kappa + n_arms - 1)
        weights = (kappa * one, *(one,) * (n_arms - 1))
        n = max(units_needed(m, z, levels.z_power, weights) for m, z in zip(metrics, levels.z_alpha, strict=True))
        if best is None or n < best[1]:
            best = (weights, n)
    if best is None:
        raise CannotCompute("no_metrics", "a split for no metric")
    return best


def _treated_variance(metric: PlannedMetric) -> float:
    if not metric.binary or metric.effect is None:
        return metric.variance
    sign = -1 if metric.direction == Direction.DECREASE else 1
    p = metric.mean * (1 + sign * metric.effect)
    if not 0 < p < 1:
        raise InvalidInput("share_out_of_range", f"a treatment share of {p}", where=metric.metric)
    return p * (1 - p)
