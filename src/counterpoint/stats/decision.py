"""The risk-aware decision rule: ship only what is better somewhere, safe everywhere, and measured soundly."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from counterpoint.errors import InvalidInput
from counterpoint.stats.effects import AnytimeEffect, Effect
from counterpoint.stats.judgement import JudgingLevels, MetricJudgement, MetricReading, Role, judge
from counterpoint.stats.tails import check_share
from counterpoint.vocabulary import Finding, Severity


class Verdict(StrEnum):
    """What the evidence asks for."""

    SHIP = "ship"
    DO_NOT_SHIP = "do_not_ship"
    KEEP_RUNNING = "keep_running"
    INVESTIGATE = "investigate"


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityCheck:
    """A test of the experiment itself: sample ratio, pre-exposure bias."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict with its reasons.

    Attributes:
        verdict: What to do.
        summary: One sentence saying why.
        reasons: Codes with sentences, most weighty first.
        judgements: Per metric, in the order given.
        alpha_success: Level of each superiority test after correction.
        beta_each: False negative rate each test was to be designed with.
        always_valid: Whether the decision may be taken at any look.
    """

    verdict: Verdict
    summary: str
    reasons: tuple[Finding, ...]
    judgements: tuple[MetricJudgement, ...]
    alpha_success: float
    beta_each: float
    always_valid: bool


def corrected_alpha(alpha: float, n_success: int) -> float:
    """Return the level of each superiority test: guardrails are not counted, all of them have to pass.

    Source:
        Schultzberg, Ankargren and Frånberg 2024, arXiv:2402.11609, proposition 4.
    """
    return alpha / max(n_success, 1)


def corrected_beta(beta: float, n_success: int, n_guardrails: int, alpha_deterioration: float = 0.0) -> float:
    """Return the false negative rate to design each test with, so that a good change ships with power 1 - beta.

    Args:
        beta: False negative rate of the whole decision.
        n_success: Success metrics.
        n_guardrails: Guardrails; with a success metric one more test has to come out right.
        alpha_deterioration: False alarms that deterioration and quality tests may add, in total.

    Raises:
        InvalidInput: `beta_spent` when false alarms alone use up beta.

    Source:
        Schultzberg, Ankargren and Frånberg 2024, section 4, in its union-bound form.
    """
    left = beta - alpha_deterioration
    if left <= 0:
        raise InvalidInput(
            "beta_spent",
            "deterioration and quality tests alone block more good changes than beta allows",
            where="alpha_deterioration",
        )
    return left / max(n_guardrails + min(n_success, 1), 1)


def decide(
    readings: Sequence[MetricReading],
    checks: Sequence[QualityCheck] = (),
    *,
    alpha: float = 0.05,
    beta: float = 0.2,
    alpha_deterioration: float = 0.01,
    at_horizon: bool = True,
) -> Decision:
    """Return whether to ship, by the risk-aware rule.

    Ship only if at least one success metric is superior, every guardrail is non-inferior within its margin, nothing has
    deteriorated and every quality check passes.

    Args:
        readings: All metrics of one treatment against control.
        checks: Sample ratio, pre-exposure bias and their like.
        alpha: One-sided level of the decision; shared out over success metrics, given whole to each guardrail.
        beta: False negative rate of the decision; only reported, it acts at design time.
        alpha_deterioration: One-sided level of all deterioration tests together.
        at_horizon: Whether a fixed-horizon experiment has reached the end it was designed for.

    Raises:
        InvalidInput: `no_metrics`.
    """
    if not readings:
        raise InvalidInput("no_metrics", "a decision on no metric", where="readings")
    for value, name in ((alpha, "alpha"), (beta, "beta"), (alpha_deterioration, "alpha_deterioration")):
        check_share(value, name)
    success = sum(r.role == Role.SUCCESS for r in readings)
    level = corrected_alpha(alpha, success)
    worse = alpha_deterioration / len(readings)
    anytime = all(isinstance(r.effect, AnytimeEffect) for r in readings)
    may_judge = at_horizon or anytime
    judged = tuple(
        judge(r, JudgingLevels(success=level, margin=alpha, worse=worse), final=at_horizon) for r in readings
    )
    reasons: list[Finding] = [
        _reason("quality_failed", Severity.ERROR, c.name, c.detail) for c in checks if not c.passed
    ]
    reasons += [_reason("deteriorated", Severity.ERROR, j.metric, j.sentence) for j in judged if j.deteriorated]
    missing = [r for r in readings if r.effect is None]
    reasons += [
        _reason("cannot_compute", Severity.WARNING, r.metric, f"{r.metric} could not be computed: {r.missing}")
        for r in missing
    ]
    guarded = [j for j in judged if j.role == Role.GUARDRAIL]
    unproven = [j for j in guarded if not j.non_inferior]
    superior = [j for j in judged if j.role == Role.SUCCESS and j.superior]
    reasons += [_reason("guardrail_unproven", Severity.WARNING, j.metric, j.sentence) for j in unproven]
    if success and not superior:
        reasons.append(_reason("no_success", Severity.WARNING, "", "no success metric is superior yet"))
    reasons += [_reason("superior", Severity.INFO, j.metric, j.sentence) for j in superior]
    reasons += [_reason("non_inferior", Severity.INFO, j.metric, j.sentence) for j in guarded if j.non_inferior]
    reasons += [_reason("quality_passed", Severity.INFO, c.name, c.detail) for c in checks if c.passed]
    good = may_judge and not missing and not unproven and (bool(superior) or not success)
    if any(not c.passed for c in checks):
        verdict = Verdict.INVESTIGATE
    elif any(j.deteriorated for j in judged):
        verdict = Verdict.DO_NOT_SHIP
    elif good:
        verdict = Verdict.SHIP
    else:
        verdict = Verdict.DO_NOT_SHIP if at_horizon else Verdict.KEEP_RUNNING
    spoken = [r.message for r in reasons if (r.severity == Severity.INFO) == (verdict == Verdict.SHIP)]
    return Decision(
        verdict=verdict,
        summary="; ".join(spoken or ["the experiment has not reached its end"]) + f": {_WORDS[verdict]}.",
        reasons=tuple(reasons),
        judgements=judged,
        alpha_success=level,
        beta_each=corrected_beta(beta, success, len(guarded), min(alpha_deterioration, beta / 2)),
        always_valid=anytime,
    )


def monitor(readings: Sequence[MetricReading], checks: Sequence[QualityCheck] = (), *, alpha: float = 0.05) -> Decision:
    """Return the decision of a look before the end; only effects that hold at any look are accepted.

    Raises:
        InvalidInput: `fixed_horizon_effect` for an `Effect`: looking at it early would break its error rates.
    """
    for reading in readings:
        if isinstance(reading.effect, Effect):
            raise InvalidInput(
                "fixed_horizon_effect",
                "a fixed-horizon effect looked at before its end",
                where=reading.metric,
                fix="monitor an AnytimeEffect",
            )
    return decide(readings, checks, alpha=alpha, at_horizon=False)


def _reason(code: str, severity: Severity, path: str, message: str) -> Finding:
    return Finding(code=code, severity=severity, path=path, message=message)


_WORDS = {
    Verdict.SHIP: "ship",
    Verdict.DO_NOT_SHIP: "do not ship",
    Verdict.KEEP_RUNNING: "keep running",
    Verdict.INVESTIGATE: "investigate before reading any metric",
}
