"""Checks of policy: required guardrails and their margins, ramps, stop rules, approvals."""

from collections.abc import Iterator
from typing import Any

from counterpoint.agents.checks.findings import error, info, warning
from counterpoint.agents.generator import DEFAULT_MARGIN, ramp_for
from counterpoint.agents.ports import World
from counterpoint.config import Surface
from counterpoint.experiments import ExperimentSpec
from counterpoint.vocabulary import Finding


def check_required_guardrails(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a spec that does not watch what the surface's owners insist on."""
    del world
    watched = {g.metric for g in spec.metrics.guardrails} | {spec.metrics.primary.metric}
    absent = [m for m in surface.policy.required_guardrails if m not in watched]
    if absent:
        added = [{"metric": m, "margin": DEFAULT_MARGIN} for m in absent]
        whole: list[dict[str, Any]] = [g.model_dump(exclude_none=True) for g in spec.metrics.guardrails] + added
        message = f"the policy of {surface.key} requires {', '.join(absent)} among the guardrails"
        yield error(
            "missing_guardrail", "metrics.guardrails", message, fix={"metrics.guardrails": whole}, missing=absent
        )


def check_margins(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a guardrail without a margin: not getting worse at all can never be shown."""
    del surface, world
    for n, guardrail in enumerate(spec.metrics.guardrails):
        if not guardrail.margin and not guardrail.margin_abs:
            path = f"metrics.guardrails.{n}.margin"
            message = f"{guardrail.metric} has no margin, and 'no worse at all' can never be shown"
            yield error("no_margin", path, message, fix={path: DEFAULT_MARGIN})


def check_ramp(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a first stage larger than the policy lets start at once."""
    del world
    limit = surface.policy.max_allocation_without_ramp
    first = spec.schedule.ramp[0].share if spec.schedule.ramp else spec.allocation
    if first > limit:
        stages = [s.model_dump() for s in ramp_for(spec.allocation, surface)]
        message = f"{first:g} of the units would start at once, and the policy allows {limit:g} without a ramp"
        yield error("ramp_required", "schedule.ramp", message, fix={"schedule.ramp": stages}, limit=limit)


def check_stop_rules(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Warn when a breach would only be told, and not stopped."""
    del surface, world
    if spec.stop.on_guardrail == "alert":
        yield warning(
            "no_automatic_stop",
            "stop.on_guardrail",
            "a guardrail that is breached would not stop the experiment",
            fix={"stop.on_guardrail": "stop"},
        )
    if spec.stop.on_srm == "alert":
        yield warning(
            "no_automatic_pause",
            "stop.on_srm",
            "a sample ratio mismatch would not pause the experiment",
            fix={"stop.on_srm": "pause"},
        )


def check_approvals(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Say who has to approve."""
    del spec, world
    if surface.policy.approvals:
        people = "person" if surface.policy.approvals == 1 else "people"
        yield info(
            "needs_approval",
            "",
            f"{surface.policy.approvals} {people} other than the author must approve",
            n=surface.policy.approvals,
        )
    if surface.policy.owners:
        yield info(
            "needs_owner",
            "",
            f"an owner of the surface must approve: {', '.join(surface.policy.owners)}",
            owners=list(surface.policy.owners),
        )
