"""What one metric says about shipping: superior, non-inferior within its margin, or worse."""

import math
from dataclasses import dataclass
from enum import StrEnum

from counterpoint.errors import InvalidInput
from counterpoint.stats.effects import AnytimeEffect, Effect
from counterpoint.stats.sequential.confidence_sequence import sequence_p_value, tuned_rho
from counterpoint.stats.tails import Alternative, p_value
from counterpoint.vocabulary import Direction


class Role(StrEnum):
    """What a metric is for: success must be superior once, a guardrail non-inferior to its margin."""

    SUCCESS = "success"
    GUARDRAIL = "guardrail"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricReading:
    """One metric of one comparison, ready to be judged.

    Attributes:
        metric: Its key.
        role: Success or guardrail.
        direction: Which way is better.
        effect: Measured, or None when it could not be computed.
        margin: Largest tolerated deterioration as a share of the control mean, for guardrails; at least 0.
        missing: Why there is no effect, one clause.
    """

    metric: str
    role: Role
    direction: Direction
    effect: Effect | AnytimeEffect | None
    margin: float | None = None
    missing: str = ""

    def __post_init__(self) -> None:
        if self.role == Role.GUARDRAIL and (self.margin is None or not math.isfinite(self.margin) or self.margin < 0):
            raise InvalidInput("margin_missing", "a guardrail without a margin of at least 0", where=self.metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricJudgement:
    """What the rule found for one metric: superiority, non-inferiority and deterioration, each with its p-value."""

    metric: str
    role: Role
    superior: bool
    non_inferior: bool
    deteriorated: bool
    p_superior: float | None
    p_non_inferior: float | None
    p_deteriorated: float | None
    alpha_superior: float
    alpha_non_inferior: float
    alpha_deteriorated: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingLevels:
    """One-sided levels of the tests of one metric: superiority, non-inferiority, deterioration."""

    success: float
    margin: float
    worse: float


def judge(reading: MetricReading, levels: JudgingLevels, *, final: bool) -> MetricJudgement:
    """Return what a metric says.

    A group-sequential effect is read off its plan's bound: it must have been planned at no more than the level asked
    for, and has no p-value against other nulls. Its deterioration is judged at the plan's own level, which may block a
    little more often but never ships more.

    Args:
        reading: The metric.
        levels: One-sided.
        final: Whether a fixed-horizon effect has reached its end; before, it says nothing.
    """
    effect, name = reading.effect, reading.metric
    better = Alternative.GREATER if reading.direction == Direction.INCREASE else Alternative.LESS
    worse = Alternative.LESS if better == Alternative.GREATER else Alternative.GREATER
    if effect is None or (isinstance(effect, Effect) and not final):
        why = f"not computed: {reading.missing}" if effect is None else "a fixed-horizon test is read only at its end"
        return _judgement(reading, [(False, None)] * 3, levels, f"{name}: {why}")
    allowed = (reading.margin or 0.0) * abs(effect.control_mean)
    bound = -allowed if better == Alternative.GREATER else allowed
    guarded = reading.role == Role.GUARDRAIL
    planned = isinstance(effect, AnytimeEffect) and not effect.tuning_n
    tests = [
        _rejects(effect, 0.0, better, levels.success),
        _rejects(effect, bound, better, levels.margin) if guarded else (False, None),
        _rejects(effect, 0.0, worse, 1.0 if planned else levels.worse),
    ]
    shown = f"{effect.relative_effect:+.2%}" if effect.relative_effect is not None else f"{effect.estimate:+.4g}"
    if guarded:
        word = "non-inferior" if tests[1][0] else "not shown to be non-inferior"
        sentence = f"{word} on {name} within {reading.margin:.2%} ({shown})"
    else:
        sentence = f"{'superior' if tests[0][0] else 'not shown to be superior'} on {name} ({shown})"
    if tests[2][0]:
        sentence = f"worse on {name} ({shown})"
    return _judgement(reading, tests, levels, sentence)


def one_sided_p(effect: Effect | AnytimeEffect, null: float, alternative: Alternative) -> float:
    """Return the one-sided p-value against another null, of the kind that the effect's type promises.

    Raises:
        InvalidInput: `planned_looks_only` for group-sequential effects: their level is fixed by the plan's bounds.
    """
    z = (effect.estimate - null) / effect.std_error
    if isinstance(effect, Effect):
        return p_value(z, effect.df, alternative)
    if not effect.tuning_n:
        raise InvalidInput(
            "planned_looks_only", "a group-sequential effect has one level, that of its plan", where="effect"
        )
    rho = tuned_rho(effect.alpha, effect.tuning_n)
    return sequence_p_value(z, effect.n_control + effect.n_treatment, rho, alternative)


def _rejects(
    effect: Effect | AnytimeEffect, null: float, alternative: Alternative, level: float
) -> tuple[bool, float | None]:
    if isinstance(effect, Effect) or effect.tuning_n:
        p = one_sided_p(effect, null, alternative)
        return p <= level, p
    two_sided = effect.alternative == Alternative.TWO_SIDED
    planned = effect.alpha / 2 if two_sided else effect.alpha
    if planned > level * (1 + 1e-9) or not (two_sided or effect.alternative == alternative):
        return False, None
    z = (effect.estimate - null) / effect.std_error
    return (z if alternative == Alternative.GREATER else -z) > effect.critical, None


def _judgement(
    reading: MetricReading, tests: list[tuple[bool, float | None]], levels: JudgingLevels, sentence: str
) -> MetricJudgement:
    return MetricJudgement(
        metric=reading.metric,
        role=reading.role,
        superior=tests[0][0],
        non_inferior=tests[1][0],
        deteriorated=tests[2][0],
        p_superior=tests[0][1],
        p_non_inferior=tests[1][1],
        p_deteriorated=tests[2][1],
        alpha_superior=levels.success,
        alpha_non_inferior=levels.margin,
        alpha_deteriorated=levels.worse,
        sentence=sentence,
    )
