"""The model store on files: damage is an error; the promises of the port are tested with it (tests/contracts)."""

import pytest

from counterpoint.errors import DependencyFailure
from counterpoint.recommend import play_log, train
from counterpoint.storage.content import FileModelStore

PLAYS = [
    ("u1", "track:a", 1.0, 2.0),
    ("u1", "track:b", 2.0, 2.0),
    ("u2", "track:b", 1.0, 1.0),
    ("u2", "track:c", 2.0, 3.0),
]


@pytest.mark.parametrize("damaged", ["*.npz", "*.json"])
def test_a_damaged_file_is_an_error(tmp_path, damaged):
    store = FileModelStore(tmp_path)
    store.put(train("popularity", play_log(PLAYS), data="test", seed=1))
    next(tmp_path.glob(damaged)).write_bytes(b"\x00damage")
    with pytest.raises(DependencyFailure) as caught:
        store.get("popularity")
    assert caught.value.code == "model_unreadable"
