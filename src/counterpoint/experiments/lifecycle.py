"""The life of an experiment as one table: which event leads from which state to which."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from counterpoint.assignment import BucketSet
from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments.allocation import stage_buckets
from counterpoint.experiments.experiment import Experiment, State, stage_shares


class Event(StrEnum):
    """What can happen to an experiment."""

    VALIDATE = "validate"
    APPROVE = "approve"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    START = "start"
    RAMP = "ramp"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    KILL = "kill"
    RESTART = "restart"
    DECIDE = "decide"
    SHIP = "ship"
    ROLL_BACK = "roll_back"
    ARCHIVE = "archive"


TRANSITIONS: Mapping[State, Mapping[Event, State]] = MappingProxyType(
    {
        State.DRAFT: {Event.VALIDATE: State.VALIDATED, Event.ARCHIVE: State.ARCHIVED},
        State.VALIDATED: {
            Event.VALIDATE: State.VALIDATED,
            Event.APPROVE: State.APPROVED,
            Event.ARCHIVE: State.ARCHIVED,
        },
        State.APPROVED: {
            Event.SCHEDULE: State.SCHEDULED,
            Event.START: State.RUNNING,
            Event.ARCHIVE: State.ARCHIVED,
        },
        State.SCHEDULED: {
            Event.START: State.RUNNING,
            Event.UNSCHEDULE: State.APPROVED,
            Event.ARCHIVE: State.ARCHIVED,
        },
        State.RUNNING: {
            Event.RAMP: State.RUNNING,
            Event.PAUSE: State.PAUSED,
            Event.STOP: State.STOPPED,
            Event.KILL: State.STOPPED,
        },
        State.PAUSED: {Event.RESUME: State.RUNNING, Event.STOP: State.STOPPED, Event.KILL: State.STOPPED},
        State.STOPPED: {
            Event.RESTART: State.RUNNING,
            Event.DECIDE: State.DECIDED,
            Event.ARCHIVE: State.ARCHIVED,
        },
        State.DECIDED: {Event.SHIP: State.SHIPPED, Event.ROLL_BACK: State.ROLLED_BACK},
        State.SHIPPED: {Event.ROLL_BACK: State.ROLLED_BACK, Event.ARCHIVE: State.ARCHIVED},
        State.ROLLED_BACK: {Event.ARCHIVE: State.ARCHIVED},
        State.ARCHIVED: {},
    }
)

# Events that only take treatments away; they may pass where a launch would have to wait.
URGENT = frozenset({Event.PAUSE, Event.STOP, Event.KILL, Event.ROLL_BACK})


def allowed_events(state: State) -> tuple[Event, ...]:
    """Return what may happen in `state`, in the table's order."""
    return tuple(TRANSITIONS[state])


def transition(
    experiment: Experiment, event: Event, *, at: datetime, stage: int | None = None, variant: str | None = None
) -> Experiment:
    """Return `experiment` after `event`.

    Args:
        at: When it happens, UTC.
        stage: Of a ramp: index into `stage_shares`, the next one when None; of a start: the first when None.
        variant: Of a ship: the variant that becomes the baseline.

    Raises:
        Conflict: `bad_transition`, when the state does not allow the event.
        InvalidInput: `bad_stage` or `unknown_variant`.
    """
    state = TRANSITIONS[experiment.state].get(event)
    if state is None:
        allowed = ", ".join(allowed_events(experiment.state)) or "nothing"
        raise Conflict(
            "bad_transition",
            f"{event} is not possible while it is {experiment.state}",
            where=f"experiment {experiment.key}",
            fix=f"possible now: {allowed}",
            facts={
                "state": str(experiment.state),
                "event": str(event),
                "allowed": list(allowed_events(experiment.state)),
            },
        )
    moved = replace(experiment, state=state, updated_at=at)
    match event:
        case Event.START:
            return _at_stage(replace(moved, started_at=at, ended_at=None), 0 if stage is None else stage)
        case Event.RAMP:
            return _at_stage(moved, (experiment.stage or 0) + 1 if stage is None else stage)
        case Event.RESTART | Event.RESUME:
            return replace(moved, ended_at=None)
        case Event.STOP | Event.KILL:
            return replace(moved, ended_at=at)
        case Event.SHIP:
            return _shipped(moved, variant)
        case Event.ROLL_BACK:
            return replace(moved, shipped_variant=None)
        case Event.ARCHIVE:
            # Only now do others get its buckets: its carry-over has been left to fade until somebody said so.
            return replace(moved, reserved=BucketSet(), owned=BucketSet(), ended_at=experiment.ended_at or at)
        case _:
            return moved


def _at_stage(experiment: Experiment, stage: int) -> Experiment:
    n_stages = len(stage_shares(experiment.spec))
    if not 0 <= stage < n_stages:
        raise InvalidInput(
            "bad_stage",
            f"stage {stage + 1} of a ramp of {n_stages}",
            where=f"experiment {experiment.key}",
            fix=f"give a stage from 1 to {n_stages}",
            facts={"stage": stage, "n_stages": n_stages},
        )
    return replace(experiment, stage=stage, owned=stage_buckets(experiment, stage))


def _shipped(experiment: Experiment, variant: str | None) -> Experiment:
    keys = [treatment.key for treatment in experiment.spec.treatments]
    if variant not in keys:
        raise InvalidInput(
            "unknown_variant",
            f"'{variant}' is no treatment of this experiment",
            where=f"experiment {experiment.key}",
            fix=f"ship one of {', '.join(keys)}",
        )
    return replace(experiment, shipped_variant=variant)
