"""The watch: starts what is due, and takes up what a run left that died or ended with an error."""

from datetime import datetime, timedelta

import msgspec

from counterpoint.errors import DependencyFailure
from counterpoint.orchestration.beginning import BEGINNING
from counterpoint.orchestration.launch import Launch, LaunchState, moved
from counterpoint.orchestration.ports import Executor, Outcome, Progress
from counterpoint.orchestration.recording import LEASE, spec_of, write
from counterpoint.orchestration.schedule import WATCH_EVERY, next_due
from counterpoint.orchestration.world import LaunchWorld

N_BEGINS = 6
"""How often a launch is begun before it is given up: somebody waits for it."""
_LONGEST_WAIT = timedelta(hours=1)
_ANSWER_S = 1.0


def start_due(world: LaunchWorld, executor: Executor) -> tuple[str, ...]:
    """Start the transition of every launch that is due and return the workflows' ids.

    The id holds the launch's version, so however many processes watch, each due transition is started once.
    """
    now = world.clock()
    started = (_start_one(world, executor, launch, now) for launch in world.launches.due(now))
    return tuple(run for run in started if run is not None)


def pull_back(world: LaunchWorld) -> None:
    """Make looks that were put off too long due in time: by a clock that ran ahead, and was set right since."""
    now = world.clock()
    for launch in world.launches.list():
        started_at = launch.started_at
        if launch.state is not LaunchState.RUNNING or launch.claim is not None or started_at is None:
            continue
        if launch.due_at is None or launch.due_at <= now + WATCH_EVERY:
            continue
        due = next_due(spec_of(launch), stage=launch.stage, started_at=started_at, staged_at=launch.staged_at, now=now)

        def change(now_is: Launch, read: Launch = launch, at: datetime = due.at) -> Launch:
            return msgspec.structs.replace(now_is, due_at=at) if now_is.version == read.version else now_is

        write(world, launch.id, change)


def run_id(launch: Launch, workflow: str) -> str:
    """Return the id of the workflow that moves the launch from the version it has."""
    return f"{launch.id}:{workflow}:{launch.version}"


def start(executor: Executor, workflow: str, launch: Launch, argument: Outcome) -> str:
    """Start a workflow on a launch and return its id."""
    run = run_id(launch, workflow)
    executor.start(workflow, run, {"launch": launch.id, "run": run, **argument})
    return run


def without_dead_claim(world: LaunchWorld, executor: Executor, launch: Launch) -> Launch:
    """Return the launch without its claim if the run that has it ended without giving it back."""
    dead = launch.claim
    if dead is None or executor.progress(dead) is Progress.RUNNING:
        return launch

    def change(now_is: Launch) -> Launch:
        return msgspec.structs.replace(now_is, claim=None) if now_is.claim == dead else now_is

    return write(world, launch.id, change)


def _start_one(world: LaunchWorld, executor: Executor, launch: Launch, now: datetime) -> str | None:
    workflow = "begin" if launch.state in BEGINNING else "look"
    held = launch.claim
    run = held or run_id(launch, workflow)
    match executor.progress(run):
        case Progress.FAILED:
            # Started again under its id it would be the same, failed, workflow: the note of it makes a new version.
            _note_failure(world, executor, launch, run, now)
            return None
        case Progress.RUNNING:
            # It takes longer than its lease: slow, or its machine is gone.
            executor.rescue(run)
            return run if held is None else None
        case Progress.DONE if held is None and launch.due_at is not None and now - launch.due_at > LEASE:
            # It ran and found nothing to do, on a machine whose clock is behind ours: a new version makes a new run.
            nudged = _nudged(world, launch)
            return start(executor, workflow, nudged, {}) if nudged.version == launch.version + 1 else None
    return start(executor, workflow, without_dead_claim(world, executor, launch), {})


def _nudged(world: LaunchWorld, launch: Launch) -> Launch:
    now = world.clock()

    def change(now_is: Launch) -> Launch:
        return msgspec.structs.replace(now_is, updated_at=now) if now_is.version == launch.version else now_is

    return write(world, launch.id, change)


def _note_failure(world: LaunchWorld, executor: Executor, launch: Launch, run: str, now: datetime) -> None:
    why = _why(executor, run)
    n_troubles = launch.n_troubles + 1
    wait = min(LEASE * 2 ** (n_troubles - 1), _LONGEST_WAIT)

    def change(now_is: Launch) -> Launch:
        if now_is.version != launch.version:
            return now_is
        if launch.state in BEGINNING and n_troubles >= N_BEGINS:
            tail = "" if launch.begun_at is None else " It may be STILL LIVE in part: look at every backend."
            return moved(
                launch,
                LaunchState.FAILED,
                transition=f"{launch.id}:failed",
                step="begin",
                at=now,
                seconds=0.0,
                reason=f"given up after {n_troubles} attempts: {why}{tail}",
                due_at=None,
                claim=None,
                trouble=why,
            )
        return msgspec.structs.replace(
            launch, due_at=now + wait, updated_at=now, claim=None, trouble=why, n_troubles=n_troubles
        )

    write(world, launch.id, change)


def _why(executor: Executor, run: str) -> str:
    try:
        executor.wait(run, _ANSWER_S)
    except DependencyFailure as error:
        return error.what
    return "it ended with an error"
