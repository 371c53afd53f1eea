"""What a release gave to everybody is taken back, and what others have changed since is theirs."""

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.config import BaselineRule
from counterpoint.errors import NotFound
from counterpoint.releases import SetBaseline, SetRules, unship_operations
from experiment_examples import first_release, published


@pytest.fixture
def store() -> MemoryReleaseStore:
    store = MemoryReleaseStore()
    first_release(store)
    return store


def test_a_value_that_is_still_live_goes_back_and_one_that_was_changed_since_stays(store: MemoryReleaseStore) -> None:
    shipped = published(store, SetBaseline(values={"a.x": 2, "b.x": 3}))
    published(store, SetBaseline(values={"b.x": 4}))
    back = published(store, *unship_operations(store, "home", shipped.number, rule="shipped-e1"))
    assert (back.state.baseline["a.x"], back.state.baseline["b.x"]) == (1, 4)
    assert unship_operations(store, "home", shipped.number, rule="shipped-e1") == ()


def test_only_the_rule_that_was_shipped_goes(store: MemoryReleaseStore) -> None:
    ours = BaselineRule(key="shipped-e1", audience="true", set={"a.x": 5})
    theirs = BaselineRule(key="theirs", audience="true", set={"b.x": 2})
    shipped = published(store, SetRules(rules=(ours,)))
    published(store, SetRules(rules=(ours, theirs)))
    back = published(store, *unship_operations(store, "home", shipped.number, rule="shipped-e1"))
    assert back.state.rules == (theirs,)


def test_a_surface_that_is_not_there_is_named(store: MemoryReleaseStore) -> None:
    with pytest.raises(NotFound, match="no surface 'nowhere'"):
        unship_operations(store, "nowhere", 2, rule="shipped-e1")
