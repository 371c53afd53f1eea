"""The in-memory catalogue: indexes, spaces, swapping."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from contracts.memory_content_store import MemoryContentStore
from counterpoint.content import Item, LiveCatalogue, StoredContent, build_catalogue, rebase_releases
from counterpoint.errors import DependencyFailure, InvalidInput, NotFound

T0 = datetime(2010, 5, 1, tzinfo=UTC)


def track(key: int, **facts: object) -> Item:
    return Item(id=f"track:{key}", kind="track", title=f"Song {key}", **facts)


def test_items_are_found_by_id_kind_and_genre_most_popular_first():
    catalogue = build_catalogue(
        [
            track(1, popularity=10.0, genres=("Rock",)),
            track(2, popularity=90.0, genres=("Rock", "Punk")),
            track(3, genres=("Rock",)),
            Item(id="podcast:1", kind="podcast", title="Talk"),
        ],
        version="v",
    )
    assert catalogue.item("track:2").title == "Song 2"
    assert catalogue.get("track:99") is None
    assert [item.id for item in catalogue.by_kind["track"]] == ["track:2", "track:1", "track:3"]
    assert [item.id for item in catalogue.by_genre["Punk"]] == ["track:2"]
    assert np.isnan(catalogue.popularity[catalogue.row_of["podcast:1"]])
    with pytest.raises(NotFound):
        catalogue.item("track:99")


def test_embeddings_are_unit_rows_and_items_of_two_spaces_have_nothing_in_common():
    catalogue = build_catalogue(
        [
            track(1, embedding=(3.0, 4.0), space="a"),
            track(2, embedding=(0.0, 2.0), space="a"),
            track(3),
            Item(id="podcast:1", kind="podcast", title="Talk", embedding=(1.0, 1.0, 1.0), space="b"),
        ],
        version="v",
    )
    likeness = catalogue.embeddings @ catalogue.embeddings.T
    order = [catalogue.row_of[i] for i in ("track:1", "track:2", "track:3", "podcast:1")]
    expected = [[1, 0.8, 0, 0], [0.8, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]
    assert np.allclose(likeness[np.ix_(order, order)], expected, atol=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        catalogue.embeddings[0, 0] = 7


def test_rows_keep_the_order_asked_for_and_leave_out_strangers():
    catalogue = build_catalogue([track(1), track(2)], version="v")
    assert [catalogue.items[row].id for row in catalogue.rows(["track:2", "track:9", "track:1"])] == [
        "track:2",
        "track:1",
    ]


def test_one_space_cannot_hold_embeddings_of_two_lengths():
    with pytest.raises(InvalidInput, match="others 2") as caught:
        build_catalogue([track(1, embedding=(1.0, 2.0), space="a"), track(2, embedding=(1.0,), space="a")], version="v")
    assert caught.value.code == "mixed_embeddings"


def test_two_items_cannot_share_an_id():
    with pytest.raises(InvalidInput, match="track:1"):
        build_catalogue([track(1), track(1)], version="v")


def test_rebasing_moves_every_release_by_one_interval_and_leaves_unknown_ones_unknown():
    now = datetime(2026, 11, 22, tzinfo=UTC)
    catalogue = build_catalogue(
        [track(1, released_at=T0), track(2, released_at=T0 - timedelta(days=9)), track(3)], version="v"
    )
    moved = rebase_releases(catalogue, newest=now)
    assert [moved.item(f"track:{key}").released_at for key in (1, 2, 3)] == [now, now - timedelta(days=9), None]
    assert moved.version != catalogue.version
    assert catalogue.item("track:1").released_at == T0


class Breakable(MemoryContentStore):
    """A store whose reading can be made to fail."""

    fails = False

    def read(self) -> StoredContent:
        if self.fails:
            raise DependencyFailure("content_unreadable", "gone")
        return super().read()


def test_a_refresh_swaps_the_whole_catalogue_and_pages_under_way_keep_theirs():
    store = Breakable([track(1)])
    live = LiveCatalogue(store)
    page_under_way = live.current
    assert not live.refresh()
    store.write([track(2)], expected=store.version())
    assert live.refresh()
    assert live.current.get("track:2") and not live.current.get("track:1")
    assert page_under_way.get("track:1")
    assert not live.refresh()


def test_a_refresh_that_fails_leaves_what_is_being_served():
    store = Breakable([track(1)])
    live = LiveCatalogue(store)
    store.write([], expected=store.version())
    store.fails = True
    with pytest.raises(DependencyFailure):
        live.refresh()
    assert live.current.get("track:1")


def test_a_view_is_applied_to_each_refresh_without_refreshing_forever():
    store = Breakable([track(1, released_at=T0)])
    newest = datetime(2026, 1, 1, tzinfo=UTC)
    live = LiveCatalogue(store, view=lambda catalogue: rebase_releases(catalogue, newest=newest))
    assert live.current.item("track:1").released_at == newest
    assert not live.refresh()
