"""Power of experiments that are watched every day with a confidence sequence instead of read once."""

import math

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.design.power import standard_error
from counterpoint.stats.design.questions import ComparisonPlan, MetricModel
from counterpoint.stats.sequential.confidence_sequence import DEFAULT_BURN_IN, critical_multiple, tuned_rho
from counterpoint.stats.sequential.recursion import exit_probabilities
from counterpoint.stats.tails import Alternative, check_share


def watched_power(
    model: MetricModel,
    plan: ComparisonPlan,
    n_total: float,
    relative_effect: float,
    *,
    n_looks: int = 14,
    tuning_n: float | None = None,
    burn_in: int = DEFAULT_BURN_IN,
) -> float:
    """Return the probability that a confidence sequence leaves out the null at one of evenly spaced looks.

    Args:
        model: The metric.
        plan: Level, side, weights and margin; its bounds are not used.
        n_total: Assigned units of both arms at the last look.
        relative_effect: True effect as a share of the control mean, signed.
        n_looks: At least 1; the sequence holds at any number of looks, its power hardly depends on it.
        tuning_n: Units at which the sequence is tightest; the analysed units at the end when None.
        burn_in: Analysed units before which nothing is said.
    """
    if n_looks < 1:
        raise InvalidInput("no_looks", "watching without a look", where="n_looks")
    analysed = n_total * model.trigger_rate
    information = [(k + 1) / n_looks for k in range(n_looks)]
    used = [t for t in information if t * analysed >= burn_in]
    if not used:
        raise CannotCompute("burn_in", f"{analysed:.0f} units do not outlast the burn-in of {burn_in}", where="n_total")
    two_sided = plan.alternative == Alternative.TWO_SIDED
    rho = tuned_rho(plan.alpha if two_sided else 2 * plan.alpha, tuning_n or analysed)
    bounds = [critical_multiple(t * analysed, rho, plan.alpha, plan.alternative) for t in used]
    effect = relative_effect * abs(model.mean)
    allowed = plan.margin * abs(model.mean)
    shift = effect + (-allowed if plan.alternative == Alternative.LESS else allowed)
    drift = shift / standard_error(model, plan, n_total, effect)
    toward = -drift if plan.alternative == Alternative.LESS else drift
    lower = [-z for z in bounds] if two_sided else [-math.inf] * len(bounds)
    down, up = exit_probabilities(used, lower, bounds, toward)
    return min(1.0, float(up.sum() + (down.sum() if two_sided else 0.0)))


def watched_sample_size(
    model: MetricModel, plan: ComparisonPlan, relative_effect: float, target: float = 0.8, *, n_looks: int = 14
) -> float:
    """Return the assigned units at which `watched_power` is `target`, the sequence tuned to them.

    Raises:
        CannotCompute: `never` when no number of units suffices.
    """
    check_share(target, "target")

    def reached(n: float) -> float:
        return watched_power(model, plan, n, relative_effect, n_looks=n_looks) - target

    low = DEFAULT_BURN_IN * 1.01 / model.trigger_rate
    if reached(low) >= 0:
        return low
    high = 4 * low
    while reached(high) < 0:
        high *= 4
        if high > 1e14:
            raise CannotCompute("never", "no number of units shows this effect", where="relative_effect")
    return float(scipy.optimize.brentq(reached, low, high, xtol=1e-6, rtol=1e-10))
