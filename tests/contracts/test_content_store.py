"""Every content store keeps the promises of the port."""

from pathlib import Path

import pytest

from contracts.memory_content_store import MemoryContentStore
from counterpoint.content import EMPTY_VERSION, ContentStore, Item
from counterpoint.errors import Conflict
from counterpoint.storage.content import FileContentStore

ONE = Item(id="track:1", kind="track", title="One", embedding=(0.5, -0.25), space="a", markets=("SE",))
TALK = Item(id="podcast:1", kind="podcast", title="Talk\nwith a line break", explicit=False, popularity=0.1)


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
    return MemoryContentStore() if request.param == "memory" else FileContentStore(tmp_path / "content")


def test_a_store_that_nothing_was_written_to_is_empty_and_says_so(store: ContentStore) -> None:
    assert store.version() == store.read().version == EMPTY_VERSION
    assert store.read().items == ()


def test_what_was_written_is_read_back_as_it_was(store: ContentStore) -> None:
    version = store.write(iter([ONE, TALK]), expected=EMPTY_VERSION)
    assert version == store.version() == store.read().version
    assert set(store.read().items) == {ONE, TALK}


def test_a_write_replaces_everything(store: ContentStore) -> None:
    version = store.write([ONE, TALK], expected=EMPTY_VERSION)
    assert store.write([TALK], expected=version) != version
    assert store.read().items == (TALK,)


def test_the_version_is_that_of_the_content_whatever_its_order_and_history(store: ContentStore) -> None:
    both = store.write([ONE, TALK], expected=EMPTY_VERSION)
    one = store.write([ONE], expected=both)
    assert store.write([TALK, ONE], expected=one) == both != one


def test_a_write_from_an_old_version_is_refused_and_replaces_nothing(store: ContentStore) -> None:
    version = store.write([ONE], expected=EMPTY_VERSION)
    with pytest.raises(Conflict) as caught:
        store.write([TALK], expected=EMPTY_VERSION)
    assert caught.value.code == "content_changed"
    assert (store.read().items, store.version()) == ((ONE,), version)
