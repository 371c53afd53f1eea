"""Policy rules: what may not be shown, whatever the listener likes; a fact that is unknown counts against the item."""

from dataclasses import dataclass

import numpy as np

from counterpoint.pages.evidence import Rows
from counterpoint.pages.stages import DROPPED, KEPT, UNKNOWN, Codes, membership
from counterpoint.pages.visit import Visit

MINORS = "13-17"


@dataclass(frozen=True, slots=True)
class Takedown:
    """Removes what nobody may see."""

    key: str = "takedown"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows that were taken down."""
        return visit.index.taken_down[rows].astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Market:
    """Removes what may not be shown in the account's market; without one, all that is limited to some."""

    key: str = "market"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows outside the market."""
        allowed = visit.index.in_market(visit.market)[rows]
        if allowed.all():
            return None
        return np.where(allowed, KEPT, UNKNOWN if visit.market is None else DROPPED).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Window:
    """Removes what is not yet or no longer available."""

    key: str = "availability"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows whose window does not contain the moment of the page."""
        index = visit.index
        return ((index.available_from[rows] > visit.now_s) | (index.available_until[rows] <= visit.now_s)).astype(
            np.uint8
        )


@dataclass(frozen=True, slots=True)
class Product:
    """Removes what the listener's product cannot play; an unknown plan is a free one."""

    key: str = "product"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop premium rows for listeners without a paid plan."""
        premium = visit.index.premium[rows]
        if not premium.any():
            return None
        plan = visit.request.context.get("plan")
        if plan in ("premium", "family", "student"):
            return None
        return premium.astype(np.uint8) * (UNKNOWN if plan is None else DROPPED)


@dataclass(frozen=True, slots=True)
class Age:
    """Removes explicit items, and items that nobody has judged, for minors.

    A listener whose age is unknown is refused what is known to be explicit. (Refusing them what nobody has judged
    as well would leave them without a page on any catalogue that carries no such judgements.)
    """

    key: str = "age"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop explicit rows for minors and for listeners of unknown age."""
        band = visit.request.context.get("age_band")
        if band is not None and band != MINORS:
            return None
        explicit = visit.index.explicit[rows]
        if band is None:
            return np.where(explicit == 1, UNKNOWN, KEPT).astype(np.uint8)
        return _held_back(explicit)


@dataclass(frozen=True, slots=True)
class Explicit:
    """Removes explicit items, and items that nobody has judged, when the surface hides explicit content."""

    key: str = "explicit"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop rows that are not known to be clean; reads the parameter only where some row is not."""
        if visit.request.context.get("age_band") == MINORS:
            return None  # `age` has dropped them all: this parameter cannot change the page
        explicit = visit.index.explicit[rows]
        if not explicit.any() or not visit.truth("filtering.hide_explicit"):
            return None
        return _held_back(explicit)


@dataclass(frozen=True, slots=True)
class Blocked:
    """Removes items and artists that the listener never wants to see."""

    key: str = "blocked"

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Drop blocked rows."""
        blocked = visit.listener.blocked
        if not blocked.size:
            return None
        return membership(blocked, len(visit.index.items))[rows].astype(np.uint8)


POLICY = (Takedown(), Market(), Window(), Product(), Age(), Explicit(), Blocked())


def _held_back(explicit: np.ndarray[tuple[int], np.dtype[np.int8]]) -> Codes:
    codes = np.zeros(explicit.shape, dtype=np.uint8)
    codes[explicit == 1] = DROPPED
    codes[explicit < 0] = UNKNOWN
    return codes
