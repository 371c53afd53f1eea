"""Grounds: how many units and days an experiment must have seen before anything of it is shipped."""

from dataclasses import replace
from datetime import timedelta

from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.scorecard import Scorecard
from counterpoint.stats import Decision, Verdict
from counterpoint.vocabulary import Finding, Severity

LEAST_UNITS_TO_SHIP = 100
"""Matured units in each arm, unless the surface's policy says otherwise."""
LEAST_DAYS_TO_SHIP = 7
"""A whole week, so that no day of it speaks for the others; a shorter design asks for its own length."""


def on_grounds(decision: Decision, scorecard: Scorecard, spec: ExperimentSpec, variant: str, least: int) -> Decision:
    """Return the decision, with a shipment that rests on too little taken back; harm is acted on at any size.

    The tests keep their error rates with fewer units, too (`require_adequate` sees to that). What fails is the
    estimate: an effect that a handful of units can show has to look large, and whoever ships it believes in its size.

    Args:
        decision: By the rule, on what was measured.
        scorecard: What it rests on.
        spec: Its primary metric and guardrails have to have the units.
        variant: The treatment decided on.
        least: Matured units that each arm must have.
    """
    if decision.verdict != Verdict.SHIP:
        return decision
    lacking = [found for found in (_units(scorecard, variant, least), _days(scorecard, spec)) if found is not None]
    if not lacking:
        return decision
    last = scorecard.at_horizon
    said = "; ".join(finding.message for finding in lacking)
    good = decision.summary.removesuffix(": ship.")
    return replace(
        decision,
        verdict=Verdict.DO_NOT_SHIP if last else Verdict.KEEP_RUNNING,
        summary=f"{said}: {'do not ship' if last else 'keep running'}; so far {good}.",
        reasons=(*lacking, *decision.reasons),
    )


def _units(scorecard: Scorecard, variant: str, least: int) -> Finding | None:
    rows = [row for row in scorecard.of(variant) if row.role != "secondary" and row.effect is not None]
    row = min(rows, key=lambda each: min(each.n_control, each.n_treatment), default=None)
    if row is None or (n := min(row.n_control, row.n_treatment)) >= least:
        return None
    yet = "" if scorecard.at_horizon else " yet"
    return Finding(
        code="not_enough_units",
        severity=Severity.WARNING,
        path=row.metric,
        message=f"not enough units{yet} to ship: {n:,} in the smaller arm of {row.metric}, and {least:,} are asked",
        facts={"n": n, "least": least},
    )


def _days(scorecard: Scorecard, spec: ExperimentSpec) -> Finding | None:
    least = min(LEAST_DAYS_TO_SHIP, spec.schedule.days)
    ran = scorecard.as_of - scorecard.started_at
    if ran >= timedelta(days=least):
        return None
    days = ran / timedelta(days=1)
    return Finding(
        code="not_a_week",
        severity=Severity.WARNING,
        path="schedule.days",
        message=f"not a whole week yet: it ran for {days:.1f} days, and {least} are asked",
        facts={"days": round(days, 3), "least": least},
    )
