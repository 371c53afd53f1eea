"""Every model store keeps the promises of the port."""

from pathlib import Path

import numpy as np
import pytest

from contracts.memory_model_store import MemoryModelStore
from counterpoint.errors import NotFound
from counterpoint.recommend import MODEL_NAMES, ModelStore, Trained, play_log, train
from counterpoint.storage.content import FileModelStore

PLAYS = [
    ("u1", "track:a", 1.0, 2.0),
    ("u1", "track:b", 2.0, 2.0),
    ("u2", "track:b", 1.0, 1.0),
    ("u2", "track:c", 2.0, 3.0),
]


@pytest.fixture(params=["memory", "files"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ModelStore:
    return MemoryModelStore() if request.param == "memory" else FileModelStore(tmp_path / "models")


def trained_on(n_plays: int, name: str = "popularity") -> Trained:
    return train(name, play_log(PLAYS[:n_plays]), data="test", seed=1)


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_what_was_stored_is_read_back_as_it_was(store: ModelStore, name: str) -> None:
    model = trained_on(4, name)
    store.put(model)
    back = store.get(name)
    assert (back.name, back.version, back.items, back.facts) == (name, model.version, model.items, model.facts)
    assert back.arrays.keys() == model.arrays.keys()
    for key, value in model.arrays.items():
        assert back.arrays[key].dtype == value.dtype and np.array_equal(back.arrays[key], value)


def test_versions_stand_oldest_first_and_the_last_stored_is_the_newest(store: ModelStore) -> None:
    first, second = trained_on(2), trained_on(4)
    for model in (first, second, first):
        store.put(model)
    assert store.versions("popularity") == (second.version, first.version)
    assert store.get("popularity").version == first.version
    assert store.get("popularity", second.version).version == second.version


def test_a_name_that_was_never_stored_and_a_version_that_is_not_there_are_not_found(store: ModelStore) -> None:
    assert store.versions("als") == ()
    with pytest.raises(NotFound):
        store.get("als")
    store.put(trained_on(4))
    with pytest.raises(NotFound) as caught:
        store.get("popularity", "x")
    assert caught.value.code == "unknown_model_version"
