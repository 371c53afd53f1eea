"""Read a launch, change it, write it back, claim it: the only ways in which a workflow touches its launch."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from counterpoint.errors import Conflict, PlatformFault
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Desired, Goal
from counterpoint.orchestration.launch import ENDED, PLATFORM, Launch, LaunchState, moved
from counterpoint.orchestration.world import LaunchWorld

LEASE = timedelta(minutes=1)
"""After how long somebody looks whether the run that claimed a launch is still alive."""
_N_WRITES = 8
_SERVES = frozenset({Goal.STAGE, Goal.AMEND, Goal.RESUME, Goal.RESTART, Goal.SHIP})
"""Refused once a kill was heard; a start is let through and taken back, lest what it has begun be left half way."""

CALM: Mapping[str, Any] = {"claim": None, "trouble": None, "n_troubles": 0}
"""What a run that did what it came for leaves behind."""


def spec_of(launch: Launch) -> ExperimentSpec:
    """Return the spec of a launch that has one."""
    return ExperimentSpec.model_validate(launch.spec)


def write(world: LaunchWorld, launch_id: str, change: Callable[[Launch], Launch]) -> Launch:
    """Return the launch as `change` left it, stored; tried again when somebody else wrote in between."""
    for _ in range(_N_WRITES):
        launch = world.launches.get(launch_id)
        changed = change(launch)
        if changed is launch:
            return launch
        changed = _still_to_be_killed(launch, changed)
        if changed.updated_at < launch.updated_at:
            changed = msgspec.structs.replace(changed, updated_at=launch.updated_at)
        try:
            return world.launches.put(changed)
        except Conflict as error:
            if error.code != "stale_write":
                raise
    raise PlatformFault("launch_contended", f"{_N_WRITES} writes in a row found the launch changed", where=launch_id)


def is_killed(launch: Launch) -> bool:
    """Return whether somebody has said kill, and that is not carried out yet."""
    return launch.wish is not None and launch.wish.get("verb") == Goal.KILL


def _still_to_be_killed(before: Launch, after: Launch) -> Launch:
    """Return `after` with the kill that `before` has heard of: whoever had the claim then cannot have known of it."""
    done = after.state in ENDED or (after.held and after.wish is None and after.claim is None)
    if not is_killed(before) or done:
        return after
    due_at = after.updated_at if after.claim is None else after.due_at
    return msgspec.structs.replace(after, wish=before.wish, due_at=due_at)


def record(
    world: LaunchWorld,
    launch_id: str,
    state: LaunchState,
    *,
    transition: str,
    step: str,
    reason: str,
    seconds: float = 0.0,
    evidence: dict[str, Any] | None = None,
    actor: str = PLATFORM,
    when: Callable[[Launch], bool] = lambda _: True,
    **changes: Any,
) -> Launch:
    """Return the launch moved to `state`; unchanged if the transition is on its timeline, or if `when` denies."""
    now = world.clock()

    def change(launch: Launch) -> Launch:
        if not when(launch):
            return launch
        return moved(
            launch,
            state,
            transition=transition,
            step=step,
            at=now,
            seconds=seconds,
            reason=reason,
            evidence=evidence,
            actor=actor,
            **{"trouble": None, "n_troubles": 0, **changes},
        )

    return write(world, launch_id, change)


def claimed(world: LaunchWorld, launch: Launch, run: str, **changes: Any) -> Launch:
    """Return `launch` claimed by `run`, so that no other run touches its backends; unchanged if another run has it."""
    if launch.claim is not None:
        return launch
    return msgspec.structs.replace(launch, claim=run, due_at=world.clock() + LEASE, **changes)


def desired(
    world: LaunchWorld,
    launch_id: str,
    goal: Goal,
    *,
    reason: str,
    actor: str,
    stage: int | None = None,
    variant: str | None = None,
) -> Desired:
    """Return what the launch wants of its backends, read afresh.

    Raises:
        Conflict: code `killed`, when it would serve a treatment that somebody wants to be gone at once.
    """
    launch = world.launches.get(launch_id)
    if goal in _SERVES and is_killed(launch):
        raise Conflict("killed", (launch.wish or {})["reason"], where=launch_id)
    return Desired(
        launch_id=launch_id,
        spec=spec_of(launch),
        goal=goal,
        stage=launch.stage if stage is None else stage,
        actor=actor,
        reason=reason,
        now=world.clock(),
        approved_by=tuple(sorted({approval.by for approval in launch.approvals} - {launch.author})),
        variant=variant,
    )
