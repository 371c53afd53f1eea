"""Policy on one item: every reason is given, and doubt is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from counterpoint.content import Item, Unavailable, Viewer, unavailability

NOW = datetime(2026, 11, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("facts", "viewer", "reasons"),
    [
        ({}, {}, ()),
        ({"markets": ("SE", "NO")}, {"market": "SE"}, ()),
        ({"markets": ("SE", "NO")}, {"market": "DE"}, (Unavailable.MARKET,)),
        ({"markets": ("SE",)}, {}, (Unavailable.MARKET_UNKNOWN,)),
        ({"available_from": NOW}, {}, ()),
        ({"available_from": NOW + HOUR}, {}, (Unavailable.NOT_YET,)),
        ({"available_until": NOW}, {}, (Unavailable.NO_LONGER,)),
        ({"available_until": NOW + HOUR}, {}, ()),
        ({"tier": "premium"}, {}, (Unavailable.PRODUCT,)),
        ({"tier": "premium"}, {"tier": "premium"}, ()),
        ({"explicit": True}, {}, ()),
        ({"explicit": True}, {"hide_explicit": True}, (Unavailable.EXPLICIT,)),
        ({"explicit": None}, {"hide_explicit": True}, (Unavailable.EXPLICIT_UNKNOWN,)),
        ({"explicit": False}, {"hide_explicit": True}, ()),
        ({"markets": ("SE",), "tier": "premium"}, {"market": "DE"}, (Unavailable.MARKET, Unavailable.PRODUCT)),
        ({}, {"takedowns": {"track:1"}}, (Unavailable.TAKEDOWN,)),
    ],
)
def test_every_reason_is_given(facts, viewer, reasons):
    item = Item(id="track:1", kind="track", title="Song", **facts)
    assert unavailability(item, Viewer(now=NOW, **viewer)) == reasons
