"""When a running experiment is looked at next, and what is due then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from counterpoint.experiments import ExperimentSpec, stage_shares

_LOOK_EVERY = {"daily": timedelta(days=1), "weekly": timedelta(days=7), "end": timedelta(days=365)}


class Action(StrEnum):
    """What is due."""

    NEXT_STAGE = "next_stage"
    LOOK = "look"
    CONCLUDE = "conclude"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The next thing to do with a running experiment, and when."""

    action: Action
    at: datetime


def stages(spec: ExperimentSpec) -> tuple[tuple[float, timedelta], ...]:
    """Return the stages as (share of the audience's units, how long it is held); the last is held to the end."""
    shares = stage_shares(spec)
    held = [timedelta(hours=stage.hours) for stage in spec.schedule.ramp[: len(shares) - 1]]
    return tuple(zip(shares, (*held, timedelta(0)), strict=True))


def end_of(spec: ExperimentSpec, started_at: datetime) -> datetime:
    """Return when the design ends: its days are counted from the first stage, the ramp among them."""
    return started_at + timedelta(days=spec.schedule.days)


def next_due(spec: ExperimentSpec, *, stage: int, started_at: datetime, now: datetime) -> Due:
    """Return what is due next after `now`.

    Args:
        stage: Index of the live stage.
        started_at: When the first stage went live.
    """
    plan = stages(spec)
    end = end_of(spec, started_at)
    if now >= end:
        return Due(action=Action.CONCLUDE, at=now)
    if stage < len(plan) - 1:
        reached = started_at + sum((held for _, held in plan[: stage + 1]), timedelta(0))
        return Due(action=Action.NEXT_STAGE, at=max(reached, now))
    every = _LOOK_EVERY[spec.analysis.looks]
    n_passed = (now - started_at) // every + 1
    look = started_at + n_passed * every
    return Due(action=Action.LOOK, at=look) if look < end else Due(action=Action.CONCLUDE, at=end)
