"""What an agent may ask for now: its risk budget, its launches under way, and the state of what it would move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from counterpoint.agents import RiskBudget, risk_findings
from counterpoint.control.agency.agent_rules import AgentRules
from counterpoint.control.agency.foresight import decision_now
from counterpoint.control.agency.parked_writes import Action, ParkedWrite, ParkedWrites
from counterpoint.control.plane import Control, Document
from counterpoint.errors import Conflict, Forbidden
from counterpoint.experiments import ExperimentSpec, parse_spec
from counterpoint.orchestration import ENDED, Launch
from counterpoint.vocabulary import Finding, Severity

NOT_BEGUN = ("planned", "validated", "approved")
STATES: Mapping[Action, tuple[str, ...]] = {
    "pause": ("running",),
    "resume": ("paused",),
    "stop": (*NOT_BEGUN, "running", "paused", "stopped"),
    "ship": ("running", "paused", "stopped"),
}
"""In which states an agent may ask for what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskDesk:
    """Answers whether an agent may do something; changes nothing but its own reservations.

    Attributes:
        rules: Who the agents are, and their risk budgets.
    """

    control: Control
    rules: AgentRules
    writes: ParkedWrites

    def budget(self, agent: str) -> RiskBudget:
        """Return the risk budget of an agent."""
        return self.rules.budget_of(agent)

    def budget_document(self, agent: str) -> Document:
        """Return the risk budget of an agent, and how much of it is used."""
        document: Document = msgspec.to_builtins(self.budget(agent))
        return {
            "actor": agent,
            **document,
            "automatic_stop_on_guardrail": True,
            "n_under_way": len(self.under_way(agent)),
            "parked_hours": self.rules.parked_hours,
        }

    def under_way(self, agent: str) -> tuple[Launch, ...]:
        """Return the launches of an agent that have not ended."""
        launches = self.control.desk.world.launches.list()
        return tuple(each for each in launches if each.author == agent and each.state not in ENDED)

    def risk(self, spec: ExperimentSpec, agent: str) -> tuple[Finding, ...]:
        """Return everything by which a launch of `spec` would exceed the agent's budget as it now is."""
        return risk_findings(spec, self.budget(agent), n_under_way=len(self.under_way(agent)))

    def launchable(self, spec: ExperimentSpec, agent: str, now: datetime) -> tuple[Finding, ...]:
        """Return the validator's findings about a spec that the agent may launch.

        Raises:
            Forbidden: code `over_budget` or `refused`, with the findings.
        """
        over = self.risk(spec, agent)
        findings = self.control.planning.validate(spec, now)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if over:
            raise _refused("over_budget", over, [*over, *findings])
        if errors:
            raise _refused("refused", errors, findings)
        return findings

    def movable(self, action: Action, launch: Launch, agent: str) -> Document:
        """Return the platform's decision as of now on a launch that the agent may move so.

        Raises:
            Forbidden: code `not_your_launch`.
            Conflict: code `bad_transition` or `nothing_to_ship`.
        """
        if launch.author != agent:
            raise Forbidden(
                "not_your_launch",
                f"{launch.experiment} was launched by {launch.author}",
                where=launch.id,
                fix="ask a person to do it",
            )
        allowed = STATES[action]
        concluding = launch.state == "stopped" and not launch.held
        if concluding or launch.state not in allowed:
            raise Conflict(
                "bad_transition",
                f"a launch that is {launch.state} cannot {action}",
                where=launch.id,
                fix=f"it must be {' or '.join(allowed)}",
            )
        if action != "ship":
            return {"ship": None, "reasons": []}
        decision = decision_now(self.control, launch)
        if decision["ship"] is None:
            raise Conflict(
                "nothing_to_ship",
                f"the platform would ship no variant now: {' '.join(decision['reasons'])}",
                where=launch.id,
                fix="wait for its planned end, which ships the winner by itself, or stop it",
            )
        return decision

    def reserve(self, write: ParkedWrite, now: datetime) -> None:
        """Take a place among the agent's concurrent launches; of two confirmed at once, only as many as fit.

        Raises:
            Forbidden: code `over_budget`.
        """
        budget = self.budget(write.actor)
        here = launch_id_of(write)

        def change(held: Mapping[str, str]) -> dict[str, str]:
            launches = {each.id: each for each in self.control.desk.world.launches.list()}
            kept = {
                name: launch
                for name, launch in held.items()
                if launch not in launches and self.writes.get(name).expires_at > now
            }
            mine = {each.id for each in launches.values() if each.author == write.actor and each.state not in ENDED}
            n_others = len((mine | set(kept.values())) - {here})
            spec = parse_spec(write.plan["spec"], source="stored spec")
            over = risk_findings(spec, budget, n_under_way=n_others)
            if over:
                raise _refused("over_budget", over, over)
            return {**kept, write.id: here}

        self.writes.reserve(write.actor, change, at=now)


def launch_id_of(write: ParkedWrite) -> str:
    """Return the id of the launch that a parked one becomes: always the same, so that it is launched once."""
    return f"{write.experiment}-{write.id}"


def _refused(code: str, errors: Sequence[Finding], findings: Sequence[Finding]) -> Forbidden:
    first, more = errors[0].message, f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    fixable = any(finding.fix for finding in errors)
    return Forbidden(
        code,
        f"{first}{more}",
        where=errors[0].path or None,
        fix="apply the fixes that the findings carry, or change the spec" if fixable else None,
        facts={"findings": [finding.as_document() for finding in findings]},
    )
