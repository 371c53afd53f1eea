"""Effects of one metric: the estimator that its type asks for, at one look, at planned looks and at any look."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from counterpoint.config import Metric
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.metrics.adequate import require_adequate
from counterpoint.metrics.measures import Unmeasured, unmeasured
from counterpoint.metrics.rollup import BEFORE, BEFORE_DENOMINATOR, MetricRollup
from counterpoint.stats import (
    AnytimeEffect,
    Effect,
    GroupSequentialBounds,
    Inference,
    Reference,
    Relative,
    Summary,
    always_valid,
    compare_adjusted,
    compare_means,
    compare_quantiles,
    compare_ratios,
    effect_at_look,
)

PlannedLook = Callable[[float], tuple[GroupSequentialBounds, int]]
"""From a level to the bounds so far and the look that is read; raises `no_look_yet` before the first."""

_Estimate = Callable[[Inference], Effect]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One metric of one treatment against control.

    Attributes:
        fixed: For the one look at the design's end; never to be shown before it.
        anytime: For any look.
        planned: For the planned looks; None where the design has none.
        n_control: Matured units.
    """

    fixed: Effect | Unmeasured
    anytime: AnytimeEffect | Unmeasured
    planned: AnytimeEffect | Unmeasured | None
    n_control: int
    n_treatment: int


def read_metric(
    metric: Metric,
    rollup: MetricRollup,
    *,
    control: str,
    treatment: str,
    alpha: float,
    tuning_n: float,
    look: PlannedLook | None = None,
) -> Reading:
    """Return what matured units say of a metric.

    Every relative interval is Fieller's at the multiple of the standard error that the absolute one has: it leaves out
    zero exactly when the test rejects. Where the control mean is not told apart from zero it is unbounded.

    Args:
        metric: Its type picks the estimator.
        rollup: Of that metric.
        control: The variant compared against.
        treatment: The variant compared.
        alpha: Two-sided level of each kind of reading.
        tuning_n: Units of both arms at which the anytime interval is tightest, fixed in advance.
        look: The planned look, for group-sequential designs.

    Estimand: Treatment minus control over the metric's window since first exposure, among exposed units.
    """
    n_control, n_treatment = _units(rollup, control), _units(rollup, treatment)

    def estimate(inference: Inference) -> Effect:
        return _effect(metric, rollup, control, treatment, inference)

    def reading(
        fixed: Effect | Unmeasured, anytime: AnytimeEffect | Unmeasured, planned: AnytimeEffect | Unmeasured | None
    ) -> Reading:
        return Reading(fixed=fixed, anytime=anytime, planned=planned, n_control=n_control, n_treatment=n_treatment)

    try:
        effect = estimate(Inference(alpha=alpha, relative=Relative.FIELLER))
        require_adequate(metric, rollup, control, treatment, alpha=alpha)
    except (CannotCompute, InvalidInput) as error:
        why = unmeasured(error)
        return reading(why, why, None if look is None else why)

    def planned_effect() -> AnytimeEffect:
        bounds, which = (look or _no_look)(alpha)
        return effect_at_look(effect, bounds, which)

    anytime = _measured(estimate, lambda: always_valid(effect, alpha=alpha, tuning_n=tuning_n))
    return reading(effect, anytime, None if look is None else _measured(estimate, planned_effect))


def _no_look(alpha: float) -> tuple[GroupSequentialBounds, int]:
    raise CannotCompute("no_look_yet", f"no look is planned at {alpha}")


def _measured(estimate: _Estimate, make: Callable[[], AnytimeEffect]) -> AnytimeEffect | Unmeasured:
    try:
        effect = make()
        # erfc(z / sqrt 2) is the two-sided level whose normal quantile is z.
        level = math.erfc(effect.critical / math.sqrt(2))
        # Beyond 38 standard errors the level is no double any more, and no interval says anything.
        if level <= 0:
            return replace(effect, relative_ci_lower=None, relative_ci_upper=None, relative=None)
        same = estimate(Inference(alpha=level, relative=Relative.FIELLER, reference=Reference.NORMAL))
    except CannotCompute as error:
        return unmeasured(error)
    return replace(
        effect,
        relative_effect=same.relative_effect,
        relative_std_error=same.relative_std_error,
        relative_ci_lower=same.relative_ci_lower,
        relative_ci_upper=same.relative_ci_upper,
        relative=same.relative,
        notes=same.notes,
    )


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
    if metric.type == "ratio":
        adjusted = _varies(a, b, BEFORE) and _varies(a, b, BEFORE_DENOMINATOR)
        if adjusted and a.mean(BEFORE_DENOMINATOR) and b.mean(BEFORE_DENOMINATOR):
            return compare_adjusted(a, b, inference, covariates=[(BEFORE, BEFORE_DENOMINATOR)])
        return compare_ratios(a, b, inference)
    # A share is the mean of zeros and ones: read by Welch's test its p-value and its interval are one statement, which
    # the pooled z-test and the Wald interval are not, and covariates adjust it like any mean.
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
