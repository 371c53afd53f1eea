"""The registry: trained into a store, loaded by name and version."""

import numpy as np
import pytest

from contracts.memory_model_store import MemoryModelStore
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.recommend import MODEL_NAMES, NO_PAST, ModelRegistry, load_model


@pytest.mark.parametrize("name", MODEL_NAMES)
def test_the_newest_version_is_loaded_unless_one_is_named(catalogue, log, name):
    registry = ModelRegistry(MemoryModelStore())
    first = registry.train(name, log.where(np.arange(len(log)) % 2 == 0), data="half", seed=1)
    second = registry.train(name, log, data="all", seed=1)
    assert registry.versions(name) == (first.version, second.version)
    assert registry.load(name, catalogue).version == second.version
    loaded = registry.load(name, catalogue, first.version)
    assert (loaded.name, loaded.version) == (name, first.version)
    assert np.array_equal(loaded.score(NO_PAST), load_model(first, catalogue).score(NO_PAST))


def test_what_was_never_trained_is_not_found_and_what_does_not_exist_is_refused(catalogue):
    registry = ModelRegistry(MemoryModelStore())
    with pytest.raises(NotFound):
        registry.load("als", catalogue)
    with pytest.raises(InvalidInput):
        registry.load("neural", catalogue)
    with pytest.raises(InvalidInput):
        registry.versions("neural")
