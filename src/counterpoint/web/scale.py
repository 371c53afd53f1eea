"""The common scale of a chart of relative changes: how far it reaches, and where its ticks stand."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TYPICAL = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A symmetric axis about zero.

    Attributes:
        limit: Relative change at either end, positive.
        step: Distance between ticks.
        width: Of the drawing, in its own units.
    """

    limit: float
    step: float
    width: float = 340.0

    def x(self, change: float) -> float:
        """Return where `change` stands, held within the drawing."""
        share = (max(-self.limit, min(self.limit, change)) + self.limit) / (2 * self.limit)
        return round(share * self.width, 2)

    def holds(self, change: float) -> bool:
        """Return whether `change` is on the drawing."""
        return abs(change) <= self.limit * (1 + 1e-9)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Where ticks stand, ends included."""
        n = round(self.limit / self.step)
        return tuple(k * self.step for k in range(-n, n + 1))


def scale_for(extents: Iterable[float], *, at_least: Iterable[float] = ()) -> Scale:
    """Return a scale on which four intervals in five fit whole; the widest are cut, with arrows.

    Args:
        extents: Farthest distance from zero of each interval.
        at_least: Distances that have to fit: the primary metric, the margins of guardrails.
    """
    widths = sorted(abs(each) for each in extents if math.isfinite(each))
    must = [abs(each) for each in at_least if math.isfinite(each)]
    typical = widths[math.ceil(_TYPICAL * len(widths)) - 1] if widths else 0.0
    reach = max([typical, *must, 1e-6]) * 1.05
    step = _round_up(reach / 4)
    return Scale(limit=math.ceil(reach / step - 1e-9) * step, step=step)


def _round_up(length: float) -> float:
    power = 10.0 ** math.floor(math.log10(length))
    return next(step for step in _STEPS if step * power >= length * (1 - 1e-9)) * power
