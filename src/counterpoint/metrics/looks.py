"""Planned looks: when a group-sequential experiment is read, with how much information, and against which bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from counterpoint.errors import CannotCompute
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.planned import PlannedUnits
from counterpoint.stats import GroupSequentialBounds, Spending, spending_bounds

SPENDING = Spending.OBRIEN_FLEMING
LEAST_INFORMATION = 0.05
"""Below this share of the planned units a look has a bound so far out that it is not taken."""

_LEAST_STEP = 0.005
_FULL = 0.99
_EVERY = {"daily": 1, "weekly": 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class LooksSoFar:
    """Looks of one experiment up to now.

    Attributes:
        days: Whole days since the start of each look reached, in order; empty before the first.
        n_planned: Looks of the whole schedule.
        is_final: Whether the last of them is the end of the design: its day has come or its units have matured.
        next_day: Of the next look, None after the last.
    """

    days: tuple[int, ...]
    n_planned: int
    is_final: bool
    next_day: int | None


def look_schedule(spec: ExperimentSpec, window_days: int) -> tuple[int, ...]:
    """Return the days after the start at which an experiment is read, the last its end.

    Args:
        spec: Its days and how often it is looked at.
        window_days: Of the primary metric: before one day more nothing has matured.
    """
    end, every = spec.schedule.days, _EVERY.get(spec.analysis.looks)
    inner = () if every is None else tuple(range(every, end, every))
    return (*(day for day in inner if day > window_days), end)


def looks_so_far(
    spec: ExperimentSpec, window_days: int, planned: PlannedUnits, daily: Sequence[Sequence[int]], *, days: float
) -> LooksSoFar:
    """Return the looks reached after `days` days.

    The design ends with its schedule, or with the look at which the planned units of the primary metric have matured:
    what came later would have information but no error left to spend.

    Args:
        spec: Its schedule.
        window_days: Of the primary metric.
        planned: Fixed in advance.
        daily: Cumulative exposed units per variant at the end of each day since the start.
        days: Since the start, fractions too.
    """
    schedule = look_schedule(spec, window_days)
    reached = tuple(day for day in schedule if day <= days)
    wanted = planned.matured(window_days)
    for i, day in enumerate(reached):
        if day == schedule[-1] or (wanted > 0 and sum(matured_by(daily, day, window_days)) >= wanted):
            return LooksSoFar(days=reached[: i + 1], n_planned=len(schedule), is_final=True, next_day=None)
    return LooksSoFar(
        days=reached, n_planned=len(schedule), is_final=False, next_day=next(d for d in schedule if d > days)
    )


def matured_by(daily: Sequence[Sequence[int]], day: int, window_days: int) -> Sequence[int]:
    """Return matured units per variant at the end of a day: those exposed a whole window before."""
    last = min(day - window_days, len(daily))
    return daily[last - 1] if last > 0 else (0,)


def bounds_at(
    looks: LooksSoFar,
    planned: PlannedUnits,
    daily: Sequence[Sequence[int]],
    *,
    window_days: int,
    arms: tuple[int, int],
    weights: Mapping[int, float],
    alpha: float,
) -> tuple[GroupSequentialBounds, int]:
    """Return the bounds of one metric's comparison up to the last look, and which look that is, from 1.

    Information is matured units of the two arms over those planned. Whatever has matured, the last look of the design
    spends the rest of alpha: with fewer units than planned its bound is a little farther out than it need be.

    Args:
        looks: Reached so far.
        planned: Fixed in advance.
        daily: Cumulative exposed units per variant.
        window_days: Of this metric.
        arms: Positions of control and treatment among the variants.
        weights: Of all variants.
        alpha: Two-sided level over all looks.

    Raises:
        CannotCompute: `no_look_yet` before the first look with enough information.
    """
    share = sum(weights[arm] for arm in arms) / sum(weights.values())
    wanted = planned.matured(window_days) * share
    information: list[float] = []
    for i, day in enumerate(looks.days):
        counts = matured_by(daily, day, window_days)
        found = sum(counts[arm] for arm in arms) if len(counts) > max(arms) else 0
        last = looks.is_final and i == len(looks.days) - 1
        before = information[-1] if information else 0.0
        now = 1.0 if last and found else min(found / wanted, _FULL) if wanted > 0 else 0.0
        taken = now >= LEAST_INFORMATION and now >= before + _LEAST_STEP
        if taken:
            information.append(now)
        elif i == len(looks.days) - 1:
            when = f"the next look is on day {looks.next_day}" if looks.next_day else "the design has ended"
            raise CannotCompute(
                "no_look_yet", f"{found:,} of {wanted:,.0f} planned units have matured, too few for a look", fix=when
            )
    if not information:
        raise CannotCompute("no_look_yet", "no planned look has come", fix=f"the first is on day {looks.next_day}")
    return _bounds(tuple(round(t, 6) for t in information), alpha), len(information)


@lru_cache(maxsize=4096)
def _bounds(information: tuple[float, ...], alpha: float) -> GroupSequentialBounds:
    return spending_bounds(information, alpha=alpha, family=SPENDING)
