"""Whether an item may be shown to a listener at all: market, window, product, explicit content and takedowns."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from counterpoint.content.item import Item, Tier


class Unavailable(StrEnum):
    """Why an item may not be shown; each is one rule."""

    TAKEDOWN = "takedown"
    MARKET = "market"
    MARKET_UNKNOWN = "market_unknown"
    NOT_YET = "not_yet_available"
    NO_LONGER = "no_longer_available"
    PRODUCT = "product"
    EXPLICIT = "explicit"
    EXPLICIT_UNKNOWN = "explicit_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """What availability depends on about one request.

    Attributes:
        now: Instant of the request, aware UTC.
        market: ISO 3166-1 alpha-2 code of the account; None when unknown.
        tier: Product the listener has.
        hide_explicit: Whether explicit items are held back.
        takedowns: Ids of items that nobody may see.
    """

    now: datetime
    market: str | None = None
    tier: Tier = "free"
    hide_explicit: bool = False
    takedowns: AbstractSet[str] = frozenset()


def unavailability(item: Item, viewer: Viewer) -> tuple[Unavailable, ...]:
    """Return every reason why `viewer` may not be shown `item`; empty when it may be.

    Policy fails closed: an unknown market is refused what is limited to markets, and an item that nobody has
    judged is refused to a viewer from whom explicit items are held back.
    """
    reasons: list[Unavailable] = []
    if item.id in viewer.takedowns:
        reasons.append(Unavailable.TAKEDOWN)
    if market := _market(item, viewer.market):
        reasons.append(market)
    if item.available_from is not None and viewer.now < item.available_from:
        reasons.append(Unavailable.NOT_YET)
    if item.available_until is not None and viewer.now >= item.available_until:
        reasons.append(Unavailable.NO_LONGER)
    if item.tier == "premium" and viewer.tier != "premium":
        reasons.append(Unavailable.PRODUCT)
    if viewer.hide_explicit and item.explicit is not False:
        reasons.append(Unavailable.EXPLICIT if item.explicit else Unavailable.EXPLICIT_UNKNOWN)
    return tuple(reasons)


def _market(item: Item, market: str | None) -> Unavailable | None:
    if not item.markets:
        return None
    if market is None:
        return Unavailable.MARKET_UNKNOWN
    return None if market in item.markets else Unavailable.MARKET
