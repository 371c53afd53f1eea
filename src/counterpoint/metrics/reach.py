"""The reach of an experiment: the smallest true change it finds with its power, by the day on which it ends."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.looks import LEAST_INFORMATION, SPENDING, look_schedule
from counterpoint.metrics.planned import PlannedUnits
from counterpoint.metrics.scorecard import Scorecard
from counterpoint.stats import (
    Alternative,
    ComparisonPlan,
    MetricModel,
    corrected_beta,
    detectable_effect,
    spending_bounds,
    watched_power,
)

_N_POINTS = 14
_LARGEST = 10.0
_LEAST_STEP = 0.01

_Units = Callable[[float], float]


def read_reach(
    spec: ExperimentSpec,
    card: Scorecard,
    points: Sequence[Mapping[str, Any]],
    planned: PlannedUnits | None,
    *,
    window_days: int,
    today: float,
    model: Callable[[], MetricModel | None],
) -> dict[str, Any]:
    """Return, as a document, the smallest relative change found with the decision's power, by day of exposure.

    The spread is this experiment's own as soon as it has figures. Units of past days are counted; those of days to
    come are the planned ones, in proportion to how many of them have come so far.

    Args:
        spec: Its test, level and power.
        card: As of now.
        points: Of the course, with the units of each day.
        planned: Units expected, fixed in advance; without them nothing is said about days to come.
        window_days: Of the primary metric.
        today: Days since the start.
        model: The metric as recorded before the start.
    """
    counted = {float(p["day"]): min(v["n_control"] + v["n_treatment"] for v in p["variants"]) for p in points}
    measured = _measured(card)
    used, source = (measured, "this experiment") if measured is not None else (model(), "traffic before the start")
    head = {"power": spec.analysis.power, "source": source, "today": None, "by_day": []}
    if used is None:
        return head | {"reason": {"code": "no_history", "message": "the spread of the metric is not known"}}
    units = _units(spec, counted, planned, window_days)
    found = []
    for day in _days(spec, window_days, today, max(counted, default=0.0), planned):
        change = _smallest(spec, used, units, day, window_days)
        if change is not None:
            found.append({"day": day, "units": round(units(day)), "change": change})
    latest = [each for each in found if each["day"] <= today]
    if not found:
        return head | {"reason": {"code": "too_few_units", "message": "too few units have matured and none is planned"}}
    return head | {"today": latest[-1] if latest else None, "by_day": found, "reason": None}


def _measured(card: Scorecard) -> MetricModel | None:
    """Return the metric with the spread that the widest comparison shows per unit, covariates taken out."""
    effects = [row.anytime or row.effect for row in card.rows if (row.anytime or row.effect) is not None]
    models = []
    for effect in effects:
        if effect is None or not effect.control_mean or effect.std_error <= 0:
            continue
        variance = effect.std_error**2 / (1 / effect.n_control + 1 / effect.n_treatment)
        models.append(MetricModel(mean=effect.control_mean, variance=variance))
    return max(models, key=lambda each: each.variance, default=None)


def _units(
    spec: ExperimentSpec, counted: Mapping[float, int], planned: PlannedUnits | None, window_days: int
) -> _Units:
    weights = [float(variant.weight) for variant in spec.variants]
    pair = (weights[0] + min(weights[1:])) / sum(weights)
    last = max(counted, default=0.0)

    def expected(day: float) -> float:
        if planned is None:
            return 0.0
        whole = int(day)
        before, after = (pair * planned.matured(window_days, d) for d in (whole, whole + 1))
        return before + (day - whole) * (after - before)

    def units(day: float) -> float:
        if day in counted:
            return float(counted[day])
        if day <= last:
            nearest = max((d for d in counted if d <= day), default=None)
            return float(counted[nearest]) if nearest is not None else 0.0
        so_far = expected(last)
        # Traffic that came in more slowly than planned is expected to go on so.
        pace = counted[last] / so_far if counted and so_far > 0 and counted[last] else 1.0
        return pace * expected(day)

    return units


def _days(
    spec: ExperimentSpec, window_days: int, today: float, last: float, planned: PlannedUnits | None
) -> list[float]:
    end = float(spec.schedule.days) if planned is not None else last
    whole = [float(day) for day in range(window_days + 1, int(end) + 1)]
    step = -(-len(whole) // _N_POINTS) if whole else 1
    kept = {*whole[::step], *whole[-1:]}
    # The newest reading stands for today: nothing later has been looked at.
    return sorted({*kept, last} if window_days < last <= today else kept)


def _smallest(spec: ExperimentSpec, model: MetricModel, units: _Units, day: float, window_days: int) -> float | None:
    n = units(day)
    weights = [float(variant.weight) for variant in spec.variants]
    alpha = spec.analysis.alpha / max(1, len(spec.treatments))
    target = 1 - corrected_beta(1 - spec.analysis.power, 1, len(spec.metrics.guardrails))
    plan = ComparisonPlan(
        alpha=alpha,
        alternative=Alternative.TWO_SIDED,
        control_weight=weights[0],
        treatment_weight=min(weights[1:]),
        bounds=_bounds(spec, units, day, window_days, alpha) if spec.analysis.test == "group_sequential" else None,
    )
    if n <= 4 * sum(weights) / min(weights):
        return None
    try:
        if spec.analysis.test != "always_valid":
            return abs(detectable_effect(model, plan, n, target))
        found = scipy.optimize.brentq(
            lambda size: watched_power(model, plan, n, size) - target, 1e-6, _LARGEST, rtol=1e-4
        )
    except (CannotCompute, InvalidInput, ValueError):  # beyond every change that could be meant
        return None
    return float(found)


def _bounds(spec: ExperimentSpec, units: _Units, day: float, window_days: int, alpha: float) -> Any:
    """Return the bounds of the planned looks up to a day, as though the design ended there."""
    end, path = units(day), list[float]()
    for look in look_schedule(spec, window_days):
        share = units(float(look)) / end if look < day and end > 0 else 0.0
        if share >= max(LEAST_INFORMATION, (path[-1] if path else 0.0) + _LEAST_STEP) and share < 0.99:
            path.append(share)
    return spending_bounds((*path, 1.0), alpha=alpha, family=SPENDING)
