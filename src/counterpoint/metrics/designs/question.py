"""What is asked of a design: the metric, the effect or margin, the traffic, and how it will be read."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

from counterpoint.errors import InvalidInput
from counterpoint.experiments import MetricHistory, UnitsPerDay
from counterpoint.metrics.levels import Test
from counterpoint.metrics.planned import new_units
from counterpoint.stats import (
    Alternative,
    ComparisonPlan,
    MetricModel,
    Spending,
    corrected_alpha,
    corrected_beta,
    model_of_share,
    spending_bounds,
)

MAX_DAYS = 180
MAX_LOOKS = 28
_LEAST_INFORMATION = 0.05

DesignKind: TypeAlias = Literal["effect", "holdout", "interaction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Units of the audience expected to be seen for the first time, day by day.

    Attributes:
        new_per_day: Of the whole audience; its last entries stand for the days beyond.
        spread: Standard deviation of the total's relative error, at least 0.
        source: Where it comes from, in words.
    """

    new_per_day: tuple[float, ...]
    spread: float = 0.1
    source: str = "as given"

    def __post_init__(self) -> None:
        if not self.new_per_day or not all(math.isfinite(x) and x >= 0 for x in self.new_per_day):
            raise InvalidInput("negative_count", "units per day are not numbers of at least 0", where="units_per_day")
        if not 0 <= self.spread < 1:
            raise InvalidInput("share_out_of_range", f"a spread of {self.spread}", where="spread")

    def total(self, days: int) -> float:
        """Return units seen in the first `days` days."""
        units = UnitsPerDay(
            first_day=self.new_per_day[0],
            per_day_new=self.new_per_day,
            n_days=len(self.new_per_day),
            source=self.source,
        )
        return math.fsum(new_units(units, days)) if days > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignQuestion:
    """One comparison of one metric, and the experiment around it.

    Attributes:
        metric: Its key.
        model: How it is distributed; `explained` is what CUPED would take out, used only when `cuped`.
        effect: Relative effect to find, signed; 0 for a guardrail, which has a margin instead.
        margin: Relative margin of a guardrail; None for a success metric.
        better: Which way is better.
        window_days: Days until a unit's value is complete.
        forecast: Traffic of the audience.
        allocation: Share of the audience in the experiment, in (0, 1].
        weights: Of the variants, control first.
        n_success: Success metrics that share alpha.
        n_guardrails: Guardrails that share beta.
        alpha: Two-sided level of the decision.
        power: Of the decision.
        test: How it is read.
        look_every: Days between looks of a group-sequential design; 0 looks at the end only.
        cuped: Whether the past adjusts the present.
        max_days: Longest schedule considered.
        kind: What is compared; `holdout_design` and `interaction_design` set all that follows from it.
    """

    metric: str
    model: MetricModel
    effect: float
    margin: float | None = None
    better: Alternative = Alternative.GREATER
    window_days: int = 0
    forecast: Forecast
    allocation: float = 1.0
    weights: tuple[float, ...] = (1.0, 1.0)
    n_success: int = 1
    n_guardrails: int = 0
    alpha: float = 0.05
    power: float = 0.8
    test: Test = "fixed"
    look_every: int = 1
    cuped: bool = False
    max_days: int = MAX_DAYS
    kind: DesignKind = "effect"

    def __post_init__(self) -> None:
        if len(self.weights) < 2 or not all(w > 0 for w in self.weights):
            raise InvalidInput("weights_not_positive", f"weights {list(self.weights)}", where="weights")
        if not 0 < self.allocation <= 1:
            raise InvalidInput("share_out_of_range", f"an allocation of {self.allocation}", where="allocation")
        if self.margin is None and self.effect == 0:
            raise InvalidInput(
                "effect_or_margin", "neither an effect nor a margin", where="effect", fix="give an effect to find"
            )
        if self.max_days <= self.window_days:
            raise InvalidInput(
                "schedule_within_window",
                f"{self.max_days} days for a metric measured over {self.window_days}",
                where="max_days",
                fix="allow more days than the metric's window",
            )


def used_model(question: DesignQuestion) -> MetricModel:
    """Return the model as this design uses it: without CUPED nothing is explained."""
    m = question.model
    return MetricModel(
        mean=m.mean,
        variance=m.variance,
        binary=m.binary,
        explained=m.explained if question.cuped else 0.0,
        trigger_rate=m.trigger_rate,
        design_effect=m.design_effect,
    )


def matured_units(question: DesignQuestion, days: int) -> float:
    """Return matured units of control and the smallest treatment after `days`, before triggering."""
    pair = (question.weights[0] + min(question.weights[1:])) / sum(question.weights)
    return question.allocation * pair * question.forecast.total(days - question.window_days)


def plan_for(question: DesignQuestion, days: int) -> ComparisonPlan:
    """Return the test of a schedule of `days`: its level, side, margin and the bounds of its looks."""
    n_treatments = len(question.weights) - 1
    two_sided = corrected_alpha(question.alpha / n_treatments, question.n_success)
    guardrail = question.margin is not None
    alpha = question.alpha / n_treatments / 2 if guardrail else two_sided
    side = question.better if guardrail else Alternative.TWO_SIDED
    bounds = None
    if question.test == "group_sequential":
        path = _information(question, days)
        bounds = spending_bounds(path, alpha=alpha, sides=1 if guardrail else 2, family=Spending.OBRIEN_FLEMING)
    return ComparisonPlan(
        alpha=alpha,
        alternative=side,
        control_weight=question.weights[0],
        treatment_weight=min(question.weights[1:]),
        margin=question.margin or 0.0,
        bounds=bounds,
    )


def target_power(question: DesignQuestion) -> float:
    """Return the power that each test needs for the decision to have its power: beta is shared by guardrails."""
    return 1 - corrected_beta(1 - question.power, question.n_success, question.n_guardrails)


def model_from(history: MetricHistory, *, proportion: bool, trigger_rate: float = 1.0) -> MetricModel:
    """Return the model of a recorded metric; CUPED explains the square of its correlation with the period before."""
    explained = min(history.autocorrelation**2, 0.99) if history.autocorrelation else 0.0
    binary = proportion and 0 < history.mean < 1
    return MetricModel(
        mean=history.mean,
        variance=history.variance,
        binary=binary,
        explained=explained,
        trigger_rate=trigger_rate,
    )


def model_as_given(
    mean: float, sd: float | None, *, correlation: float = 0.0, trigger_rate: float = 1.0
) -> MetricModel:
    """Return the model of numbers that somebody gives; without `sd` the mean is a share.

    Args:
        mean: Of control.
        sd: Standard deviation per unit, positive; None for a yes-or-no metric.
        correlation: With the covariate that CUPED would use, in (-1, 1).
        trigger_rate: Share of assigned units that are analysed.
    """
    if sd is None:
        share = model_of_share(mean)
        variance, binary = share.variance, True
    else:
        variance, binary = sd**2, False
    return MetricModel(mean=mean, variance=variance, binary=binary, explained=correlation**2, trigger_rate=trigger_rate)


def _information(question: DesignQuestion, days: int) -> tuple[float, ...]:
    end, every = matured_units(question, days), question.look_every
    inner = range(question.window_days + every, days, every) if every else ()
    path: list[float] = []
    for day in inner:
        share = matured_units(question, day) / end if end > 0 else 0.0
        if share >= max(_LEAST_INFORMATION, (path[-1] if path else 0.0) + 1 / MAX_LOOKS) and share < 0.99:
            path.append(share)
    return (*path, 1.0)
