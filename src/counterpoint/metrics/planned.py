"""Planned units: how many are expected on each day of an experiment, fixed before its first result is seen."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.experiments import ExperimentSpec, UnitsPerDay, stage_shares

_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedUnits:
    """The forecast that information is measured against.

    Attributes:
        by_day: Units of all variants together expected to be exposed for the first time, per day of the schedule.
        source: Where it comes from, in words.
    """

    by_day: tuple[float, ...]
    source: str

    def matured(self, window_days: int, days: int | None = None) -> float:
        """Return how many units will have matured for a metric of this window by the end of a day, the last if None."""
        return math.fsum(self.by_day[: max(0, (len(self.by_day) if days is None else days) - window_days)])

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form, for an analysis plan."""
        return {"by_day": list(self.by_day), "source": self.source}


def planned_from_document(document: Mapping[str, Any]) -> PlannedUnits:
    """Return what `as_document` wrote."""
    return PlannedUnits(by_day=tuple(map(float, document["by_day"])), source=str(document["source"]))


def planned_units(spec: ExperimentSpec, units: UnitsPerDay) -> PlannedUnits:
    """Return the units that an experiment will expose, from the traffic of its audience.

    Each ramp stage adds a share of the audience, whose units then arrive as those of the history did.

    Args:
        spec: Its allocation, ramp and days.
        units: Arrivals of the whole audience.
    """
    days, by_day = spec.schedule.days, [0.0] * spec.schedule.days
    arrivals = new_units(units, days)
    starts_at, before = 0.0, 0.0
    held = [stage.hours for stage in spec.schedule.ramp]
    for i, share in enumerate(stage_shares(spec)):
        first = int(starts_at // 24)
        for day in range(first, days):
            by_day[day] += (share - before) * arrivals[day - first]
        before = share
        starts_at += held[i] if i < len(held) else 0.0
    return PlannedUnits(by_day=tuple(by_day), source=f"{units.source}, {spec.allocation:.4g} of the audience")


def new_units(units: UnitsPerDay, days: int) -> tuple[float, ...]:
    """Return units seen for the first time on each of `days` days; beyond the history its last week goes on."""
    known = units.per_day_new[:days]
    tail = units.per_day_new[-_WEEK:]
    later = math.fsum(tail) / len(tail) if tail else 0.0
    return (*known, *(later,) * (days - len(known)))
