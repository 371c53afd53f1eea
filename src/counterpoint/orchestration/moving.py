"""Take a running or held launch to another state on all backends: the next stage, a pause, back to running."""

from datetime import datetime

from counterpoint.orchestration.attempts import Attempts
from counterpoint.orchestration.backends.protocol import Goal
from counterpoint.orchestration.conclusion import retry_later
from counterpoint.orchestration.converge import converge
from counterpoint.orchestration.launch import PLATFORM, LaunchState
from counterpoint.orchestration.ports import Outcome
from counterpoint.orchestration.recording import desired, record, spec_of
from counterpoint.orchestration.schedule import next_due
from counterpoint.orchestration.world import LaunchWorld

_BACK = {
    Goal.RESUME: ("pause", "paused again: resuming it failed halfway"),
    Goal.RESTART: ("hold", "stopped again: restarting it failed halfway"),
}
"""What is said when giving treatments back was done in part only."""


def move_to(
    world: LaunchWorld,
    steps: Attempts,
    launch_id: str,
    run: str,
    goal: Goal,
    *,
    reason: str,
    actor: str = PLATFORM,
    stage: int | None = None,
    evidence: Outcome | None = None,
) -> Outcome:
    """Take all backends to STAGE, PAUSE, RESUME or RESTART and record it, or leave it for another try.

    Args:
        stage: Index of the stage that shall be live; the one that is when None.
        evidence: What was seen that called for it.
    """
    done = converge(
        world,
        steps,
        lambda: desired(world, launch_id, goal, stage=stage, reason=reason, actor=actor),
        prefix=f"{run}:{goal}",
        forward=goal is Goal.PAUSE,
    )
    if not done["ok"]:
        rest = None
        if goal is Goal.PAUSE:
            rest = {"verb": "pause", "actor": actor, "reason": reason}
        elif goal in _BACK and (done["unsure"] or done["still_live"]):
            verb, why = _BACK[goal]
            rest = {"verb": verb, "actor": actor, "reason": why}
        return steps.run("record retry", lambda: retry_later(world, launch_id, done, wish=rest))
    seen = {**(evidence or {}), "seconds": done["seconds"]}
    return steps.run(f"record {goal}", lambda: _record(world, launch_id, run, goal, stage, actor, reason, seen))


def _record(
    world: LaunchWorld,
    launch_id: str,
    run: str,
    goal: Goal,
    stage: int | None,
    actor: str,
    reason: str,
    evidence: Outcome,
) -> Outcome:
    now = world.clock()
    launch = world.launches.get(launch_id)
    state = LaunchState.PAUSED if goal is Goal.PAUSE else LaunchState.RUNNING
    live = launch.stage if stage is None else stage
    due_at: datetime | None = None
    staged_at = launch.staged_at
    if state is LaunchState.RUNNING and launch.started_at is not None:
        staged_at = max(now, launch.started_at)
        spec, started_at = spec_of(launch), launch.started_at
        due_at = next_due(spec, stage=live, started_at=started_at, staged_at=staged_at, now=now).at
    launch = record(
        world,
        launch_id,
        state,
        transition=f"{run}:{goal}",
        step=str(goal),
        seconds=sum(evidence["seconds"].values()),
        reason=reason,
        evidence=evidence,
        actor=actor,
        stage=live,
        staged_at=staged_at,
        due_at=due_at,
        ended_at=None,
        claim=None,
        held=False,
        wish=None,
    )
    return {"state": str(launch.state), "reason": reason}
