"""When simulated listeners come: visits spread over days and hours, drawn before anything is shown to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from counterpoint.errors import InvalidInput

# Relative frequency of each hour of the day, 0 to 23: the way to work, lunch, and above all the evening.
_HOURS = (4, 2, 1, 1, 1, 2, 5, 9, 11, 8, 7, 7, 9, 8, 7, 8, 10, 13, 13, 12, 12, 12, 10, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One opening of the surface.

    Attributes:
        at: Aware UTC; a simulated listener lives in UTC, wherever the account is registered.
        day: Whole days since this listener's first visit of the run.
        is_first_of_day: Whether it is the first on its calendar day.
        luck: A uniform draw in [0, 1) that decides what is accidental about the request, such as its network.
    """

    at: datetime
    day: int
    is_first_of_day: bool
    luck: float


def draw_visits(start: datetime, days: int, visits_per_day: float, rng: np.random.Generator) -> tuple[Visit, ...]:
    """Return the visits of one listener in time order; there may be none.

    Args:
        start: First instant of the run, aware UTC.
        days: Length of the run in days, at least 1.
        visits_per_day: Expected number; each day's is Poisson.

    Raises:
        InvalidInput: `days` is not positive.
    """
    if days < 1:
        raise InvalidInput("out_of_range", f"a run of {days} days has no visits", where="days", fix="ask for 1 or more")
    weights = np.array(_HOURS, dtype=np.float64)
    counts = rng.poisson(visits_per_day, size=days)
    n = int(counts.sum())
    hours = (rng.choice(24, size=n, p=weights / weights.sum()) + rng.random(n) - start.hour - start.minute / 60) % 24
    seconds = np.sort(np.repeat(np.arange(days), counts) * 86_400.0 + hours * 3600.0)
    luck = rng.random(n)
    visits: list[Visit] = []
    for offset_s, chance in zip(seconds.tolist(), luck.tolist(), strict=True):
        at = start + timedelta(seconds=offset_s)
        first = visits[0].at if visits else at
        visits.append(
            Visit(
                at=at,
                day=(at - first).days,
                is_first_of_day=not visits or visits[-1].at.date() != at.date(),
                luck=chance,
            )
        )
    return tuple(visits)
