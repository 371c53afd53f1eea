"""Planning put together: hypothesis to plan to spec to findings, and the validator's signature under a Change."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from counterpoint.agents import (
    VALIDATOR,
    Outcome,
    Plan,
    Planner,
    World,
    generate,
    plan_offline,
    validate,
)
from counterpoint.config import Surface
from counterpoint.control.changes import launch_findings
from counterpoint.control.hypotheses.knowing import Knowing
from counterpoint.control.hypotheses.one_look import OneLook
from counterpoint.control.hypotheses.planner_records import PlannerRecords
from counterpoint.delivery import Evidence
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.experiments import ExperimentSpec, TrafficHistory, parse_spec
from counterpoint.releases import (
    AddExperiment,
    Attestation,
    Change,
    Release,
    ReleaseStore,
    check_change,
    publish,
    sign,
    territory_of,
)
from counterpoint.storage.sql import SqlPastExperiments
from counterpoint.vocabulary import Finding, Severity

Document = dict[str, Any]


class Planning:
    """Planner, generator and validator with the ports they look through."""

    def __init__(
        self,
        *,
        releases: ReleaseStore,
        past: SqlPastExperiments,
        traffic: TrafficHistory,
        evidence: Evidence,
        planner: Planner,
        records: PlannerRecords,
        key: bytes,
        stopwatch: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._releases = releases
        self._past = past
        self.knowing = Knowing(past=past)
        self._traffic = traffic
        self._evidence = evidence
        self._planner = planner
        self._records = records
        self._key = key
        self._stopwatch = stopwatch

    def propose(self, hypothesis: str, *, release: Release, owner: str, now: datetime) -> Document:
        """Return the plan of a hypothesis, the spec generated from it, the findings, and what each took in seconds."""
        surface, seconds = _as_live(release), {}
        started = self._stopwatch()
        planned = self._planner.plan(
            hypothesis,
            surface,
            past=self._past.past(surface.key),
            review=lambda draft: self._reviewed(draft, surface, owner=owner, hypothesis=hypothesis, now=now),
        )
        plan = planned.plan
        seconds["plan"] = self._stopwatch() - started
        document: Document = {"plan": plan.as_document(), "spec": None, "findings": [], "past": []}
        if planned.planner is not None:
            document["plan"]["planner"] = self._records.keep(planned, now)
            document["calls"] = [dict(call) for call in planned.calls]
        if plan.outcome is Outcome.PLAN:
            started = self._stopwatch()
            history = self.knowing.history(surface.key, plan.primary)
            made = generate(plan, surface, owner=owner, hypothesis=hypothesis, history=history)
            seconds["generate"] = self._stopwatch() - started
            started = self._stopwatch()
            findings = self.validate(made.spec, now)
            seconds["validate"] = self._stopwatch() - started
            # Every default written out: what is reviewed is what is launched.
            document["spec"] = made.spec.model_dump(mode="json", exclude_none=True)
            document["plan"]["provenance"] |= {
                path: source.as_document() for path, source in made.provenance.items() if path not in plan.provenance
            }
            document["past"] = self.knowing.cited(made.spec)
            document["findings"] = [finding.as_document() for finding in findings]
        return {**document, "seconds": {name: round(spent, 4) for name, spent in seconds.items()}}

    def calls(self, plan: Mapping[str, Any] | None) -> list[Document]:
        """Return every prompt and reply behind a plan, in order; none for one that no model was asked about."""
        return self._records.calls(plan)

    def warm(self, surface: str, now: datetime) -> None:
        """Read what the first hypothesis would wait for: the planner's language data, and requests to try pages on."""
        release = self._release(surface)
        plan_offline("Warm up.", _as_live(release))
        self._evidence.warm(release.state.surface, now)

    def spec_of(
        self,
        hypothesis: str | None,
        spec: str | Mapping[str, Any] | None,
        plan: Mapping[str, Any] | None,
        *,
        release: Release,
        owner: str,
        now: datetime,
    ) -> tuple[ExperimentSpec, Document | None]:
        """Return the spec to launch, and the plan behind it: from a spec as given, else from the hypothesis.

        Raises:
            InvalidInput: code `not_planned`, when the hypothesis needs an answer first or cannot be tested here;
                `nothing_to_launch`, when neither is given.
        """
        if spec is not None:
            return parse_spec(spec, source="spec"), None if plan is None else self._records.vouched(plan)
        if hypothesis is None or not hypothesis.strip():
            raise InvalidInput("nothing_to_launch", "neither a hypothesis nor a spec is given", fix="give one of them")
        proposal = self.propose(hypothesis, release=release, owner=owner, now=now)
        if proposal["spec"] is None:
            answer = proposal["plan"]
            raise InvalidInput(
                "not_planned",
                answer.get("question") or answer.get("explanation") or str(answer.get("reason")),
                where="hypothesis",
                fix="answer that in the hypothesis, and launch it again",
                facts={"plan": answer},
            )
        return parse_spec(proposal["spec"], source="generated spec"), proposal["plan"]

    def validate(self, spec: ExperimentSpec, now: datetime) -> tuple[Finding, ...]:
        """Return everything the validator says of a spec on what is live."""
        release = self._release(spec.surface)
        return self._validated(spec, release, self._world(release, now))

    def validator(self, now: datetime) -> Callable[[ExperimentSpec, datetime], tuple[Finding, ...]]:
        """Return what validates many specs on one look at what is live and at the records: both as they are now."""
        looked = OneLook(self._traffic, self._evidence)
        seen: dict[str, tuple[Release, World]] = {}

        def validate_one(spec: ExperimentSpec, _: datetime) -> tuple[Finding, ...]:
            if spec.surface not in seen:
                release = self._release(spec.surface)
                seen[spec.surface] = release, replace(self._world(release, now), traffic=looked, budgets=looked)
            return self._validated(spec, *seen[spec.surface])

        return validate_one

    def approvals_needed(self, spec: ExperimentSpec) -> int:
        """Return how many people must approve a launch of this spec."""
        return self._release(spec.surface).state.surface.policy.approvals

    def owners(self, spec: ExperimentSpec) -> tuple[str, ...]:
        """Return who owns the surface, as names or patterns, if one of them must approve a launch of this spec."""
        return self._release(spec.surface).state.surface.policy.owners

    def attest(self, change: Change, base: Release | None, now: datetime) -> Attestation:
        """Return the validator's signature over what it finds about a Change, experiments that it adds included."""
        _, found = check_change(base, change, now=now)
        findings = list(found)
        for operation in change.operations:
            if isinstance(operation, AddExperiment) and base is not None:
                findings += self._validated(operation.experiment.spec, base, self._world(base, now))
        return sign(change, findings=findings, validator=VALIDATOR, key=self._key, at=now)

    def publish(self, change: Change, base: Release, *, actor: str, now: datetime) -> Release:
        """Return the release that a Change makes, attested first."""
        attestation = self.attest(change, base, now)
        return publish(change, attestation, store=self._releases, now=now, actor=actor, key=self._key)

    def _reviewed(
        self, draft: Plan, surface: Surface, *, owner: str, hypothesis: str, now: datetime
    ) -> tuple[Finding, ...]:
        """Return what the validator says of a plan that is not yet answered."""
        return self.validate(generate(draft, surface, owner=owner, hypothesis=hypothesis).spec, now)

    def _validated(self, spec: ExperimentSpec, release: Release, world: World) -> tuple[Finding, ...]:
        found = validate(spec, release.state.surface, world)
        if any(finding.severity is Severity.ERROR for finding in found):
            return found  # nothing can be proven on top of a spec that is refused
        return (*found, *launch_findings(release.state, spec))

    def _world(self, release: Release, now: datetime) -> World:
        state = release.state
        return World(
            now=now,
            baseline=state.baseline,
            rules=state.rules,
            territory=territory_of(state),
            traffic=self._traffic,
            preview=self._evidence,
            budgets=self._evidence,
            past=self._past.past(state.surface.key),
        )

    def _release(self, surface: str) -> Release:
        release = self._releases.latest(surface)
        if release is None:
            known = ", ".join(self._releases.surfaces()) or "none yet"
            raise NotFound(
                "unknown_surface", f"there is no surface {surface!r}", where="surface", fix=f"one of: {known}"
            )
        return release


def _as_live(release: Release) -> Surface:
    """Return the surface with the baseline that is live: "one place higher" is meant from there."""
    state = release.state
    parameters = {
        key: replace(parameter, baseline=state.baseline[key]) for key, parameter in state.surface.parameters.items()
    }
    return replace(state.surface, parameters=parameters)
