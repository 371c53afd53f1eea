"""The workflows of a running launch: look at it when that is due, and move it when a person says so."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from counterpoint.errors import Conflict
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Goal
from counterpoint.orchestration.conclusion import conclude, retry_later
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import Launch, LaunchState
from counterpoint.orchestration.ports import Outcome, Steps
from counterpoint.orchestration.recording import CALM, PLATFORM, claimed, desired, record, spec_of, write
from counterpoint.orchestration.schedule import Action, next_due, stages
from counterpoint.orchestration.world import Inspection, LaunchWorld

BUDGET_RETRY = timedelta(hours=1)
LOOKED_AT = (LaunchState.RUNNING, LaunchState.STOPPED, LaunchState.DECIDED)
BY_HAND: Mapping[Goal, tuple[LaunchState, ...]] = {
    Goal.PAUSE: (LaunchState.RUNNING,),
    Goal.RESUME: (LaunchState.PAUSED,),
    Goal.STOP: (LaunchState.RUNNING, LaunchState.PAUSED),
}
"""What a person may ask for, and in which states."""
_CLAIM_EVERY_S = 0.1
_N_CLAIMS = 300


def look(world: LaunchWorld, steps: Steps, argument: Mapping[str, Any]) -> Outcome:
    """Stop or pause a running experiment on harm, take its next ramp stage, conclude it at its end, or look later.

    Args:
        argument: `launch`, its id, and `run`, which identifies this look.
    """
    launch_id, run = argument["launch"], argument["run"]
    seen = steps.run("inspect", lambda: _inspect(world, launch_id, run))
    do, reason = seen["do"], seen["reason"]
    if do == "nothing":
        return seen
    if do == "wait":
        return steps.run("record look", lambda: _look_later(world, launch_id, seen))
    if do in ("conclude", "stop"):
        actor, evidence = seen.get("actor", PLATFORM), seen.get("evidence")
        return conclude(world, steps, launch_id, run, reason=reason, actor=actor, evidence=evidence)
    goal = Goal.PAUSE if do == "pause" else Goal.STAGE
    actor = seen.get("actor", PLATFORM)
    return _move(world, steps, launch_id, run, goal, stage=seen["stage"], actor=actor, reason=reason, seen=seen)


def intervene(world: LaunchWorld, steps: Steps, argument: Mapping[str, Any]) -> Outcome:
    """Pause, resume or stop a launch because somebody says so.

    Args:
        argument: `launch`, `run`, `goal` (pause, resume or stop), `actor` and `reason`.
    """
    launch_id, run, goal = argument["launch"], argument["run"], Goal(argument["goal"])
    actor, reason = argument["actor"], argument["reason"]
    held = steps.run("claim", lambda: _take(world, launch_id, run, goal))
    if not held["go"]:
        return held
    if goal is Goal.STOP:
        return conclude(world, steps, launch_id, run, reason=f"stopped by {actor}: {reason}", actor=actor)
    said = f"{goal} by {actor}: {reason}"
    return _move(world, steps, launch_id, run, goal, stage=held["stage"], actor=actor, reason=said, seen={})


def _take(world: LaunchWorld, launch_id: str, run: str, goal: Goal) -> Outcome:
    """Claim a launch for a person's wish; a look that has it ends soon, so it is waited for."""

    def change(launch: Launch) -> Launch:
        return claimed(world, launch, run) if _may(launch, goal) else launch

    for _ in range(_N_CLAIMS):
        launch = write(world, launch_id, change)
        if launch.claim == run:
            return {"go": True, "stage": launch.stage}
        if not _may(launch, goal):
            now_is = launch.state if launch.state not in BY_HAND[goal] else "being stopped"
            return {"go": False, "state": str(launch.state), "reason": f"a launch that is {now_is} cannot {goal}"}
        world.sleep(_CLAIM_EVERY_S)
    raise Conflict(
        "launch_busy", "another run is moving it and does not end", where=launch_id, fix="say it again in a minute"
    )


def _may(launch: Launch, goal: Goal) -> bool:
    stops = launch.wish is not None and launch.wish["goal"] == Goal.STOP
    return launch.state in BY_HAND[goal] and (goal is Goal.STOP or not stops)


def _inspect(world: LaunchWorld, launch_id: str, run: str) -> Outcome:
    now = world.clock()

    def change(launch: Launch) -> Launch:
        if launch.state in LOOKED_AT or _wish(launch) is not None:
            return claimed(world, launch, run)
        # What waits for a person has nothing due.
        return launch if launch.due_at is None else msgspec.structs.replace(launch, due_at=None)

    launch = write(world, launch_id, change)
    if launch.claim not in (None, run):
        return {"do": "nothing", "reason": "another run is moving it"}
    if launch.state in (LaunchState.STOPPED, LaunchState.DECIDED):
        return {"do": "conclude", "reason": "its conclusion was interrupted"}
    wish = _wish(launch)
    if wish is not None:
        return {"do": wish["goal"], "stage": launch.stage, **wish}
    if launch.state is not LaunchState.RUNNING or launch.started_at is None:
        return {"do": "nothing", "reason": f"the launch is {launch.state}"}
    spec = spec_of(launch)
    seen = world.inspect(launch, now)
    findings = [finding.as_document() for finding in seen.findings]
    evidence = {"findings": findings, "scorecard_digest": seen.scorecard.get("digest")}
    return {**_next(launch, spec, seen, launch.started_at, now), "evidence": evidence}


def _wish(launch: Launch) -> Outcome | None:
    """Return the pause or the stop that some backend has heard of already and another has not."""
    return launch.wish if launch.state in (LaunchState.RUNNING, LaunchState.PAUSED) else None


def _next(launch: Launch, spec: ExperimentSpec, seen: Inspection, started_at: datetime, now: datetime) -> Outcome:
    """Return what a look calls for: harm first, then the sample ratio, the end, the next stage, patience."""
    if seen.harmed and spec.stop.on_guardrail != "alert":
        names = ", ".join(seen.harmed)
        reason = f"{names} worse than the agreed margin, by an interval that holds at any number of looks"
        return {"do": spec.stop.on_guardrail, "reason": reason, "stage": launch.stage}
    if seen.srm and spec.stop.on_srm != "alert":
        reason = "the split of units among variants is not what the weights say"
        return {"do": spec.stop.on_srm, "reason": reason, "stage": launch.stage}
    due = next_due(spec, stage=launch.stage, started_at=started_at, staged_at=launch.staged_at, now=now)
    if due.at > now or due.action is Action.LOOK:
        return {"do": "wait", "due_at": due.at.isoformat(), "reason": "nothing calls for a change"}
    if due.action is Action.CONCLUDE:
        return {"do": "conclude", "reason": "the design has ended"}
    if seen.budget_open is False:
        later = (now + BUDGET_RETRY).isoformat()
        return {"do": "wait", "due_at": later, "reason": "the error budget is spent: the ramp waits"}
    share, _ = stages(spec)[launch.stage + 1]
    reason = f"the gates are open: ramp to {share:.4g} of the audience"
    return {"do": "next stage", "stage": launch.stage + 1, "reason": reason}


def _look_later(world: LaunchWorld, launch_id: str, seen: Outcome) -> Outcome:
    due_at, now = datetime.fromisoformat(seen["due_at"]), world.clock()
    launch = write(world, launch_id, lambda old: msgspec.structs.replace(old, due_at=due_at, updated_at=now, **CALM))
    return {"state": str(launch.state), "reason": seen["reason"]}


def _move(
    world: LaunchWorld,
    steps: Steps,
    launch_id: str,
    run: str,
    goal: Goal,
    *,
    stage: int,
    actor: str,
    reason: str,
    seen: Outcome,
) -> Outcome:
    done = converge(
        world,
        steps,
        lambda: desired(world, launch_id, goal, stage=stage, reason=reason, actor=actor),
        prefix=f"{run}:{goal}",
        forward=goal is Goal.PAUSE,
    )
    if not done["ok"]:
        wish = None
        if goal is Goal.PAUSE:
            wish = {"goal": str(goal), "actor": actor, "reason": reason}
        elif goal is Goal.RESUME and (done["unsure"] or done["still_live"]):
            wish = {"goal": str(Goal.PAUSE), "actor": actor, "reason": "paused again: resuming it failed halfway"}
        return steps.run("record retry", lambda: retry_later(world, launch_id, done, wish=wish))

    def recorded() -> Outcome:
        now = world.clock()
        launch = world.launches.get(launch_id)
        state = LaunchState.PAUSED if goal is Goal.PAUSE else LaunchState.RUNNING
        due_at, staged_at = None, launch.staged_at
        if state is LaunchState.RUNNING and launch.started_at is not None:
            staged_at = max(now, launch.started_at)
            due_at = next_due(
                spec_of(launch), stage=stage, started_at=launch.started_at, staged_at=staged_at, now=now
            ).at
        launch = record(
            world,
            launch_id,
            state,
            transition=f"{run}:{goal}",
            step=str(goal),
            seconds=sum(done["seconds"].values()),
            reason=reason,
            evidence=seen.get("evidence"),
            stage=stage,
            staged_at=staged_at,
            due_at=due_at,
            claim=None,
            wish=None,
        )
        return {"state": str(launch.state), "reason": reason}

    return steps.run(f"record {goal}", recorded)
