"""Power, sample size and detectable effect of one comparison, exact inverses of each other."""

import math
from collections.abc import Callable

import scipy  # `scipy.stats` is loaded at its first use: 20 MB that a process which only waits does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.design.questions import ComparisonPlan, MetricModel
from counterpoint.stats.effects import Reference
from counterpoint.stats.sequential.bounds import crossing_probability
from counterpoint.stats.tails import Alternative, check_share, upper_quantile, upper_tail

_MOST_UNITS = 1e15


def power(model: MetricModel, plan: ComparisonPlan, n_total: float, relative_effect: float) -> float:
    """Return the probability that the comparison rejects its null.

    Args:
        model: The metric.
        plan: The test; with `bounds` the probability of rejecting at any of the planned looks.
        n_total: Assigned units of control and treatment together.
        relative_effect: True effect as a share of the control mean, signed; 0 for a non-inferiority test of no change.

    Returns:
        In [0, 1]; two-sided tests count both tails.
    """
    effect = relative_effect * abs(model.mean)
    return _power(model, plan, n_total, effect)


def sample_size(model: MetricModel, plan: ComparisonPlan, relative_effect: float, target: float = 0.8) -> float:
    """Return the assigned units of both arms at which the power is `target`; not rounded, an exact inverse of `power`.

    Raises:
        CannotCompute: `never` when no number of units reaches the power, such as for an effect of zero.
    """
    check_share(target, "target")
    effect = relative_effect * abs(model.mean)
    shifted = _shift(model, plan, effect)
    right_side = shifted > 0 if plan.alternative == Alternative.GREATER else shifted < 0
    if shifted == 0 or (plan.alternative != Alternative.TWO_SIDED and not right_side):
        raise CannotCompute(
            "never",
            "no number of units shows this effect",
            where="relative_effect",
            fix="assume an effect on the tested side of the null",
        )
    low = 2.000001 * (plan.control_weight + plan.treatment_weight) / min(plan.control_weight, plan.treatment_weight)
    low /= model.trigger_rate
    if _power(model, plan, low, effect) >= target:
        return low
    high = _grow(lambda n: _power(model, plan, n, effect) >= target, 2 * low)
    return float(
        scipy.optimize.brentq(lambda n: _power(model, plan, n, effect) - target, low, high, xtol=1e-9, rtol=1e-13)
    )


def detectable_effect(model: MetricModel, plan: ComparisonPlan, n_total: float, target: float = 0.8) -> float:
    """Return the relative effect on the tested side that is found with power `target`; an exact inverse of `power`.

    For non-inferiority it is the effect that must truly hold; it may lie below zero within the margin.

    Raises:
        CannotCompute: `zero_control_mean` without a mean to be relative to, `never` when no effect suffices.
    """
    check_share(target, "target")
    if model.mean == 0:
        raise CannotCompute("zero_control_mean", "a relative effect over a mean of zero", where="mean")
    sign = -1.0 if plan.alternative == Alternative.LESS else 1.0
    start = -sign * plan.margin

    def reached(size: float) -> float:
        return power(model, plan, n_total, start + sign * size) - target

    if plan.alternative == Alternative.TWO_SIDED and target <= plan.alpha:
        raise InvalidInput("power_below_alpha", f"a power of {target} at level {plan.alpha}", where="target")
    top = min((1 - model.mean) / model.mean - sign * start, 1e12) * (1 - 1e-12) if model.binary and sign > 0 else None
    if model.binary and sign < 0:
        top = 1 - 1e-12
    if top is not None and reached(top) < 0:
        raise CannotCompute("never", "no possible share is far enough away", where="n_total", fix="take more units")
    high = top if top is not None else _grow(lambda size: reached(size) >= 0, 1e-6)
    low = 0.0 if reached(0.0) <= 0 else -1e-9
    return start + sign * float(scipy.optimize.brentq(reached, low, high, xtol=1e-14, rtol=1e-13))


def standard_error(
    model: MetricModel, plan: ComparisonPlan, n_total: float, effect: float = 0.0, *, null: bool = False
) -> float:
    """Return the standard error of the difference in the metric's units.

    Args:
        model: The metric.
        plan: Weights.
        n_total: Assigned units of both arms.
        effect: True absolute effect, which moves the variance of a share.
        null: Whether to pool the variance of shares as under the null.
    """
    n1, n2 = _arms(model, plan, n_total)
    v1, v2 = _variances(model, effect)
    if null and model.binary:
        w1, w2 = n1 / (n1 + n2), n2 / (n1 + n2)
        pooled = model.mean + w2 * effect
        v1 = v2 = pooled * (1 - pooled) if w1 else v1
    factor = (1 - model.explained) * model.design_effect
    return math.sqrt(factor * (v1 / n1 + v2 / n2))


def _power(model: MetricModel, plan: ComparisonPlan, n_total: float, effect: float) -> float:
    error = standard_error(model, plan, n_total, effect)
    drift = _shift(model, plan, effect) / error
    if plan.bounds is not None:
        return _sequential(plan, drift)
    if plan.reference != Reference.NORMAL:
        return _noncentral(model, plan, n_total, drift)
    scale = standard_error(model, plan, n_total, effect, null=True) / error if plan.pooled_null else 1.0
    if plan.alternative == Alternative.TWO_SIDED:
        critical = scale * upper_quantile(plan.alpha / 2)
        return upper_tail(critical - drift) + upper_tail(critical + drift)
    toward = drift if plan.alternative == Alternative.GREATER else -drift
    return upper_tail(scale * upper_quantile(plan.alpha) - toward)


def _sequential(plan: ComparisonPlan, drift: float) -> float:
    if plan.bounds is None:
        raise InvalidInput("no_looks", "a sequential power without bounds", where="bounds")
    toward = -drift if plan.alternative == Alternative.LESS else drift
    down, up = crossing_probability(plan.bounds, toward)
    return min(1.0, sum(up) + (sum(down) if plan.bounds.sides == 2 else 0.0))


def _noncentral(model: MetricModel, plan: ComparisonPlan, n_total: float, drift: float) -> float:
    n1, n2 = _arms(model, plan, n_total)
    v1, v2 = _variances(model, 0.0)
    if plan.reference == Reference.POOLED:
        df = n1 + n2 - 2
    else:
        df = (v1 / n1 + v2 / n2) ** 2 / ((v1 / n1) ** 2 / (n1 - 1) + (v2 / n2) ** 2 / (n2 - 1))
    if plan.alternative == Alternative.TWO_SIDED:
        critical = upper_quantile(plan.alpha / 2, df)
        return _nct_above(critical, df, drift) + _nct_above(critical, df, -drift)
    toward = drift if plan.alternative == Alternative.GREATER else -drift
    return _nct_above(upper_quantile(plan.alpha, df), df, toward)


def _nct_above(critical: float, df: float, noncentrality: float) -> float:
    value = float(scipy.stats.nct.sf(critical, df, noncentrality))
    if math.isfinite(value):
        return min(max(value, 0.0), 1.0)
    # The noncentral series gives up far out, where the normal distribution is exact to many digits.
    return upper_tail(critical - noncentrality)


def _shift(model: MetricModel, plan: ComparisonPlan, effect: float) -> float:
    allowed = plan.margin * abs(model.mean)
    return effect + (-allowed if plan.alternative == Alternative.LESS else allowed)


def _arms(model: MetricModel, plan: ComparisonPlan, n_total: float) -> tuple[float, float]:
    if not n_total > 0:
        raise InvalidInput("negative_count", f"{n_total} units", where="n_total")
    total = plan.control_weight + plan.treatment_weight
    analysed = n_total * model.trigger_rate
    return analysed * plan.control_weight / total, analysed * plan.treatment_weight / total


def _variances(model: MetricModel, effect: float) -> tuple[float, float]:
    if not model.binary:
        return model.variance, model.variance
    p = model.mean + effect
    if not 0 <= p <= 1:
        raise InvalidInput(
            "share_out_of_range", f"a treatment share of {p}", where="relative_effect", fix="assume a smaller effect"
        )
    return model.variance, p * (1 - p)


def _grow(reached: Callable[[float], bool], start: float) -> float:
    value = start
    while not reached(value):
        value *= 4
        if value > _MOST_UNITS:
            raise CannotCompute("never", "no number of units suffices", where="n_total")
    return value
