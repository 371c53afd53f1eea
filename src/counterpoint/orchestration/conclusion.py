"""The end of a launch: stop the experiment, hold it or decide, ship the winner or roll back, keep what was learnt."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from counterpoint.orchestration.attempts import Attempts
from counterpoint.orchestration.backends.protocol import Goal
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import Launch, LaunchState
from counterpoint.orchestration.ports import Outcome
from counterpoint.orchestration.recording import CALM, desired, is_killed, record, spec_of, write
from counterpoint.orchestration.world import LaunchWorld, Learning, StagedShip

RETRY_AFTER = timedelta(minutes=5)
_ENDS = {
    Goal.SHIP: LaunchState.SHIPPED,
    Goal.ROLL_BACK: LaunchState.ROLLED_BACK,
    Goal.ARCHIVE: LaunchState.ARCHIVED,
}
_SERVING = (LaunchState.RUNNING, LaunchState.PAUSED)


def conclude(
    world: LaunchWorld,
    steps: Attempts,
    launch_id: str,
    run: str,
    *,
    reason: str,
    actor: str,
    evidence: Outcome | None = None,
    decided: bool = False,
) -> Outcome:
    """Stop, decide, and ship or roll back; a part that was done before it was interrupted is not done again.

    Args:
        decided: Whether it was stopped and decided before: a backend that has shipped already is told of no stop.
    """
    if not decided:
        failed, seconds = _reach(world, steps, launch_id, run, Goal.STOP, verb="stop", reason=reason, actor=actor)
        if failed is not None:
            return failed
        stopping = {**(evidence or {}), "seconds": seconds}
        steps.run("record stopped", lambda: _stop(world, launch_id, Goal.STOP, reason, actor, stopping, held=False))
    verdict = steps.run("decide", lambda: _decide(world, launch_id))
    goal, why, variant = Goal.SHIP if verdict["ship"] else Goal.ROLL_BACK, verdict["reason"], verdict["ship"]
    staged = world.ship if verdict["staged"] else None
    if variant and staged is not None:
        return steps.run("begin shipping", lambda: _begin_shipping(world, staged, launch_id, variant, actor, why))
    return finish(world, steps, launch_id, run, goal, reason=why, actor=actor, variant=variant)


def finish(
    world: LaunchWorld,
    steps: Attempts,
    launch_id: str,
    run: str,
    goal: Goal,
    *,
    reason: str,
    actor: str,
    variant: str | None = None,
    killed: bool = False,
) -> Outcome:
    """Ship or roll back on every backend, keep what was learnt, and end the launch.

    Args:
        killed: Whether this run carries out a kill; only such a run ends a launch that has heard of one.
    """
    failed, seconds = _reach(world, steps, launch_id, run, goal, reason=reason, actor=actor, variant=variant)
    if failed is not None:
        return failed
    # Kept before the end is recorded: nothing comes back to a launch that has ended.
    steps.run("learn", lambda: _learn(world, launch_id, goal, reason))
    return steps.run("record end", lambda: _end(world, launch_id, goal, reason, actor, seconds, killed=killed))


def stop_shipping(world: LaunchWorld, steps: Attempts, launch_id: str, run: str, *, reason: str, actor: str) -> Outcome:
    """Take what was shipped of a winner back at once, by stages or to everybody, and roll its launch back."""

    def abort() -> Outcome:
        if world.ship is not None:
            world.ship.abort(world.launches.get(launch_id), actor=actor, reason=reason)
        return {}

    steps.run("abort shipping", abort)
    return finish(world, steps, launch_id, run, Goal.ROLL_BACK, reason=reason, actor=actor, killed=True)


def hold(
    world: LaunchWorld,
    steps: Attempts,
    launch_id: str,
    run: str,
    goal: Goal,
    *,
    reason: str,
    actor: str,
) -> Outcome:
    """Stop or kill, and leave it at that: its units keep their places until a person says what becomes of them."""
    verb = "kill" if goal is Goal.KILL else "hold"
    failed, seconds = _reach(world, steps, launch_id, run, goal, verb=verb, reason=reason, actor=actor)
    if failed is not None:
        return failed
    evidence = {"seconds": seconds}
    return steps.run("record held", lambda: _stop(world, launch_id, goal, reason, actor, evidence, held=True))


def archive(world: LaunchWorld, steps: Attempts, launch_id: str, run: str, *, reason: str, actor: str) -> Outcome:
    """End a held launch without a decision: its buckets are free for others, what was learnt is kept."""
    failed, seconds = _reach(world, steps, launch_id, run, Goal.ARCHIVE, verb="archive", reason=reason, actor=actor)
    if failed is not None:
        return failed
    steps.run("learn", lambda: _learn(world, launch_id, Goal.ARCHIVE, reason))
    return steps.run("record end", lambda: _end(world, launch_id, Goal.ARCHIVE, reason, actor, seconds))


def retry_later(world: LaunchWorld, launch_id: str, done: Outcome, *, wish: Outcome | None) -> Outcome:
    """Leave the launch as it was and try again soon: a backend that is down must not strand a running experiment.

    Args:
        wish: What was half carried out and is to be ended before anything else: `verb`, `actor`, `reason`.
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
            # What is being concluded needs no wish: its state says what is left to do. What is held does.
            wish=wish if old.held or old.state is not LaunchState.STOPPED else None,
        )

    launch = write(world, launch_id, change)
    return {"state": str(launch.state), "reason": done["error"]["message"], "retry_at": str(launch.due_at)}


def _reach(
    world: LaunchWorld,
    steps: Attempts,
    launch_id: str,
    run: str,
    goal: Goal,
    *,
    reason: str,
    actor: str,
    verb: str | None = None,
    variant: str | None = None,
) -> tuple[Outcome | None, dict[str, float]]:
    """Return what failed, if anything did, and the seconds of each backend's part.

    Args:
        verb: What a person, or a look, would have to say to go on where a backend failed; None when the state says it.
    """
    done = converge(
        world,
        steps,
        lambda: desired(world, launch_id, goal, reason=reason, actor=actor, variant=variant),
        # A winner is shipped under the launch's name, so that a kill finds what an earlier run has shipped of it.
        prefix=f"{launch_id}:{goal}" if goal is Goal.SHIP else f"{run}:{goal}",
        forward=True,
    )
    if done["ok"]:
        return None, done["seconds"]
    wish = None if verb is None else {"verb": verb, "actor": actor, "reason": reason}
    failed = steps.run("record retry", lambda: retry_later(world, launch_id, done, wish=wish))
    return failed, done["seconds"]


def _stop(
    world: LaunchWorld, launch_id: str, goal: Goal, reason: str, actor: str, evidence: Outcome, *, held: bool
) -> Outcome:
    now, seen = world.clock(), world.launches.get(launch_id)
    # A launch that is restarted is stopped again: that is another transition.
    n_restarts = sum(entry.step == Goal.RESTART for entry in seen.timeline)
    calm = {**CALM, "due_at": None} if held else {}
    rest = {"held": held, "wish": None, **calm}
    record(
        world,
        launch_id,
        LaunchState.STOPPED,
        transition=f"{launch_id}:stopped:{n_restarts}" if n_restarts else f"{launch_id}:stopped",
        step=str(goal),
        seconds=sum(evidence["seconds"].values()),
        reason=reason,
        evidence=evidence,
        actor=actor,
        when=lambda launch: launch.state in _SERVING,
        ended_at=max(now, seen.started_at or now),
        **rest,
    )
    # One that was stopped before is not stopped again: held until now, it is concluded, or the other way round.
    launch = write(
        world,
        launch_id,
        lambda old: msgspec.structs.replace(old, **rest) if _differs(old, rest) else old,
    )
    return {"state": str(launch.state), "reason": reason}


def _differs(launch: Launch, wanted: Mapping[str, Any]) -> bool:
    return launch.state is LaunchState.STOPPED and any(
        getattr(launch, field) != value for field, value in wanted.items()
    )


def _begin_shipping(
    world: LaunchWorld, ship: StagedShip, launch_id: str, variant: str, actor: str, reason: str
) -> Outcome:
    now, launch = world.clock(), world.launches.get(launch_id)
    if launch.wish is None:
        stands = ship.begin(launch, variant, actor=actor, reason=reason, now=now)
        words, look_at = stands.words, stands.look_at or now
    else:
        words, look_at = "nothing is shipped: it was killed", now
    launch = record(
        world,
        launch_id,
        LaunchState.SHIPPING,
        transition=f"{launch_id}:shipping",
        step="begin shipping",
        reason=f"{words}: {reason}",
        actor=actor,
        due_at=look_at,
        claim=None,
    )
    return {"state": str(launch.state), "reason": words}


def _decide(world: LaunchWorld, launch_id: str) -> Outcome:
    started = world.stopwatch()
    launch = world.launches.get(launch_id)
    if launch.decision is not None and launch.wish is not None:
        # Somebody killed it when it was decided already: whatever it was to be, it is not shipped.
        return {"ship": None, "reason": launch.wish["reason"], "staged": False}
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
    staged = world.ship is not None and world.ship.wanted(spec_of(launch))
    return {"ship": kept["ship"], "reason": " ".join(kept["reasons"]), "staged": staged}


def _end(
    world: LaunchWorld,
    launch_id: str,
    goal: Goal,
    reason: str,
    actor: str,
    seconds: dict[str, float],
    *,
    killed: bool = False,
) -> Outcome:
    launch = record(
        world,
        launch_id,
        _ENDS[goal],
        transition=f"{launch_id}:ended",
        step=str(goal),
        seconds=sum(seconds.values()),
        reason=reason,
        evidence={"seconds": seconds},
        actor=actor,
        due_at=None,
        claim=None,
        held=False,
        wish=None,
        # Whoever said kill has told backends of it meanwhile: what is live is not what was reached here.
        when=lambda launch: killed or not is_killed(launch),
    )
    if launch.state is _ENDS[goal]:
        return {"state": str(launch.state), "reason": reason}
    # Left to whoever carries out the kill: the run that was told of it, or a look.
    launch = write(world, launch_id, lambda old: msgspec.structs.replace(old, claim=None) if old.claim else old)
    return {"state": str(launch.state), "reason": "it was killed before its end was recorded"}


def _learn(world: LaunchWorld, launch_id: str, goal: Goal, reason: str) -> Outcome:
    launch = world.launches.get(launch_id)
    decision = launch.decision or {}
    learning = Learning(
        experiment=launch.experiment,
        surface=launch.surface,
        hypothesis=launch.hypothesis,
        outcome=str(_ENDS[goal]),
        reasons=tuple(decision.get("reasons", (reason,))),
        spec=launch.spec,
        scorecard=decision.get("scorecard", {}),
        at=launch.updated_at,
    )
    world.learn(learning)
    return {"outcome": learning.outcome}
