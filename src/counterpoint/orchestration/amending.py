"""Amend the text of a running experiment on all backends, as far as that leaves its error rates as they are."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from counterpoint.errors import Conflict, CounterpointError, Forbidden
from counterpoint.experiments import ExperimentSpec, amendment_findings, exposes_more
from counterpoint.orchestration.approving import missing_approvals
from counterpoint.orchestration.attempts import Attempts
from counterpoint.orchestration.backends.protocol import Desired, Goal
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import Approval, Launch, LaunchState
from counterpoint.orchestration.ports import Outcome
from counterpoint.orchestration.recording import CALM, claimed, desired, record, spec_of, write
from counterpoint.orchestration.schedule import next_due
from counterpoint.orchestration.world import LaunchWorld
from counterpoint.vocabulary import Finding, Severity

AMENDABLE = (LaunchState.RUNNING, LaunchState.PAUSED)
_CLAIM_EVERY_S = 0.1
_N_CLAIMS = 300


def refuse_amendment(world: LaunchWorld, launch: Launch, spec: ExperimentSpec, *, by: str) -> None:
    """Refuse what would not be the experiment that was launched any more, or that nobody approved.

    Raises:
        Conflict: `bad_transition`, when it neither runs nor is paused; `nothing_amended`; or the code of the first
            finding, all of them among the facts.
        Forbidden: `amendment_unapproved`, when more units would meet it than people have approved.
    """
    if launch.state not in AMENDABLE or launch.started_at is None:
        what = f"a launch that is {launch.state} cannot be amended"
        raise Conflict("bad_transition", what, where=launch.id, fix="it must be running or paused")
    before = spec_of(launch)
    if before == spec:
        raise Conflict("nothing_amended", "it says already what is live", where=launch.id, fix="change the text first")
    findings = amendment_problems(world, launch, spec)
    if findings:
        raise Conflict(
            findings[0].code,
            findings[0].message,
            where=findings[0].path,
            fix="declare the new text under a new key, or leave this as it is",
            facts={"findings": [each.as_document() for each in findings]},
        )
    if missing := unapproved(world, launch, spec, by=by):
        raise Forbidden(
            "amendment_unapproved",
            f"it would expose more than was approved: {missing}",
            where=launch.id,
            fix="let an owner or another person than its author amend it, or launch it under a new key",
        )


def amendment_problems(world: LaunchWorld, launch: Launch, spec: ExperimentSpec) -> tuple[Finding, ...]:
    """Return what speaks against the text: what it cannot change, and what the validator would say of it only now."""
    before, now = spec_of(launch), world.clock()
    started_at = launch.started_at or now
    findings = amendment_findings(before, spec, stage=launch.stage, started_at=started_at, now=now)
    if findings:
        return findings
    # The validator takes a live experiment for somebody else's: what it says of both texts is no news.
    known = {(each.code, each.path) for each in _errors(world, before)}
    return tuple(each for each in _errors(world, spec) if (each.code, each.path) not in known)


def unapproved(world: LaunchWorld, launch: Launch, spec: ExperimentSpec, *, by: str) -> str:
    """Return which approval is missing for what the text exposes beyond the one that was approved; empty if none."""
    if not exposes_more(spec_of(launch), spec, stage=launch.stage):
        return ""
    now = world.clock()
    asked = msgspec.structs.replace(
        launch, spec=spec.model_dump(mode="json"), approvals=(Approval(by=by, at=now, note="amends it"),)
    )
    return missing_approvals(world, asked, now)


def amend(world: LaunchWorld, steps: Attempts, argument: Mapping[str, Any]) -> Outcome:
    """Put another text in the place of a running launch's, or say why not.

    Args:
        argument: `launch`, `run`, `spec` (the new text), `actor` and `reason`.
    """
    launch_id, run, actor = argument["launch"], argument["run"], argument["actor"]
    spec = ExperimentSpec.model_validate(argument["spec"])
    reason = f"amended by {actor}: {argument['reason']}"
    held = steps.run("claim", lambda: _take(world, launch_id, run, spec, actor))
    if not held["go"]:
        return held

    def wanted() -> Desired:
        plain = desired(world, launch_id, Goal.AMEND, reason=reason, actor=actor)
        author = world.launches.get(launch_id).author
        return replace(plain, spec=spec, approved_by=tuple(sorted({*plain.approved_by, actor} - {author})))

    done = converge(world, steps, wanted, prefix=f"{run}:{Goal.AMEND}")
    if not done["ok"]:
        return steps.run("record failure", lambda: _give_up(world, launch_id, done))
    return steps.run("record amend", lambda: _record(world, launch_id, run, spec, actor, reason, done["seconds"]))


def _take(world: LaunchWorld, launch_id: str, run: str, spec: ExperimentSpec, by: str) -> Outcome:
    """Claim the launch, once whoever has it is done, if the text still fits where it then is."""

    def change(launch: Launch) -> Launch:
        refuse_amendment(world, launch, spec, by=by)
        return claimed(world, launch, run) if launch.wish is None else launch

    for _ in range(_N_CLAIMS):
        if world.launches.get(launch_id).claim == run:
            return {"go": True}
        try:
            launch = write(world, launch_id, change)
        except CounterpointError as error:
            return {"go": False, "state": str(world.launches.get(launch_id).state), "reason": error.sentence}
        if launch.claim == run:
            return {"go": True}
        world.sleep(_CLAIM_EVERY_S)
    raise Conflict(
        "launch_busy", "another run is moving it and does not end", where=launch_id, fix="say it again in a minute"
    )


def _record(
    world: LaunchWorld,
    launch_id: str,
    run: str,
    spec: ExperimentSpec,
    actor: str,
    reason: str,
    seconds: Mapping[str, float],
) -> Outcome:
    launch = world.launches.get(launch_id)
    launch = record(
        world,
        launch_id,
        launch.state,
        transition=f"{run}:{Goal.AMEND}",
        step=str(Goal.AMEND),
        seconds=sum(seconds.values()),
        reason=reason,
        evidence={"before": launch.spec, "seconds": dict(seconds)},
        actor=actor,
        spec=spec.model_dump(mode="json"),
        due_at=_due_at(launch, spec, world.clock()),
        **CALM,
    )
    return {"state": str(launch.state), "reason": reason}


def _give_up(world: LaunchWorld, launch_id: str, done: Outcome) -> Outcome:
    """Leave the launch with the text that it had: whoever amends it waits for the answer, and may say it again."""
    trouble = f"not amended: {done['backend']}: {done['error']['message']}"
    if halfway := sorted({*done["still_live"], *done["unsure"]}):
        trouble += f" The new text may STILL stand in {', '.join(halfway)}: amend it again, or undo it there by hand."
    now = world.clock()

    def change(launch: Launch) -> Launch:
        due_at = _due_at(launch, spec_of(launch), now)
        return msgspec.structs.replace(launch, due_at=due_at, updated_at=now, claim=None, trouble=trouble)

    launch = write(world, launch_id, change)
    return {"state": str(launch.state), "reason": trouble}


def _due_at(launch: Launch, spec: ExperimentSpec, now: datetime) -> datetime | None:
    if launch.state is not LaunchState.RUNNING or launch.started_at is None:
        return None
    return next_due(spec, stage=launch.stage, started_at=launch.started_at, staged_at=launch.staged_at, now=now).at


def _errors(world: LaunchWorld, spec: ExperimentSpec) -> tuple[Finding, ...]:
    return tuple(each for each in world.validate(spec, world.clock()) if each.severity is Severity.ERROR)
