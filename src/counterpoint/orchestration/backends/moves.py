"""What a goal means for a release: the operations that reach it, and the state they would leave, computed only."""

from counterpoint.experiments import Event, Experiment, ExperimentSpec, State, allocate, spec_document
from counterpoint.orchestration.backends.protocol import Desired, Goal
from counterpoint.releases import (
    AddExperiment,
    AmendExperiment,
    MoveExperiment,
    Operation,
    Release,
    ShipVariant,
    SurfaceState,
    apply_change,
    prepare,
    territory_of,
)
from counterpoint.vocabulary import digest

# The others do not choose the stage: what is resumed comes back at the stage at which it was paused.
STAGED = (Goal.START, Goal.STAGE)
AFTER = {
    Goal.START: State.RUNNING,
    Goal.STAGE: State.RUNNING,
    Goal.PAUSE: State.PAUSED,
    Goal.RESUME: State.RUNNING,
    Goal.STOP: State.STOPPED,
    Goal.KILL: State.STOPPED,
    Goal.RESTART: State.RUNNING,
    Goal.ARCHIVE: State.ARCHIVED,
    # What has ended is archived in the same Change: its buckets are free for the next experiment.
    Goal.SHIP: State.ARCHIVED,
    Goal.ROLL_BACK: State.ARCHIVED,
}
TAKING_AWAY = (Goal.PAUSE, Goal.STOP, Goal.KILL, Goal.ARCHIVE, Goal.ROLL_BACK)
"""What takes treatments away: done as well when a revert has taken the whole experiment away."""

UNSHIPPING = (Goal.KILL, Goal.ROLL_BACK)
"""What leaves nothing live of a winner either that the same launch has begun to ship."""


def state_after(desired: Desired, base: Release) -> SurfaceState:
    """Return the state of the surface once the goal is reached; nothing is published.

    Raises:
        Conflict: The goal cannot be reached from what is live, such as `no_free_buckets`.
    """
    if is_there(base.state, desired):
        return base.state
    change = prepare(
        base,
        operations_for(desired, base.state),
        change_id=f"outlook:{desired.launch_id}",
        surface=desired.spec.surface,
        author=desired.actor,
        reason=desired.reason,
        at=desired.now,
    )
    return apply_change(base.state, change, now=desired.now)


def place_of(state: SurfaceState, key: str) -> str | None:
    """Return the state and stage of an experiment in a release, in words; None when it is not there."""
    if key in state.retired:
        return str(State.ARCHIVED)
    live = state.experiments.get(key)
    return None if live is None else f"{live.state}, stage {live.stage}"


def text_of(spec: ExperimentSpec) -> str:
    """Return what tells an experiment's text from an amended one, in words."""
    return f"text {digest(spec_document(spec))[:12]}"


def is_there(state: SurfaceState, desired: Desired) -> bool:
    """Return whether a release has the experiment where `desired` wants it already."""
    before, after = moves(state, desired)
    return before == after


def is_gone(place: str | None) -> bool:
    """Return whether an experiment at `place` is in no release any more, or archived."""
    return place in (None, str(State.ARCHIVED))


def moves(state: SurfaceState, desired: Desired) -> tuple[str | None, str]:
    """Return where the experiment is, and where it shall be, in words."""
    before = place_of(state, desired.spec.key)
    if desired.goal is Goal.AMEND:
        live = state.experiments.get(desired.spec.key)
        return (None if live is None else text_of(live.spec)), text_of(desired.spec)
    if desired.goal in TAKING_AWAY and is_gone(before):
        return str(State.ARCHIVED), str(State.ARCHIVED)
    after = str(AFTER[desired.goal])
    if desired.goal in STAGED:
        return before, f"{after}, stage {desired.stage}"
    return (None if before is None else before.split(",")[0]), after


def operations_for(desired: Desired, state: SurfaceState) -> tuple[Operation, ...]:
    """Return what a Change has to do to take a release's state to the goal."""
    key = desired.spec.key
    live = state.experiments.get(key)
    match desired.goal:
        case Goal.START:
            start = MoveExperiment(experiment=key, event=Event.START, stage=desired.stage)
            if live is not None:
                return (start,)
            drawn = allocate(desired.spec, territory_of(state), at=desired.now, by=desired.actor)
            return (AddExperiment(experiment=drawn), start)
        case Goal.STAGE:
            return (MoveExperiment(experiment=key, event=Event.RAMP, stage=desired.stage),)
        case Goal.AMEND:
            return (AmendExperiment(experiment=key, spec=desired.spec),)
        case Goal.PAUSE:
            return (MoveExperiment(experiment=key, event=Event.PAUSE),)
        case Goal.RESUME:
            return (MoveExperiment(experiment=key, event=Event.RESUME),)
        case Goal.STOP:
            return (MoveExperiment(experiment=key, event=Event.STOP),)
        case Goal.KILL:
            return (MoveExperiment(experiment=key, event=Event.KILL),)
        case Goal.RESTART:
            return (MoveExperiment(experiment=key, event=Event.RESTART),)
        case Goal.ARCHIVE:
            return (MoveExperiment(experiment=key, event=Event.ARCHIVE),)
        case Goal.SHIP:
            ship = ShipVariant(experiment=key, variant=desired.variant or "")
            return (*_decided(live, key), ship, MoveExperiment(experiment=key, event=Event.ARCHIVE))
        case Goal.ROLL_BACK:
            rolled_back = MoveExperiment(experiment=key, event=Event.ROLL_BACK)
            return (*_decided(live, key), rolled_back, MoveExperiment(experiment=key, event=Event.ARCHIVE))


def _decided(live: Experiment | None, key: str) -> tuple[Operation, ...]:
    if live is not None and live.state is State.STOPPED:
        return (MoveExperiment(experiment=key, event=Event.DECIDE),)
    return ()
