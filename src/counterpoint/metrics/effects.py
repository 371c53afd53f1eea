"""Effects of one metric: the estimator that its type asks for, at one look and at any look."""

from dataclasses import dataclass

from counterpoint.config import Metric
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.metrics.measures import Unmeasured, unmeasured
from counterpoint.metrics.rollup import BEFORE, BEFORE_DENOMINATOR, MetricRollup
from counterpoint.stats import (
    AnytimeEffect,
    Effect,
    Inference,
    Summary,
    always_valid,
    compare_adjusted,
    compare_means,
    compare_proportions,
    compare_quantiles,
    compare_ratios,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One metric of one treatment against control.

    Attributes:
        fixed: For the one look at the design's end; never to be shown before it.
        anytime: For any look.
        n_control: Matured units.
    """

    fixed: Effect | Unmeasured
    anytime: AnytimeEffect | Unmeasured
    n_control: int
    n_treatment: int


def read_metric(
    metric: Metric,
    rollup: MetricRollup,
    *,
    control: str,
    treatment: str,
    fixed: Inference,
    anytime_alpha: float,
    tuning_n: float,
) -> Reading:
    """Return what matured units say of a metric.

    Args:
        metric: Its type picks the estimator.
        rollup: Of that metric.
        control: The variant compared against.
        treatment: The variant compared.
        fixed: How the look at the end is read.
        anytime_alpha: Level over all looks together.
        tuning_n: Units of both arms at which the anytime interval is tightest, fixed in advance.

    Estimand: Treatment minus control over the metric's window since first exposure, among exposed units.
    """
    n_control, n_treatment = _units(rollup, control), _units(rollup, treatment)
    try:
        effect = _effect(metric, rollup, control, treatment, fixed)
    except (CannotCompute, InvalidInput) as error:
        why = unmeasured(error)
        return Reading(fixed=why, anytime=why, n_control=n_control, n_treatment=n_treatment)
    anytime: AnytimeEffect | Unmeasured
    try:
        anytime = always_valid(effect, alpha=anytime_alpha, tuning_n=tuning_n)
    except CannotCompute as error:
        anytime = unmeasured(error)
    return Reading(fixed=effect, anytime=anytime, n_control=n_control, n_treatment=n_treatment)


def _units(rollup: MetricRollup, variant: str) -> int:
    if variant in rollup.quantiles:
        return rollup.quantiles[variant].clusters.n
    return rollup.arms[variant].n if variant in rollup.arms else 0


def _effect(metric: Metric, rollup: MetricRollup, control: str, treatment: str, inference: Inference) -> Effect:
    if metric.type == "quantile":
        return _quantile_effect(metric, rollup, control, treatment, inference)
    for variant in (control, treatment):
        # A segment may hold units of one arm only.
        if variant not in rollup.arms:
            raise CannotCompute(
                "too_few_units", "no units", where=variant, fix="wait for at least two units in each arm"
            )
    a, b = rollup.arms[control], rollup.arms[treatment]
    match metric.type:
        case "proportion":
            return compare_proportions(a, b, inference)
        case "ratio":
            adjusted = _varies(a, b, BEFORE) and _varies(a, b, BEFORE_DENOMINATOR)
            if adjusted and a.mean(BEFORE_DENOMINATOR) and b.mean(BEFORE_DENOMINATOR):
                return compare_adjusted(a, b, inference, covariates=[(BEFORE, BEFORE_DENOMINATOR)])
            return compare_ratios(a, b, inference)
        case "mean":
            if _varies(a, b, BEFORE):
                return compare_adjusted(a, b, inference, covariates=[BEFORE])
            return compare_means(a, b, inference)


def _quantile_effect(
    metric: Metric, rollup: MetricRollup, control: str, treatment: str, inference: Inference
) -> Effect:
    for variant in (control, treatment):
        if variant not in rollup.quantiles:
            raise CannotCompute("no_values", "no value was recorded", where=variant, fix="check that events arrive")
    a, b = rollup.quantiles[control], rollup.quantiles[treatment]
    return compare_quantiles(a.values, b.values, metric.quantile or 0.5, inference, clusters=(a.clusters, b.clusters))


def _varies(a: Summary, b: Summary, column: str) -> bool:
    return column in a.columns and min(a.n, b.n) > 1 and a.variance(column) > 0 and b.variance(column) > 0
