"""The frame of a chart over days: where a day and a change stand in it, its ticks, and what does not belong on it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A drawing of a given size with its plot inside the margins, in units of the drawing."""

    width: float
    height: float
    left: float
    right: float
    top: float = 8.0
    bottom: float = 26.0

    @property
    def plot_width(self) -> float:
        """Width of the plot."""
        return self.width - self.left - self.right

    @property
    def plot_height(self) -> float:
        """Height of the plot."""
        return self.height - self.top - self.bottom


WIDE = Frame(width=680.0, height=300.0, left=54.4, right=81.6)
NARROW = Frame(width=320.0, height=240.0, left=44.8, right=25.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAxis:
    """Days from 1 to `days`; each has a slot of its own with the day in its middle, as the controls over it have."""

    days: int
    frame: Frame

    def x(self, day: float) -> float:
        """Return where the end of `day` stands, held within the plot."""
        share = min(max((day - 0.5) / self.days, 0.0), 1.0)
        return round(self.frame.left + share * self.frame.plot_width, 2)

    @property
    def ticks(self) -> tuple[int, ...]:
        """The first day, then whole weeks as far apart as labels need, then the last."""
        every = _WEEK * max(1, math.ceil(self.days / _WEEK / 5)) if self.days > _WEEK + 2 else max(1, self.days // 4)
        inner = [day for day in range(every, self.days, every) if day > every * 0.4 and self.days - day > every * 0.4]
        return tuple(dict.fromkeys((1, *inner, self.days)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeAxis:
    """Relative changes from `low` at the bottom to `high` at the top."""

    low: float
    high: float
    step: float
    frame: Frame

    def y(self, change: float) -> float:
        """Return where `change` stands; an infinite one stands at the plot's edge."""
        share = (min(max(change, self.low), self.high) - self.low) / (self.high - self.low)
        return round(self.frame.top + (1 - share) * self.frame.plot_height, 2)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Multiples of the step, zero among them where it is on the axis."""
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return tuple(k * self.step for k in range(first, last + 1))


def change_axis(changes: Iterable[float | None], frame: Frame, *, n_ticks: int = 6) -> ChangeAxis:
    """Return an axis on which all finite `changes` and zero stand."""
    known = [each for each in changes if each is not None and math.isfinite(each)]
    low, high = min([0.0, *known]), max([0.0, *known])
    reach = max(high - low, 1e-6)
    step = _round_up(reach / n_ticks)
    return ChangeAxis(
        low=math.floor(low / step - 0.02) * step if low < 0 else 0.0,
        high=math.ceil(high / step + 0.02) * step if high > 0 else step,
        step=step,
        frame=frame,
    )


def spread_out(places: Sequence[float], apart: float, *, low: float, high: float) -> list[float]:
    """Return `places` moved as little as labels need to be `apart`, in their order, between `low` and `high`."""
    order = sorted(range(len(places)), key=lambda n: places[n])
    out = [0.0] * len(places)
    before = low - apart
    for n in order:
        before = out[n] = max(places[n], before + apart)
    after = high + apart
    for n in reversed(order):
        after = out[n] = min(out[n], after - apart)
    return [round(each, 2) for each in out]


def _round_up(length: float) -> float:
    power = 10.0 ** math.floor(math.log10(length))
    return next(step for step in _STEPS if step * power >= length * (1 - 1e-9)) * power
