"""Checks of the moment: error budgets and freeze windows."""

from collections.abc import Iterator
from datetime import datetime

from counterpoint.agents.checks.findings import error, not_known, warning
from counterpoint.agents.ports import World
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
            message = f"{start.isoformat()} has passed: it starts at once"
            yield warning("start_has_passed", "schedule.start", message, fix={"schedule.start": None})
    for freeze in surface.policy.freezes:
        if freeze.start <= start < freeze.end:
            until = freeze.end.isoformat()
            yield error(
                "frozen",
                "schedule.start",
                f"nothing starts before {freeze.end:%Y-%m-%d %H:%M} UTC: {freeze.reason}",
                fix={"schedule.start": until},
                until=until,
            )
