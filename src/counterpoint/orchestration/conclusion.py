"""The end of a launch: stop the experiment, decide, ship the winner or roll back, keep what was learnt."""

from datetime import timedelta

import msgspec

from counterpoint.orchestration.backends.protocol import Goal
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import Launch, LaunchState
from counterpoint.orchestration.ports import Outcome, Steps
from counterpoint.orchestration.recording import desired, record, write
from counterpoint.orchestration.world import LaunchWorld, Learning

RETRY_AFTER = timedelta(minutes=5)
_ENDS = {Goal.SHIP: LaunchState.SHIPPED, Goal.ROLL_BACK: LaunchState.ROLLED_BACK}


def conclude(
    world: LaunchWorld,
    steps: Steps,
    launch_id: str,
    run: str,
    *,
    reason: str,
    actor: str,
    evidence: Outcome | None = None,
) -> Outcome:
    """Stop, decide, and ship or roll back; a part that was done before it was interrupted is not done again."""
    failed = _reach(world, steps, launch_id, run, Goal.STOP, reason=reason, actor=actor)
    if failed is not None:
        return failed
    steps.run("record stopped", lambda: _stop(world, launch_id, reason, evidence))
    verdict = steps.run("decide", lambda: _decide(world, launch_id))
    goal = Goal.SHIP if verdict["ship"] else Goal.ROLL_BACK
    failed = _reach(world, steps, launch_id, run, goal, reason=verdict["reason"], actor=actor, variant=verdict["ship"])
    if failed is not None:
        return failed
    # Kept before the end is recorded: nothing comes back to a launch that has ended.
    steps.run("learn", lambda: _learn(world, launch_id, goal))
    return steps.run("record end", lambda: _end(world, launch_id, goal, verdict["reason"]))


def retry_later(world: LaunchWorld, launch_id: str, done: Outcome, *, wish: Outcome | None) -> Outcome:
    """Leave the launch as it was and try again soon: a backend that is down must not strand a running experiment.

    Args:
        wish: What was half carried out and is to be ended before anything else: `goal`, `actor`, `reason`.
    """
    now = world.clock()
    trouble = f"{done['backend']}: {done['error']['message']}"

    def change(old: Launch) -> Launch:
        return msgspec.structs.replace(
            old,
            due_at=now + RETRY_AFTER,
            updated_at=now,
            claim=None,
            trouble=trouble,
            n_troubles=old.n_troubles + 1,
            wish=wish if old.state is not LaunchState.STOPPED else None,
        )

    launch = write(world, launch_id, change)
    return {"state": str(launch.state), "reason": done["error"]["message"], "retry_at": str(launch.due_at)}


def _reach(
    world: LaunchWorld,
    steps: Steps,
    launch_id: str,
    run: str,
    goal: Goal,
    *,
    reason: str,
    actor: str,
    variant: str | None = None,
) -> Outcome | None:
    done = converge(
        world,
        steps,
        lambda: desired(world, launch_id, goal, reason=reason, actor=actor, variant=variant),
        prefix=f"{run}:{goal}",
        forward=True,
    )
    if done["ok"]:
        return None
    # Once it is recorded as stopped its state says what is left to do; until then only the wish does.
    wish = {"goal": str(goal), "actor": actor, "reason": reason} if goal is Goal.STOP else None
    return steps.run(f"record retry {goal}", lambda: retry_later(world, launch_id, done, wish=wish))


def _stop(world: LaunchWorld, launch_id: str, reason: str, evidence: Outcome | None) -> Outcome:
    now = world.clock()
    started_at = world.launches.get(launch_id).started_at
    launch = record(
        world,
        launch_id,
        LaunchState.STOPPED,
        transition=f"{launch_id}:stopped",
        step="stop",
        reason=reason,
        evidence=evidence,
        ended_at=max(now, started_at or now),
        wish=None,
    )
    return {"state": str(launch.state)}


def _decide(world: LaunchWorld, launch_id: str) -> Outcome:
    started = world.stopwatch()
    launch = world.launches.get(launch_id)
    if launch.decision is None:
        verdict = world.decide(launch, world.clock())
        decision = {"ship": verdict.ship, "reasons": list(verdict.reasons), "scorecard": verdict.scorecard}
        launch = record(
            world,
            launch_id,
            LaunchState.DECIDED,
            transition=f"{launch_id}:decided",
            step="decide",
            seconds=world.stopwatch() - started,
            reason=" ".join(verdict.reasons),
            decision=decision,
        )
    kept = launch.decision or {}
    return {"ship": kept["ship"], "reason": " ".join(kept["reasons"])}


def _end(world: LaunchWorld, launch_id: str, goal: Goal, reason: str) -> Outcome:
    launch = record(
        world,
        launch_id,
        _ENDS[goal],
        transition=f"{launch_id}:ended",
        step=str(goal),
        reason=reason,
        due_at=None,
        claim=None,
    )
    return {"state": str(launch.state), "reason": reason}


def _learn(world: LaunchWorld, launch_id: str, goal: Goal) -> Outcome:
    launch = world.launches.get(launch_id)
    decision = launch.decision or {}
    learning = Learning(
        experiment=launch.experiment,
        surface=launch.surface,
        hypothesis=launch.hypothesis,
        outcome=str(_ENDS[goal]),
        reasons=tuple(decision.get("reasons", ())),
        spec=launch.spec,
        scorecard=decision.get("scorecard", {}),
        at=launch.updated_at,
    )
    world.learn(learning)
    return {"outcome": learning.outcome}
