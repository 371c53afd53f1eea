"""The workflow that begins a launch: validate, await approval and start, apply and verify, first stage live."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from counterpoint.orchestration.approving import approvers, missing_approvals
from counterpoint.orchestration.attempts import Attempts
from counterpoint.orchestration.backends.protocol import Goal
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import ENDED, PLATFORM, Launch, LaunchState, Receipt, moved
from counterpoint.orchestration.ports import Outcome
from counterpoint.orchestration.recording import claimed, desired, record, spec_of, write
from counterpoint.orchestration.schedule import next_due, stages
from counterpoint.orchestration.world import LaunchWorld
from counterpoint.vocabulary import Severity

BEGINNING = (
    LaunchState.PLANNED,
    LaunchState.VALIDATED,
    LaunchState.APPROVED,
    LaunchState.APPLIED,
    LaunchState.VERIFIED,
)


def begin(world: LaunchWorld, steps: Attempts, argument: Mapping[str, Any]) -> Outcome:
    """Take a planned launch to `running`, or end it as refused or failed; stops short while approvals are missing.

    Args:
        argument: `launch`, its id, and `run`, which identifies this attempt.
    """
    launch_id, run = argument["launch"], argument["run"]
    checked = steps.run("validate", lambda: _validate(world, launch_id, run))
    if not checked["go"]:
        return checked
    done = converge(
        world,
        steps,
        lambda: desired(
            world,
            launch_id,
            Goal.START,
            stage=0,
            actor=world.launches.get(launch_id).author,
            reason="approved",
        ),
        # The launch's, not the run's: a run that takes over finds what the one before it has applied.
        prefix=f"{launch_id}:begin",
    )
    if not done["ok"]:
        return steps.run("record failure", lambda: _fail(world, launch_id, done))
    return steps.run("record running", lambda: _run(world, launch_id, done))


def _validate(world: LaunchWorld, launch_id: str, run: str) -> Outcome:
    started = world.stopwatch()
    launch = world.launches.get(launch_id)
    if launch.state in ENDED:
        return {"go": False, "state": str(launch.state), "reason": "the launch has ended"}
    if launch.state not in BEGINNING:
        return {"go": False, "state": str(launch.state), "reason": "the launch has begun"}
    if launch.begun_at is not None:
        # What an earlier run applied would look like somebody else's experiment to the validator.
        return _claim(world, launch_id, run)
    spec = spec_of(launch)
    findings = world.validate(spec, world.clock())
    documents = tuple(finding.as_document() for finding in findings)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    seconds = world.stopwatch() - started
    if errors:
        many = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        reason = f"refused: {errors[0].message}{many}"
        refused = record(
            world,
            launch_id,
            LaunchState.REFUSED,
            transition=f"{launch_id}:refused",
            step="validate",
            seconds=seconds,
            reason=reason,
            when=lambda launch: launch.begun_at is None and launch.state not in ENDED,
            findings=documents,
            due_at=None,
        )
        return {"go": False, "state": str(refused.state), "reason": reason}
    if launch.state is LaunchState.PLANNED:
        record(
            world,
            launch_id,
            LaunchState.VALIDATED,
            transition=f"{launch_id}:validated",
            step="validate",
            seconds=seconds,
            reason="no finding refuses it",
            when=lambda launch: launch.state is LaunchState.PLANNED,
            findings=documents,
        )
    launch = _approve(world, launch_id, run)
    if launch.state is not LaunchState.APPROVED:
        missing = missing_approvals(world, launch, world.clock())
        return {"go": False, "state": str(launch.state), "reason": missing}
    return _claim(world, launch_id, run)


def _approve(world: LaunchWorld, launch_id: str, run: str) -> Launch:
    """Return the launch approved, or waiting for a person; counted and written at once, so no withdrawal is missed."""
    now = world.clock()

    def change(launch: Launch) -> Launch:
        if launch.state is not LaunchState.VALIDATED:
            return launch
        people = approvers(world, launch, now)
        if missing_approvals(world, launch, now):
            return launch if launch.due_at is None else msgspec.structs.replace(launch, due_at=None)
        by = ", ".join(people) if people else "policy, which asks nobody"
        return moved(
            launch,
            LaunchState.APPROVED,
            transition=f"{run}:approved",
            step="approve",
            at=now,
            seconds=0.0,
            reason=f"approved by {by}",
            actor=", ".join(people) if people else PLATFORM,
        )

    return write(world, launch_id, change)


def _claim(world: LaunchWorld, launch_id: str, run: str) -> Outcome:
    """Return whether this run may touch the backends: the launch is approved, its start has come, nobody else does."""
    now = world.clock()

    def change(launch: Launch) -> Launch:
        if launch.state not in BEGINNING[2:]:
            return launch
        starts_at = _starts_at(launch)
        if launch.begun_at is None and starts_at is not None and starts_at > now:
            return launch if launch.due_at == starts_at else msgspec.structs.replace(launch, due_at=starts_at)
        return claimed(world, launch, run, begun_at=launch.begun_at or now)

    launch = write(world, launch_id, change)
    if launch.claim == run:
        return {"go": True}
    waits = launch.claim is None and launch.due_at is not None
    reason = f"it starts at {launch.due_at:%Y-%m-%d %H:%M} UTC" if waits else "another run begins it"
    return {"go": False, "state": str(launch.state), "reason": reason}


def _starts_at(launch: Launch) -> datetime | None:
    start = spec_of(launch).schedule.start
    return None if start is None else datetime.fromisoformat(start)


def _run(world: LaunchWorld, launch_id: str, done: Outcome) -> Outcome:
    spec, now = spec_of(world.launches.get(launch_id)), world.clock()
    receipts = tuple(msgspec.convert(receipt, Receipt) for receipt in done["receipts"])
    names = ", ".join(receipt.backend for receipt in receipts)
    for state, verb in ((LaunchState.APPLIED, "apply"), (LaunchState.VERIFIED, "verify")):
        seconds = {name: spent for name, spent in done["seconds"].items() if name.startswith(verb)}
        record(
            world,
            launch_id,
            state,
            transition=f"{launch_id}:{state}",
            step=verb,
            seconds=sum(seconds.values()),
            reason=f"{state} on {names}",
            evidence={"seconds": seconds},
            receipts=receipts,
        )
    share, _ = stages(spec)[0]
    reason = f"the first stage is live on {share:.4g} of the audience"
    launch = record(
        world,
        launch_id,
        LaunchState.RUNNING,
        transition=f"{launch_id}:running",
        step="start",
        reason=reason,
        stage=0,
        started_at=now,
        staged_at=now,
        due_at=next_due(spec, stage=0, started_at=now, staged_at=now, now=now).at,
        claim=None,
    )
    return {"state": str(launch.state), "reason": reason}


def _fail(world: LaunchWorld, launch_id: str, done: Outcome) -> Outcome:
    live = ", ".join(done["still_live"])
    tail = f" STILL LIVE on {live}: undo it there by hand." if live else " What had been applied was reverted."
    tail += "".join(f" {name}: {why}" for name, why in done["why_still_live"].items())
    if done["unsure"]:
        tail += f" {', '.join(done['unsure'])} may have done a part of it: look there."
    reason = f"{done['backend']} failed: {done['error']['message']}{tail}"
    record(
        world,
        launch_id,
        LaunchState.FAILED,
        transition=f"{launch_id}:failed",
        step=f"apply {done['backend']}",
        seconds=sum(done["seconds"].values()),
        reason=reason,
        evidence=done,
        due_at=None,
        claim=None,
    )
    return {"state": str(LaunchState.FAILED), "reason": reason}
