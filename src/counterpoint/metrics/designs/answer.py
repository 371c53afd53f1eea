"""The answer about a design: ready on which day with what probability, or never, and what would change that."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.metrics.designs.question import (
    DesignQuestion,
    matured_units,
    plan_for,
    target_power,
    used_model,
)
from counterpoint.metrics.levels import Test
from counterpoint.stats import Alternative, detectable_effect, power, sample_size, watched_power, watched_sample_size

_SURE = 0.9
_N_POINTS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """One change that would make a design ready, or readier, tried alone."""

    code: str
    sentence: str
    day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignRow:
    """What one way of reading costs.

    Attributes:
        units: Of control and one treatment, None when no number suffices.
        day: On which they are expected to have matured, None for never.
    """

    design: str
    test: Test
    cuped: bool
    units: float | None
    day: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignAnswer:
    """When a design is ready.

    Attributes:
        day: Length of the shortest schedule that has the power by the forecast; None for never.
        probability: That enough units have matured by then.
        day_when_sure: Length of the schedule that suffices with probability 0.9; None for never.
        units_needed: Matured units of control and one treatment; None when no number suffices.
        units_expected: Those by `day`, or by the longest schedule considered.
        detectable: Relative effect that the longest schedule would find; None when it finds none.
        alpha: Level of this test after correction, `target` its power.
        by_day: (day, expected power, probability of enough units) of schedules.
        curve: (relative effect, power) at `day`, or at the longest schedule.
        designs: What each way of reading costs.
        remedies: What would change the answer.
        sentence: The answer for people.
    """

    question: DesignQuestion
    day: int | None
    probability: float
    day_when_sure: int | None
    units_needed: float | None
    units_expected: float
    detectable: float | None
    alpha: float
    target: float
    by_day: tuple[tuple[int, float, float], ...]
    curve: tuple[tuple[float, float], ...]
    designs: tuple[DesignRow, ...]
    remedies: tuple[Remedy, ...]
    sentence: str

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        q = self.question
        return {
            "kind": q.kind,
            "metric": q.metric,
            "mean": q.model.mean,
            "std_dev": math.sqrt(q.model.variance),
            "proportion": q.model.binary,
            "explained_by_cuped": q.model.explained,
            "trigger_rate": q.model.trigger_rate,
            "relative_effect": q.effect,
            "margin": q.margin,
            "window_days": q.window_days,
            "allocation": q.allocation,
            "weights": list(q.weights),
            "test": q.test,
            "look_every_days": q.look_every,
            "cuped": q.cuped,
            "alpha": q.alpha,
            "alpha_each": self.alpha,
            "power": q.power,
            "power_each": self.target,
            "n_success": q.n_success,
            "n_guardrails": q.n_guardrails,
            "traffic": {"source": q.forecast.source, "spread": q.forecast.spread},
            "ready": self.day is not None,
            "day": self.day,
            "probability": self.probability,
            "day_when_sure": self.day_when_sure,
            "units_needed": self.units_needed,
            "units_expected": self.units_expected,
            "detectable_effect": self.detectable,
            "max_days": q.max_days,
            "by_day": [{"day": d, "power": p, "probability": c} for d, p, c in self.by_day],
            "curve": [{"relative_effect": e, "power": p} for e, p in self.curve],
            "designs": [
                {"design": r.design, "test": r.test, "cuped": r.cuped, "units": r.units, "day": r.day}
                for r in self.designs
            ],
            "remedies": [{"code": r.code, "sentence": r.sentence, "day": r.day} for r in self.remedies],
            "sentence": self.sentence,
        }


def answer_design(question: DesignQuestion) -> DesignAnswer:
    """Return when an experiment is ready, or that it never is, with the cost of every way to read it.

    A schedule is ready when its test, with the looks of that schedule, has the power asked for on the units expected
    to have matured at its end. Power and units are exact inverses of each other.

    Args:
        question: The comparison, its experiment and its traffic.

    Raises:
        InvalidInput: `share_out_of_range` for an effect that no share can have.
    """
    target, end = target_power(question), question.max_days
    day = _ready_day(question)
    at = day or end
    needed, expected = _units_needed(question, at), matured_units(question, at)
    sure = replace(question.forecast, new_per_day=_pessimistic(question))
    chance = _chance(expected, needed, question.forecast.spread)
    remedies = _remedies(question, day)
    return DesignAnswer(
        question=question,
        day=day,
        probability=chance,
        day_when_sure=_ready_day(replace(question, forecast=sure)),
        units_needed=needed,
        units_expected=expected,
        detectable=_detectable(question, end),
        alpha=plan_for(question, at).alpha,
        target=target,
        by_day=tuple(
            (
                d,
                _power(question, d),
                _chance(matured_units(question, d), _units_needed(question, d), question.forecast.spread),
            )
            for d in _days_shown(question, day)
        ),
        curve=_curve(question, at),
        designs=_designs(question),
        remedies=remedies,
        sentence=_sentence(question, day, chance, needed, expected, remedies),
    )


def _power(question: DesignQuestion, days: int) -> float:
    return _power_of(question, days, question.effect)


def _power_of(question: DesignQuestion, days: int, effect: float) -> float:
    model, n = used_model(question), matured_units(question, days)
    # Below a handful of units in an arm there is no test to speak of.
    least = 4 * sum(question.weights) / min(question.weights)
    if n * model.trigger_rate <= least:
        return 0.0
    plan = plan_for(question, days)
    try:
        if question.test == "always_valid":
            return watched_power(model, plan, n, effect, n_looks=max(2, min(28, days - question.window_days)))
        return power(model, plan, n, effect)
    except CannotCompute:
        return 0.0


def _units_needed(question: DesignQuestion, days: int) -> float | None:
    model, plan, target = used_model(question), plan_for(question, days), target_power(question)
    try:
        if question.test == "always_valid":
            return watched_sample_size(model, plan, question.effect, target)
        return sample_size(model, plan, question.effect, target)
    except CannotCompute:
        return None


def _ready_day(question: DesignQuestion) -> int | None:
    low, high, target = question.window_days, question.max_days, target_power(question)
    if _power(question, high) < target:
        return None
    # Power grows with the schedule: more units, and hardly more looks' worth of error.
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(question, middle) >= target else (middle, high)
    return high


def _pessimistic(question: DesignQuestion) -> tuple[float, ...]:
    less = max(0.0, 1 - 1.2815515655446004 * question.forecast.spread)
    return tuple(less * x for x in question.forecast.new_per_day)


def _chance(expected: float, needed: float | None, spread: float) -> float:
    if needed is None or expected <= 0:
        return 0.0
    if spread == 0:
        return float(expected >= needed)
    return 0.5 * math.erfc((needed / expected - 1) / spread / math.sqrt(2))


def _days_shown(question: DesignQuestion, day: int | None) -> tuple[int, ...]:
    last = question.max_days if day is None else min(question.max_days, max(2 * day, question.window_days + 14))
    first = question.window_days + 1
    step = max(1, math.ceil((last - first) / _N_POINTS))
    return tuple(sorted({*range(first, last, step), *([day] if day else []), last}))


def _curve(question: DesignQuestion, days: int) -> tuple[tuple[float, float], ...]:
    reach = abs(question.effect) * 2 or (question.margin or 0.0) * 2
    sign = -1.0 if question.effect < 0 or (not question.effect and question.better == Alternative.LESS) else 1.0
    start = -sign * (question.margin or 0.0) if question.margin is not None else 0.0
    points = []
    for k in range(_N_POINTS + 1):
        effect = start + sign * reach * k / _N_POINTS
        try:
            points.append((effect, _power_of(question, days, effect)))
        except InvalidInput:  # beyond what a share can reach
            break
    return tuple(points)


def _detectable(question: DesignQuestion, days: int) -> float | None:
    n = matured_units(question, days)
    if n <= 4 or question.test == "always_valid":
        return None
    try:
        found = detectable_effect(used_model(question), plan_for(question, days), n, target_power(question))
    except (CannotCompute, InvalidInput):
        return None
    return abs(found) if question.margin is None else found


_READINGS: tuple[tuple[str, Test, int], ...] = (
    ("one look at the end", "fixed", 0),
    ("group-sequential, weekly looks", "group_sequential", 7),
    ("group-sequential, daily looks", "group_sequential", 1),
    ("always valid, any look", "always_valid", 1),
)


def _designs(question: DesignQuestion) -> tuple[DesignRow, ...]:
    rows = []
    # A holdout and an interaction are read once, at their end.
    for name, test, every in _READINGS if question.kind == "effect" else _READINGS[:1]:
        for cuped in (False, True) if question.model.explained > 0 else (False,):
            asked = replace(question, test=test, look_every=every, cuped=cuped)
            day = _ready_day(asked)
            shown = f"{name}, CUPED" if cuped else name
            units = _units_needed(asked, day or question.max_days)
            rows.append(DesignRow(design=shown, test=test, cuped=cuped, units=units, day=day))
    return tuple(rows)


def _remedies(question: DesignQuestion, day: int | None) -> tuple[Remedy, ...]:
    """Return changes that help, each tried alone, the mildest first."""
    even = (1.0,) * len(question.weights)
    tries: list[tuple[str, str, bool, Callable[[], DesignQuestion]]] = [
        ("even_split", "split the arms evenly", question.weights != even,
         lambda: replace(question, weights=even)),
        ("cuped", "adjust for the past (CUPED)", question.model.explained > 0 and not question.cuped,
         lambda: replace(question, cuped=True)),
        ("one_look", "look once, at the end", question.test != "fixed", lambda: replace(question, test="fixed")),
        ("planned_looks", "plan the looks (group-sequential)", question.test == "always_valid",
         lambda: replace(question, test="group_sequential")),
        ("hold_out_more", "hold out twice as many units", question.kind == "holdout" and question.allocation <= 0.5,
         lambda: replace(question, allocation=2 * question.allocation)),
        ("whole_audience", "allocate the whole audience", question.allocation < 1 and question.kind == "effect",
         lambda: replace(question, allocation=1.0)),
        ("fewer_variants", "test one treatment", len(question.weights) > 2,
         lambda: replace(question, weights=question.weights[:2])),
    ]  # fmt: skip
    found = []
    for code, words, applies, change in tries:
        then = _ready_day(change()) if applies else None
        if then is not None and (day is None or then < day):
            found.append(Remedy(code=code, sentence=f"{words}: ready on day {then}", day=then))
    if day is None:
        found += _impossible(question)
    return tuple(found)


def _impossible(question: DesignQuestion) -> list[Remedy]:
    out = []
    needed, have = _units_needed(question, question.max_days), matured_units(question, question.max_days)
    if needed is not None and have > 0:
        sentence = f"{needed / have:.1f} times the traffic would do within {question.max_days} days"
        out.append(Remedy(code="more_traffic", sentence=sentence, day=None))
    reach = _detectable(question, question.max_days)
    if reach is not None and question.margin is None:
        sentence = f"an effect of {reach:.2%} is found within {question.max_days} days"
        out.append(Remedy(code="larger_effect", sentence=sentence, day=question.max_days))
    return out


def _sentence(
    question: DesignQuestion,
    day: int | None,
    chance: float,
    needed: float | None,
    expected: float,
    remedies: tuple[Remedy, ...],
) -> str:
    kind = {"effect": "", "holdout": "a joint effect of ", "interaction": "an interaction of "}[question.kind]
    what = (
        f"{question.metric} within its margin of {question.margin:.2%}"
        if question.margin is not None
        else f"{kind}{question.effect:+.2%} of {question.metric}"
    )
    who = {
        "effect": "of control and one treatment",
        "holdout": "in both halves of the holdout",
        "interaction": "in both experiments",
    }[question.kind]
    if day is not None and needed is not None:
        return (
            f"Ready on day {day} with probability {chance:.0%}: {what} needs {needed:,.0f} matured units {who},"
            f" and {expected:,.0f} are expected by then."
        )
    why = "no number of units shows it" if needed is None else f"it needs {needed:,.0f} matured units"
    advice = f" What would change that: {'; '.join(r.sentence for r in remedies)}." if remedies else ""
    return f"Never within {question.max_days} days: {what}: {why}, and {expected:,.0f} are expected.{advice}"
