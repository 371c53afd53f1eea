"""The workflow that begins a launch: validate, await approval, apply and verify everywhere, first stage live."""

from collections.abc import Mapping
from typing import Any

import msgspec

from counterpoint.orchestration.backends.protocol import Goal
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import ENDED, LaunchState, Receipt
from counterpoint.orchestration.ports import Outcome, Steps
from counterpoint.orchestration.recording import desired, record, spec_of
from counterpoint.orchestration.schedule import next_due, stages
from counterpoint.orchestration.world import LaunchWorld
from counterpoint.vocabulary import Severity

_BEFORE_APPROVAL = (LaunchState.PLANNED, LaunchState.VALIDATED)


def begin(world: LaunchWorld, steps: Steps, argument: Mapping[str, Any]) -> Outcome:
    """Take a planned launch to `running`, or end it as refused or failed; stops short while approvals are missing.

    Args:
        argument: `launch`, its id, and `run`, which identifies this attempt.
    """
    launch_id, run = argument["launch"], argument["run"]
    checked = steps.run("validate", lambda: _validate(world, launch_id))
    if not checked["go"]:
        return checked
    done = converge(
        steps,
        world.backends,
        lambda: desired(
            world,
            launch_id,
            Goal.START,
            stage=0,
            actor=world.launches.get(launch_id).author,
            reason="approved",
        ),
        prefix=run,
        clock=world.clock,
        stopwatch=world.stopwatch,
    )
    if not done["ok"]:
        return steps.run("record failure", lambda: _fail(world, launch_id, run, done))
    return steps.run("record running", lambda: _run(world, launch_id, run, done))


def _validate(world: LaunchWorld, launch_id: str) -> Outcome:
    started = world.stopwatch()
    launch = world.launches.get(launch_id)
    if launch.state in ENDED:
        return {"go": False, "state": str(launch.state), "reason": "the launch has ended"}
    if launch.state not in (*_BEFORE_APPROVAL, LaunchState.APPROVED):
        return {"go": False, "state": str(launch.state), "reason": "the launch has begun"}
    spec = spec_of(launch)
    findings = world.validate(spec, world.clock())
    documents = tuple(finding.as_document() for finding in findings)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    seconds = world.stopwatch() - started
    if errors:
        many = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        reason = f"refused: {errors[0].message}{many}"
        record(
            world,
            launch_id,
            LaunchState.REFUSED,
            transition=f"{launch_id}:refused",
            step="validate",
            seconds=seconds,
            reason=reason,
            findings=documents,
            due_at=None,
        )
        return {"go": False, "state": str(LaunchState.REFUSED), "reason": reason}
    if launch.state is LaunchState.PLANNED:
        record(
            world,
            launch_id,
            LaunchState.VALIDATED,
            transition=f"{launch_id}:validated",
            step="validate",
            seconds=seconds,
            reason="no finding refuses it",
            findings=documents,
        )
    return _approved(world, launch_id, world.approvals_needed(spec))


def _approved(world: LaunchWorld, launch_id: str, n_needed: int) -> Outcome:
    launch = world.launches.get(launch_id)
    if launch.state is LaunchState.APPROVED:
        return {"go": True}
    # Nobody approves their own launch.
    people = {approval.by for approval in launch.approvals} - {launch.author}
    if len(people) < n_needed:
        return {"go": False, "state": str(launch.state), "reason": f"{len(people)} of {n_needed} approvals given"}
    by = ", ".join(sorted(people)) if people else "policy, which asks nobody"
    record(
        world,
        launch_id,
        LaunchState.APPROVED,
        transition=f"{launch_id}:approved",
        step="approve",
        reason=f"approved by {by}",
    )
    return {"go": True}


def _run(world: LaunchWorld, launch_id: str, run: str, done: Outcome) -> Outcome:
    spec, now = spec_of(world.launches.get(launch_id)), world.clock()
    receipts = tuple(msgspec.convert(receipt, Receipt) for receipt in done["receipts"])
    names = ", ".join(receipt.backend for receipt in receipts)
    for state, verb in ((LaunchState.APPLIED, "apply"), (LaunchState.VERIFIED, "verify")):
        seconds = {name: spent for name, spent in done["seconds"].items() if name.startswith(verb)}
        record(
            world,
            launch_id,
            state,
            transition=f"{run}:{state}",
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
        transition=f"{run}:running",
        step="start",
        reason=reason,
        stage=0,
        started_at=now,
        due_at=next_due(spec, stage=0, started_at=now, now=now).at,
    )
    return {"state": str(launch.state), "reason": reason}


def _fail(world: LaunchWorld, launch_id: str, run: str, done: Outcome) -> Outcome:
    live = ", ".join(done["still_live"])
    tail = f" STILL LIVE on {live}: undo it there by hand." if live else " What had been applied was reverted."
    reason = f"{done['backend']} failed: {done['error']['message']}{tail}"
    record(
        world,
        launch_id,
        LaunchState.FAILED,
        transition=f"{run}:failed",
        step=f"apply {done['backend']}",
        seconds=sum(done["seconds"].values()),
        reason=reason,
        evidence=done,
        due_at=None,
    )
    return {"state": str(LaunchState.FAILED), "reason": reason}
