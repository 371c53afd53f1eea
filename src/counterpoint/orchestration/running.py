"""The workflow that looks at a launch when that is due, and takes it where what it sees calls for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.attempts import Attempts
from counterpoint.orchestration.backends.protocol import Goal
from counterpoint.orchestration.conclusion import conclude, finish
from counterpoint.orchestration.launch import PLATFORM, Launch, LaunchState
from counterpoint.orchestration.moving import move_to
from counterpoint.orchestration.ports import Outcome
from counterpoint.orchestration.recording import CALM, claimed, record, spec_of, write
from counterpoint.orchestration.schedule import Action, next_due, stages
from counterpoint.orchestration.steering import Verb, carry_out, place_of, wished
from counterpoint.orchestration.world import Inspection, LaunchWorld

SMOKE_STEP = "smoke check"
"""The step under which the timeline keeps that a new experiment works."""
BUDGET_RETRY = timedelta(hours=1)
LOOKED_AT = (LaunchState.RUNNING, LaunchState.STOPPED, LaunchState.DECIDED, LaunchState.SHIPPING)


def look(world: LaunchWorld, steps: Attempts, argument: Mapping[str, Any]) -> Outcome:
    """Stop or pause a running experiment on harm, take its next ramp stage, conclude it at its end, or look later.

    Args:
        argument: `launch`, its id, and `run`, which identifies this look.
    """
    launch_id, run = argument["launch"], argument["run"]
    seen = steps.run("inspect", lambda: _inspect(world, launch_id, run))
    do = seen["do"]
    if do == "nothing":
        return seen
    if seen.get("smoke"):
        steps.run("record smoke check", lambda: _note_smoke(world, launch_id, seen))
    if do == "wait":
        return steps.run("record look", lambda: _look_later(world, launch_id, seen))
    reason, evidence = seen["reason"], seen.get("evidence")
    match do:
        case "carry out":
            verb, place = Verb(seen["verb"]), seen["place"]
            return carry_out(world, steps, launch_id, run, verb, place=place, actor=seen["actor"], reason=reason)
        case "conclude" | "stop":
            was_decided = seen.get("decided", False)
            return conclude(
                world, steps, launch_id, run, reason=reason, actor=PLATFORM, evidence=evidence, decided=was_decided
            )
        case "ship" | "roll_back":
            variant = seen["variant"] if do == "ship" else None
            return finish(world, steps, launch_id, run, Goal(do), reason=reason, actor=PLATFORM, variant=variant)
        case "pause":
            return move_to(world, steps, launch_id, run, Goal.PAUSE, reason=reason, evidence=evidence)
        case _:
            stage = seen["stage"]
            return move_to(world, steps, launch_id, run, Goal.STAGE, reason=reason, stage=stage, evidence=evidence)


def _inspect(world: LaunchWorld, launch_id: str, run: str) -> Outcome:
    now = world.clock()

    def change(launch: Launch) -> Launch:
        if (launch.state in LOOKED_AT and not launch.held) or _wish(launch) is not None:
            return claimed(world, launch, run)
        # What waits for a person has nothing due.
        return launch if launch.due_at is None else msgspec.structs.replace(launch, due_at=None)

    launch = write(world, launch_id, change)
    if launch.claim not in (None, run):
        return {"do": "nothing", "reason": "another run is moving it"}
    verb = _wish(launch)
    if verb is not None and launch.wish is not None:
        said = {"actor": launch.wish["actor"], "reason": launch.wish["reason"]}
        return {"do": "carry out", "verb": str(verb), "place": place_of(launch), **said}
    if launch.held:
        return {"do": "nothing", "reason": "it waits for somebody to restart, stop or archive it"}
    if launch.state in (LaunchState.STOPPED, LaunchState.DECIDED):
        was_decided = launch.state is LaunchState.DECIDED
        return {"do": "conclude", "reason": "its conclusion was interrupted", "decided": was_decided}
    if launch.state is LaunchState.SHIPPING and world.ship is not None:
        stands = world.ship.look(launch)
        if stands.over is None:
            return {"do": "wait", "due_at": (stands.look_at or now).isoformat(), "reason": stands.words}
        decided = launch.decision or {}
        return {"do": "ship" if stands.over else "roll_back", "reason": stands.words, "variant": decided.get("ship")}
    if launch.state is not LaunchState.RUNNING or launch.started_at is None:
        return {"do": "nothing", "reason": f"the launch is {launch.state}"}
    spec = spec_of(launch)
    # A clock that was set back must not make a look see less than the one before it.
    seen = world.inspect(launch, max(now, launch.updated_at))
    findings = [finding.as_document() for finding in seen.findings]
    digest = seen.scorecard.get("digest")
    evidence = {"findings": findings, "harmed": list(seen.harmed), "scorecard_digest": digest}
    return {**_next(launch, spec, seen, launch.started_at, now), "evidence": evidence, "smoke": seen.smoke}


def _wish(launch: Launch) -> Verb | None:
    """Return what somebody said that some backend has heard of already and another has not."""
    return wished(launch) if launch.state in (*LOOKED_AT, LaunchState.PAUSED) else None


def _next(launch: Launch, spec: ExperimentSpec, seen: Inspection, started_at: datetime, now: datetime) -> Outcome:
    """Return what a look calls for: harm first, then the sample ratio, the end, the next stage, patience."""
    if seen.harmed and spec.stop.on_guardrail != "alert":
        names = ", ".join(seen.harmed)
        reason = f"{names} worse than the agreed margin, by an interval that holds at any number of looks"
        return {"do": spec.stop.on_guardrail, "reason": reason, "stage": launch.stage}
    if seen.srm and spec.stop.on_srm != "alert":
        reason = "the split of units among variants is not what the weights say"
        return {"do": spec.stop.on_srm, "reason": reason, "stage": launch.stage}
    if seen.broken and spec.stop.on_srm != "alert":
        return {"do": spec.stop.on_srm, "reason": "; ".join(seen.broken), "stage": launch.stage}
    if seen.conclusion:
        return {"do": "conclude", "reason": seen.conclusion}
    due = next_due(spec, stage=launch.stage, started_at=started_at, staged_at=launch.staged_at, now=now)
    if due.at > now or due.action is Action.LOOK:
        return {"do": "wait", "due_at": due.at.isoformat(), "reason": "nothing calls for a change"}
    if due.action is Action.CONCLUDE:
        return {"do": "conclude", "reason": "the design has ended"}
    if seen.silent:
        later = (now + BUDGET_RETRY).isoformat()
        return {"do": "wait", "due_at": later, "reason": "no exposures arrive: the ramp waits"}
    if seen.budget_open is False:
        later = (now + BUDGET_RETRY).isoformat()
        return {"do": "wait", "due_at": later, "reason": "the error budget is spent: the ramp waits"}
    share, _ = stages(spec)[launch.stage + 1]
    reason = f"the gates are open: ramp to {share:.4g} of the audience"
    return {"do": "next stage", "stage": launch.stage + 1, "reason": reason}


def _note_smoke(world: LaunchWorld, launch_id: str, seen: Outcome) -> Outcome:
    launch = record(
        world,
        launch_id,
        LaunchState.RUNNING,
        transition=f"{launch_id}:smoke",
        step=SMOKE_STEP,
        reason=seen["smoke"],
        evidence=seen.get("evidence"),
        when=lambda launch: launch.state is LaunchState.RUNNING,
    )
    return {"state": str(launch.state)}


def _look_later(world: LaunchWorld, launch_id: str, seen: Outcome) -> Outcome:
    due_at, now = datetime.fromisoformat(seen["due_at"]), world.clock()
    launch = write(world, launch_id, lambda old: msgspec.structs.replace(old, due_at=due_at, updated_at=now, **CALM))
    return {"state": str(launch.state), "reason": seen["reason"]}
