"""On which day an experiment will be ready, with what probability, or never, and what would change that."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.design.power import detectable_effect, power, sample_size
from counterpoint.stats.design.questions import ComparisonPlan, MetricModel
from counterpoint.stats.tails import Alternative, check_share, upper_tail
from counterpoint.vocabulary import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Units expected to enter both arms.

    Attributes:
        new_units_per_day: Expected first exposures on each day from the start; the last value is not repeated, because
            returning units run out.
        spread: Standard deviation of the total's relative forecast error, at least 0.
        window_days: Days after exposure until a unit's metric is complete.
    """

    new_units_per_day: tuple[float, ...]
    spread: float = 0.05
    window_days: int = 0

    def __post_init__(self) -> None:
        if not all(math.isfinite(x) and x >= 0 for x in self.new_units_per_day):
            raise InvalidInput("negative_count", "a day with fewer than no new units", where="new_units_per_day")
        if self.spread < 0 or self.window_days < 0:
            raise InvalidInput("negative_count", "a negative spread or window", where="traffic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """When the decision can be taken.

    Attributes:
        day: First day, counted from 1, on which the planned units have matured as forecast; None for never.
        units_needed: Assigned units of both arms.
        units_expected: Matured units by the end of the forecast.
        chance_by_day: For each day, the probability that enough units have matured.
        power_by_day: For each day, the power if the experiment ended then.
        detectable_at_end: Relative effect found with the target power at the end of the forecast, None when none is.
        changes: What would change the answer, with the day it would give; empty when ready on a day.
        sentence: The answer for people.
    """

    day: int | None
    units_needed: float | None
    units_expected: float
    chance_by_day: tuple[float, ...]
    power_by_day: tuple[float, ...]
    detectable_at_end: float | None
    changes: tuple[Finding, ...]
    sentence: str


def readiness(
    model: MetricModel, plan: ComparisonPlan, traffic: Traffic, relative_effect: float, *, target: float = 0.8
) -> Readiness:
    """Return when enough units will have matured for `target` power at `relative_effect`.

    Args:
        model: The metric.
        plan: The test, looks included.
        traffic: Forecast of new units, those of these two arms only.
        relative_effect: True effect as a share of the control mean, signed.
        target: Power.

    Source:
        Units needed by `sample_size`; the forecast's total is taken as normal around its mean.
    """
    check_share(target, "target")
    matured = _matured(traffic)
    end = matured[-1] if matured else 0.0
    needed: float | None
    try:
        needed = sample_size(model, plan, relative_effect, target)
    except CannotCompute:
        needed = None
    day = next((i + 1 for i, n in enumerate(matured) if needed is not None and n >= needed), None)
    chances = tuple(_chance(n, needed, traffic.spread) for n in matured)
    powers = tuple(_power_at(model, plan, n, relative_effect) for n in matured)
    changes = () if day is not None else tuple(_changes(model, plan, traffic, relative_effect, target))
    return Readiness(
        day=day,
        units_needed=needed,
        units_expected=end,
        chance_by_day=chances,
        power_by_day=powers,
        detectable_at_end=_detectable(model, plan, end, target),
        changes=changes,
        sentence=_sentence(day, needed, end, chances, changes),
    )


def power_curve(
    model: MetricModel, plan: ComparisonPlan, n_total: float, relative_effects: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    """Return (relative effect, power) pairs, ready to draw."""
    return tuple((e, power(model, plan, n_total, e)) for e in relative_effects)


def interaction_model(model: MetricModel, other_weights: tuple[float, float] = (1.0, 1.0)) -> MetricModel:
    """Return the model under which power answers for an interaction of two splits over the same units.

    The interaction is a difference of two differences, each from the share of units in one arm of the other experiment:
    four times the variance when that is split evenly. A share's cells are taken to vary as control does.

    Args:
        model: Of the metric.
        other_weights: Relative sizes of the other experiment's two arms, positive.
    """
    if not all(w > 0 for w in other_weights):
        raise InvalidInput("weights_not_positive", f"weights {list(other_weights)}", where="other_weights")
    factor = sum(other_weights) * sum(1 / w for w in other_weights)
    return replace(model, design_effect=model.design_effect * factor, binary=False)


def _matured(traffic: Traffic) -> list[float]:
    total, out = 0.0, []
    for day in range(len(traffic.new_units_per_day)):
        ripe = day - traffic.window_days
        total += traffic.new_units_per_day[ripe] if ripe >= 0 else 0.0
        out.append(total)
    return out


def _chance(n: float, needed: float | None, spread: float) -> float:
    if needed is None or n <= 0:
        return 0.0
    if spread == 0:
        return float(n >= needed)
    return upper_tail((needed / n - 1) / spread)


def _power_at(model: MetricModel, plan: ComparisonPlan, n: float, effect: float) -> float:
    least = 4 * (plan.control_weight + plan.treatment_weight) / min(plan.control_weight, plan.treatment_weight)
    return power(model, plan, n, effect) if n * model.trigger_rate > least else 0.0


def _detectable(model: MetricModel, plan: ComparisonPlan, n: float, target: float) -> float | None:
    if n <= 0:
        return None
    try:
        return detectable_effect(model, plan, n, target)
    except (CannotCompute, InvalidInput):
        return None


def _changes(model: MetricModel, plan: ComparisonPlan, traffic: Traffic, effect: float, target: float) -> list[Finding]:
    """Return remedies that work, each tried alone, the mildest first."""
    weights = plan.control_weight + plan.treatment_weight
    even = replace(plan, control_weight=weights / 2, treatment_weight=weights / 2)
    one_look = replace(plan, bounds=None)
    sided = Alternative.GREATER if effect > 0 else Alternative.LESS
    tries: list[tuple[str, str, Callable[[], float]]] = [
        ("even_split", "split the arms evenly", lambda: sample_size(model, even, effect, target)),
        (
            "covariate",
            "adjust for a covariate that explains half of the variance",
            lambda: sample_size(replace(model, explained=max(0.5, model.explained)), plan, effect, target),
        ),
        ("fewer_looks", "look once, at the end", lambda: sample_size(model, one_look, effect, target)),
        (
            "one_sided",
            "test the hypothesised side only",
            lambda: sample_size(model, replace(plan, alternative=sided, bounds=None), effect, target),
        ),
    ]
    end = (_matured(traffic) or [0.0])[-1]
    found: list[Finding] = []
    for code, words, ask in tries:
        try:
            needed = ask()
        except (CannotCompute, InvalidInput):
            continue
        if needed <= end:
            day = next(i + 1 for i, n in enumerate(_matured(traffic)) if n >= needed)
            found.append(_remedy(code, f"{words}: ready on day {day}", {"day": day, "units_needed": needed}))
    try:
        whole = sample_size(model, plan, effect, target)
        if end > 0:
            share = whole / end
            found.append(_remedy("more_traffic", f"{share:.1f} times the traffic would be enough", {"factor": share}))
    except CannotCompute:
        pass
    reach = _detectable(model, plan, end, target)
    if reach is not None:
        found.append(_remedy("larger_effect", f"an effect of {reach:+.2%} could be found", {"relative_effect": reach}))
    return found


def _remedy(code: str, message: str, facts: dict[str, float]) -> Finding:
    return Finding(code=code, severity=Severity.INFO, path="design", message=message, facts=facts)


def _sentence(
    day: int | None, needed: float | None, end: float, chances: Sequence[float], changes: Sequence[Finding]
) -> str:
    if needed is None:
        return "Never: no number of units shows this effect with this test."
    if day is None:
        advice = f"; {changes[0].message}" if changes else ""
        return f"Never within the forecast: {needed:,.0f} units are needed and {end:,.0f} will have matured{advice}."
    return f"Ready on day {day} with probability {chances[day - 1]:.0%}: {needed:,.0f} units are needed."
