"""Our own table of items: one row per item, columns named as the fields of `Item`."""

import math
import re
from datetime import datetime

from counterpoint.content.importers import parsing
from counterpoint.content.importers.parsing import RowRefused
from counterpoint.content.importers.reading import Row
from counterpoint.content.item import KINDS, TIERS, Item

NATIVE_COLUMNS = frozenset({"id", "kind", "title"})
_MARKET = re.compile(r"[A-Z]{2}")


def parse_item(row: Row, latest: datetime) -> Item:
    """Return the item of one row; refuses unknown kinds, ids of another kind, and impossible values."""
    values = row.values
    kind = parsing.required_text(values, "kind")
    if kind not in KINDS:
        raise RowRefused("unknown_kind", f"kind is {kind!r}, one of {', '.join(KINDS)} is expected")
    item_id = parsing.required_text(values, "id")
    if ":" not in item_id:
        item_id = f"{kind}:{item_id}"
    if not item_id.startswith(f"{kind}:") or item_id == f"{kind}:":
        raise RowRefused("bad_id", f"id is {item_id!r}, '{kind}:<key>' is expected")
    tier = parsing.text(values, "tier") or "free"
    if tier not in TIERS:
        raise RowRefused("unknown_tier", f"tier is {tier!r}, one of {', '.join(TIERS)} is expected")
    markets = tuple(sorted(market.upper() for market in parsing.names(values, "markets")))
    if any(_MARKET.fullmatch(market) is None for market in markets):
        raise RowRefused("bad_market", f"markets is {markets}, two-letter codes are expected")
    available_from = parsing.instant(values, "available_from", latest=latest)
    available_until = parsing.instant(values, "available_until", latest=latest)
    if available_from and available_until and available_from >= available_until:
        raise RowRefused("empty_window", f"available from {available_from} until {available_until}")
    embedding = _embedding(parsing.names(values, "embedding"))
    return Item(
        id=item_id,
        kind=kind,
        title=parsing.required_text(values, "title"),
        subtitle=parsing.text(values, "subtitle"),
        artist=parsing.text(values, "artist") or None,
        genres=parsing.names(values, "genres"),
        markets=markets,
        available_from=available_from,
        available_until=available_until,
        explicit=parsing.flag(values, "explicit"),
        tier=tier,
        popularity=parsing.number(values, "popularity", at_least=0, at_most=100),
        released_at=parsing.instant(values, "released_at", latest=latest),
        duration_s=parsing.number(values, "duration_s", at_least=1e-3, at_most=864_000),
        language=parsing.text(values, "language") or None,
        description=parsing.text(values, "description"),
        embedding=embedding,
        # The name of our own space would have the numbers recomputed from the text.
        space=f"given:{parsing.text(values, 'space')}" if embedding else "",
    )


def _embedding(cells: tuple[str, ...]) -> tuple[float, ...]:
    try:
        vector = tuple(float(cell) for cell in cells)
    except ValueError as error:
        raise RowRefused("bad_embedding", "embedding holds something that is no number") from error
    if not all(math.isfinite(value) for value in vector):
        raise RowRefused("bad_embedding", "embedding holds a number that is not finite")
    return vector
