"""Checks of the moment: error budgets, freeze windows, and what past experiments already showed."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from counterpoint.agents.checks.findings import error, info, not_known, warning
from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.ports import PastExperiment, World
from counterpoint.config import Surface
from counterpoint.experiments import ExperimentSpec, Unknown
from counterpoint.vocabulary import Finding


def check_budgets(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a launch while an error budget is gone."""
    del spec
    spent = (
        world.budgets.spent(surface.key)
        if world.budgets is not None
        else Unknown(code="no_budget_port", reason="service levels are not at hand")
    )
    if isinstance(spent, Unknown):
        yield not_known("", "the error budget", spent)
        return
    for words in spent:
        yield error("error_budget_spent", "", f"an error budget is gone: {words}; wait, or mend that first")


def check_freezes(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a start inside a freeze."""
    del surface
    start = world.now
    if spec.schedule.start is not None:
        try:
            start = datetime.fromisoformat(spec.schedule.start)
        except ValueError:
            yield error("bad_time", "schedule.start", f"'{spec.schedule.start}' is not ISO 8601 with a zone")
            return
        if start.tzinfo is None:
            yield error("bad_time", "schedule.start", f"'{spec.schedule.start}' has no zone")
            return
        if start < world.now:
            yield warning("start_has_passed", "schedule.start", f"{start.isoformat()} has passed: it starts at once")
    for freeze in world.freezes:
        if freeze.start <= start < freeze.end:
            until = freeze.end.isoformat()
            yield error(
                "frozen",
                "schedule.start",
                f"nothing starts before {freeze.end:%Y-%m-%d %H:%M} UTC: {freeze.reason}",
                fix={"schedule.start": until},
                until=until,
            )


def check_past(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Name past experiments that asked the same, or nearly so, with what they found."""
    for past in world.past:
        if past.surface != surface.key or not past.parameters & set(spec.parameters):
            continue
        result = (
            f"{past.relative_effect:+.2%} on {past.primary}"
            if past.relative_effect is not None
            else "no effect measured"
        )
        if (
            past.parameters == set(spec.parameters)
            and past.primary == spec.metrics.primary.metric
            and same_audience(surface, past.audience, spec.audience)
        ):
            yield warning(
                "duplicate_of_past",
                "hypothesis",
                f"'{past.key}' asked the same: {result}, {past.decision}",
                **_facts(past),
            )
        elif past.parameters == set(spec.parameters):
            yield info(
                "similar_to_past",
                "hypothesis",
                f"'{past.key}' set the same parameters: {result}, {past.decision}",
                **_facts(past),
            )


def _facts(past: PastExperiment) -> dict[str, Any]:
    return {"experiment": past.key, "relative_effect": past.relative_effect, "decision": past.decision}
