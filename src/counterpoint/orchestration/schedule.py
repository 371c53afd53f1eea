"""When a running experiment is looked at next, and what is due then."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from counterpoint.experiments import ExperimentSpec, stage_shares

SMOKE_AFTER = timedelta(hours=1)
"""When a new experiment is looked at first: are all variants served, do exposures arrive, is the split right."""
WATCH_EVERY = timedelta(days=1)
"""How often it is watched for harm, in ramp stages too: by intervals that hold at any number of looks, so the looks
that a design plans for its decision are no reason to look away."""


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


def next_due(
    spec: ExperimentSpec, *, stage: int, started_at: datetime, staged_at: datetime | None, now: datetime
) -> Due:
    """Return what is due next after `now`.

    Args:
        stage: Index of the live stage.
        started_at: When the first stage went live.
        staged_at: When the live stage did. Each is held for its hours, however late the one before it came: a platform
            that was down for a weekend must not ramp through all of them on Monday morning.
    """
    plan = stages(spec)
    end = end_of(spec, started_at)
    if now >= end:
        return Due(action=Action.CONCLUDE, at=now)
    onward = Due(action=Action.CONCLUDE, at=end)
    if stage < len(plan) - 1:
        reached = (staged_at or started_at) + plan[stage][1]
        if reached < end:
            onward = Due(action=Action.NEXT_STAGE, at=max(reached, now))
    look = _next_look(started_at, now)
    return Due(action=Action.LOOK, at=look) if look < onward.at else onward


def _next_look(started_at: datetime, now: datetime) -> datetime:
    if now < started_at + SMOKE_AFTER:
        return started_at + SMOKE_AFTER
    return started_at + ((now - started_at) // WATCH_EVERY + 1) * WATCH_EVERY
