"""Laws of content for any input: imports add up and repeat without effect, availability only ever shrinks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.memory_content_store import MemoryContentStore
from counterpoint.content import KINDS, Item, Viewer, import_files, unavailability
from counterpoint.errors import InvalidInput

NOW = datetime(2026, 11, 22, tzinfo=UTC)
junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**60),
    st.floats(),
    st.text(max_size=6),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)
native = st.fixed_dictionaries(
    {"id": st.one_of(st.integers(0, 9).map(str), junk), "kind": st.one_of(st.sampled_from(KINDS), junk), "title": junk},
    optional=dict.fromkeys(
        [
            "genres",
            "markets",
            "available_from",
            "explicit",
            "tier",
            "popularity",
            "released_at",
            "duration_s",
            "embedding",
        ],
        junk,
    ),
)
track = st.fixed_dictionaries(
    {
        "track_id": st.one_of(st.integers(0, 9), junk),
        "title": st.one_of(st.text(min_size=1, max_size=5), junk),
        "genre_top": junk,
        "listens": st.one_of(st.integers(0, 99), junk),
        "date_created": junk,
    },
    optional={"genres": junk, "duration_s": junk, "tags": junk},
)


@settings(deadline=None, max_examples=80)
@given(st.one_of(st.lists(native, min_size=1, max_size=8), st.lists(track, min_size=1, max_size=8)))
def test_whatever_stands_in_a_row_it_is_accepted_or_refused_with_a_reason_and_never_twice(rows):
    store = MemoryContentStore()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_bytes(msgspec.json.Encoder().encode_lines(rows))
        try:
            report = import_files([file], store, now=NOW)
        except InvalidInput as refused:
            assert refused.code == "nothing_to_import" and store.n_writes == 0
            return
        again = import_files([file], store, now=NOW)
    (table,) = report.tables
    assert table.n_rows == len(rows) == table.n_accepted + table.n_refused
    assert report.n_added == report.n_stored == table.n_accepted == len(store.read().items)
    assert (again.n_added, again.n_updated, again.n_unchanged) == (0, 0, report.n_added)
    assert again.version == report.version and store.n_writes == 1


hours = st.integers(-3, 3).map(lambda n: NOW + timedelta(hours=n))
items = st.builds(
    Item,
    id=st.just("track:1"),
    kind=st.just("track"),
    title=st.just("x"),
    markets=st.sets(st.sampled_from(["SE", "NO", "DE"])).map(tuple),
    available_from=st.none() | hours,
    available_until=st.none() | hours,
    explicit=st.sampled_from([True, False, None]),
    tier=st.sampled_from(["free", "premium"]),
)
viewers = st.builds(
    Viewer,
    now=hours,
    market=st.sampled_from(["SE", "DE", None]),
    tier=st.sampled_from(["free", "premium"]),
    hide_explicit=st.booleans(),
    takedowns=st.sampled_from([frozenset(), frozenset({"track:1"})]),
)


@given(items, viewers)
def test_a_stricter_view_never_shows_what_a_laxer_one_holds_back(item, viewer):
    reasons = set(unavailability(item, viewer))
    stricter = [
        msgspec.structs.replace(item, tier="premium"),
        msgspec.structs.replace(item, markets=item.markets[:1]),
        msgspec.structs.replace(item, explicit=None if item.explicit is False else item.explicit),
    ]
    for held in stricter:
        if reasons:
            assert unavailability(held, viewer)


@given(items, viewers)
def test_what_is_shown_is_in_its_window_its_market_and_its_product(item, viewer):
    if not unavailability(item, viewer):
        assert item.available_from is None or item.available_from <= viewer.now
        assert item.available_until is None or viewer.now < item.available_until
        assert not item.markets or viewer.market in item.markets
        assert item.tier == "free" or viewer.tier == "premium"
        assert item.explicit is False or not viewer.hide_explicit
        assert item.id not in viewer.takedowns
