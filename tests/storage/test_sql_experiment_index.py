from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.errors import NotFound
from counterpoint.experiments import Event, State
from counterpoint.releases import AddExperiment, MoveExperiment, revert_operations
from counterpoint.storage.sql import SqlExperimentIndex, SqlReleaseStore, open_database
from experiment_examples import NOW, a_spec, drawn, first_release, published
from postgres_server import SQL_KINDS, fresh_sql_url


@pytest.fixture(params=SQL_KINDS)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[SqlReleaseStore, SqlExperimentIndex]]:
    database = open_database(fresh_sql_url(request.param, tmp_path))
    store = SqlReleaseStore(database)
    first_release(store)
    yield store, SqlExperimentIndex(database)
    database.close()


def add(store, key: str, *, hours: int = 0, **fields) -> None:
    experiment = drawn(a_spec(key, **fields), store.latest("home").state)
    published(store, AddExperiment(experiment=experiment), now=NOW + timedelta(hours=hours))


def keys(listings) -> list[str]:
    return [listing.key for listing in listings]


def test_every_experiment_of_a_release_is_listed_the_last_changed_first(stores):
    store, index = stores
    add(store, "e1")
    add(store, "e2", hours=1, owner="podcasts")
    published(store, MoveExperiment(experiment="e1", event=Event.START), now=NOW + timedelta(hours=2))
    first, second = index.find()
    assert (first.key, first.state, first.owner, first.release) == ("e1", "running", "team", 4)
    assert (second.key, second.state, second.owner, second.release) == ("e2", "approved", "podcasts", 3)
    assert (first.started_at, first.updated_at) == (NOW + timedelta(hours=2), NOW + timedelta(hours=2))
    assert second.started_at is None


def test_experiments_are_found_by_state_owner_surface_and_words(stores):
    store, index = stores
    add(store, "podcast-order", owner="podcasts", hypothesis="Podcasts first, please!", set={"b.x": 3})
    add(store, "density", hours=1, hypothesis="100% denser is better_er", set={"c.x": 3})
    assert keys(index.find(owner="podcasts")) == ["podcast-order"]
    assert keys(index.find(state="running")) == []
    assert keys(index.find(surface="search")) == []
    assert keys(index.find(search="PODCASTS please")) == ["podcast-order"]
    assert keys(index.find(search="c.x")) == ["density"]
    assert keys(index.find(search="100%")) == ["density"]
    assert keys(index.find(search="better%er")) == []
    assert keys(index.find(limit=1)) == ["density"]
    assert keys(index.find(limit=1, offset=1)) == ["podcast-order"]


def test_an_archived_experiment_is_still_found_with_its_record(stores):
    store, index = stores
    add(store, "e1")
    published(store, MoveExperiment(experiment="e1", event=Event.START))
    published(store, MoveExperiment(experiment="e1", event=Event.STOP))
    published(store, MoveExperiment(experiment="e1", event=Event.ARCHIVE))
    listing, record = index.get("home", "e1")
    assert listing.state == "archived"
    assert record.state is State.STOPPED
    assert record.spec == a_spec("e1")


def test_an_experiment_that_a_revert_took_away_says_so(stores):
    store, index = stores
    add(store, "e1")
    published(store, *revert_operations(store, "home", 2))
    assert index.get("home", "e1")[0].state == "removed"


def test_an_unknown_experiment_is_not_found(stores):
    with pytest.raises(NotFound) as caught:
        stores[1].get("home", "nobody")
    assert caught.value.code == "unknown_experiment"
