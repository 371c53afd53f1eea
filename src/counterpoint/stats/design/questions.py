"""What a power calculation has to know: how the metric behaves, and how it will be tested."""

import math
from dataclasses import dataclass

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.effects import Reference
from counterpoint.stats.ratios import ratio_arm
from counterpoint.stats.sequential.bounds import GroupSequentialBounds
from counterpoint.stats.summary import DENOMINATOR, Summary
from counterpoint.stats.tails import Alternative, check_share


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricModel:
    """How a metric behaved in the past, per analysed unit.

    Attributes:
        mean: Of control; relative effects are shares of its absolute value.
        variance: Per unit, positive; of the linearised metric for a ratio.
        binary: Whether the metric is 0 or 1, so that the treatment's variance follows its mean.
        explained: Share of the variance that covariates take out (squared correlation), in [0, 1).
        trigger_rate: Share of assigned units that are analysed, in (0, 1].
        design_effect: Factor on the variance for rows finer than the randomised unit, at least 1.
    """

    mean: float
    variance: float
    binary: bool = False
    explained: float = 0.0
    trigger_rate: float = 1.0
    design_effect: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.mean) and math.isfinite(self.variance)):
            raise InvalidInput("not_finite", "a mean or a variance is NaN or infinite", where="metric")
        if self.variance <= 0:
            raise CannotCompute(
                "no_variation", "the metric did not vary", where="variance", fix="give a longer history"
            )
        if not 0 <= self.explained < 1:
            raise InvalidInput("share_out_of_range", f"covariates explain {self.explained}", where="explained")
        if not 0 < self.trigger_rate <= 1:
            raise InvalidInput("share_out_of_range", f"a trigger rate of {self.trigger_rate}", where="trigger_rate")
        if self.binary and not 0 < self.mean < 1:
            raise InvalidInput("share_out_of_range", f"a share of {self.mean}", where="mean")
        if not self.design_effect >= 1:
            raise InvalidInput(
                "design_effect_below_one", f"a design effect of {self.design_effect}", where="design_effect"
            )


def model_of(history: Summary, *, explained: float = 0.0, trigger_rate: float = 1.0) -> MetricModel:
    """Return the model of a metric's history: a mean, or a ratio when it has a denominator."""
    if history.n < 2:
        raise CannotCompute(
            "too_few_units", f"a history of {history.n} units", where="history", fix="give a longer history"
        )
    if DENOMINATOR in history.columns:
        arm = ratio_arm(history, "history")
        return MetricModel(mean=arm.mean, variance=arm.variance, explained=explained, trigger_rate=trigger_rate)
    return MetricModel(mean=history.mean(), variance=history.variance(), explained=explained, trigger_rate=trigger_rate)


def model_of_share(p: float, *, trigger_rate: float = 1.0) -> MetricModel:
    """Return the model of a yes-or-no metric with baseline share p."""
    check_share(p, "p")
    return MetricModel(mean=p, variance=p * (1 - p), binary=True, trigger_rate=trigger_rate)


def model_of_quantile(density: float, p: float, value: float) -> MetricModel:
    """Return the model of a p-quantile: its variance per unit is p(1-p) over the squared density of values there.

    Args:
        density: Of the values at the quantile, positive, per unit of the metric.
        p: Which quantile.
        value: The quantile.
    """
    check_share(p, "p")
    if not density > 0:
        raise InvalidInput("density_not_positive", f"a density of {density}", where="density")
    return MetricModel(mean=value, variance=p * (1 - p) / density**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPlan:
    """How one comparison will be tested.

    Attributes:
        alpha: Level of this test, already corrected for the number of tests.
        alternative: Side.
        control_weight: Relative share of units in control, positive.
        treatment_weight: Relative share in treatment, positive.
        margin: Tolerated deterioration as a share of the control mean, for non-inferiority; 0 for superiority.
        bounds: Of the planned looks; None for one look.
        reference: WELCH takes Student's t with exact noncentral power, NORMAL the normal distribution.
        pooled_null: For shares: whether the test pools the variance under the null.
    """

    alpha: float = 0.05
    alternative: Alternative = Alternative.TWO_SIDED
    control_weight: float = 1.0
    treatment_weight: float = 1.0
    margin: float = 0.0
    bounds: GroupSequentialBounds | None = None
    reference: Reference = Reference.NORMAL
    pooled_null: bool = False

    def __post_init__(self) -> None:
        check_share(self.alpha, "alpha")
        if not (self.control_weight > 0 and self.treatment_weight > 0):
            raise InvalidInput(
                "weights_not_positive", "an arm without units", where="weights", fix="give both arms a positive weight"
            )
        if not self.margin >= 0:
            raise InvalidInput("margin_missing", f"a margin of {self.margin}", where="margin")
