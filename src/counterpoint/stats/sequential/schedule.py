"""When to look: information from matured units, and schedules that leave a metric's window time to pass."""

from collections.abc import Sequence
from itertools import pairwise

from counterpoint.errors import InvalidInput


def information_fraction(matured: int, planned: int) -> float:
    """Return matured units over planned ones, at most 1: information, not calendar time, is the clock.

    Args:
        matured: Units whose whole metric window has passed, both arms.
        planned: Units the plan asks for, both arms, positive.
    """
    if matured < 0 or planned <= 0:
        raise InvalidInput("negative_count", f"{matured} matured of {planned} planned units", where="matured")
    return min(1.0, matured / planned)


def information_path(matured: Sequence[int], planned: int) -> tuple[float, ...]:
    """Return the information at each look so far.

    Raises:
        InvalidInput: `information_goes_backwards` when a look has no new matured units.
    """
    path = tuple(information_fraction(m, planned) for m in matured)
    if any(b <= a for a, b in pairwise(matured)):
        raise InvalidInput(
            "information_goes_backwards",
            f"matured units {list(matured)} at successive looks",
            where="matured",
            fix="look again when more units have matured, and never drop units between looks",
        )
    return path


def look_days(duration_days: int, window_days: int, n_looks: int) -> tuple[int, ...]:
    """Return days after the start on which to look, evenly spaced, the last at the end.

    Args:
        duration_days: Of the experiment with its last window.
        window_days: Of the metric: a unit counts when this many days have passed since its exposure.
        n_looks: At least 1.

    Raises:
        InvalidInput: `schedule_within_window` when no unit would have matured before the end.
    """
    if n_looks < 1:
        raise InvalidInput("no_looks", "a schedule without a look", where="n_looks")
    room = duration_days - window_days
    if room <= 0:
        raise InvalidInput(
            "schedule_within_window",
            f"{duration_days} days for a metric measured over {window_days}",
            where="duration_days",
            fix="run longer than the metric's window or shorten the window",
            facts={"duration_days": duration_days, "window_days": window_days},
        )
    days = sorted({window_days + max(1, round(room * k / n_looks)) for k in range(1, n_looks + 1)})
    return tuple(days)
