"""The model store on files: what was trained is what is loaded, and damage is an error."""

import numpy as np
import pytest

from counterpoint.errors import DependencyFailure, NotFound
from counterpoint.recommend import MODEL_NAMES, play_log, train
from counterpoint.storage.content import FileModelStore

PLAYS = [
    ("u1", "track:a", 1.0, 2.0),
    ("u1", "track:b", 2.0, 2.0),
    ("u2", "track:b", 1.0, 1.0),
    ("u2", "track:c", 2.0, 3.0),
]


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_what_was_stored_is_read_back_as_it_was(tmp_path, name):
    model = train(name, play_log(PLAYS), data="test", seed=1)
    FileModelStore(tmp_path / "models").put(model)
    back = FileModelStore(tmp_path / "models").get(name)
    assert (back.name, back.version, back.items, back.facts) == (name, model.version, model.items, model.facts)
    assert back.arrays.keys() == model.arrays.keys()
    for key, value in model.arrays.items():
        assert back.arrays[key].dtype == value.dtype and np.array_equal(back.arrays[key], value)


def test_versions_stand_oldest_first_and_the_last_stored_is_the_newest(tmp_path):
    store = FileModelStore(tmp_path)
    first, second = (train("popularity", play_log(PLAYS[:n]), data="test", seed=1) for n in (2, 4))
    for model in (first, second, first):
        store.put(model)
    assert store.versions("popularity") == (second.version, first.version)
    assert store.get("popularity").version == first.version
    assert store.get("popularity", second.version).version == second.version


def test_an_unknown_name_or_version_is_not_found(tmp_path):
    store = FileModelStore(tmp_path)
    with pytest.raises(NotFound, match="never trained"):
        store.get("als")
    store.put(train("popularity", play_log(PLAYS), data="test", seed=1))
    with pytest.raises(NotFound, match="no version x"):
        store.get("popularity", "x")


@pytest.mark.parametrize("damaged", ["*.npz", "*.json"])
def test_a_damaged_file_is_an_error(tmp_path, damaged):
    store = FileModelStore(tmp_path)
    store.put(train("popularity", play_log(PLAYS), data="test", seed=1))
    next(tmp_path.glob(damaged)).write_bytes(b"\x00damage")
    with pytest.raises(DependencyFailure) as caught:
        store.get("popularity")
    assert caught.value.code == "model_unreadable"
