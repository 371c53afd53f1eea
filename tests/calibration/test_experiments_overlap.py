"""Experiments that may overlap do so independently, over a million units."""

import numpy as np
import pytest
from scipy import stats

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.config import compile_snapshot, resolve_batch
from counterpoint.experiments import Event
from counterpoint.releases import AddExperiment, MoveExperiment, snapshot_of
from experiment_examples import a_spec, drawn, first_release, published

N_UNITS = 1_000_000


@pytest.fixture(scope="module")
def variants() -> list[np.ndarray]:
    store = MemoryReleaseStore()
    first_release(store)
    for key, layer, allocation in (("one", "a", 0.5), ("two", "b", 0.3), ("three", "c", 0.8)):
        spec = a_spec(key, set={f"{layer}.x": 2}, allocation=allocation)
        experiment = drawn(spec, store.latest("home").state)
        published(store, AddExperiment(experiment=experiment), MoveExperiment(experiment=key, event=Event.START))
    compiled = compile_snapshot(snapshot_of(store.latest("home")))
    batch = resolve_batch(compiled, [f"user-{n}" for n in range(N_UNITS)], {})
    return [batch.variants(key) for key in ("one", "two", "three")]


@pytest.mark.slow
@pytest.mark.parametrize(("first", "second"), [(0, 1), (0, 2), (1, 2)])
def test_variants_of_two_experiments_are_independent_among_units_in_both(variants, first: int, second: int):
    # What matters to an analysis: among units in both, knowing one's variant says nothing about the other's.
    one, two = variants[first], variants[second]
    both = (one >= 0) & (two >= 0)
    table = np.array([[np.sum(both & (one == i) & (two == j)) for j in (0, 1)] for i in (0, 1)])
    assert table.sum() > 100_000
    # Fixed ids and salts: one draw of the test. 1e-4 would be refused once in 10,000 such draws.
    assert stats.chi2_contingency(table, correction=False).pvalue > 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1, 2])
def test_an_experiment_gets_its_share_and_splits_it_evenly(variants, which: int):
    share = (0.5, 0.3, 0.8)[which]
    n_in = int(np.sum(variants[which] >= 0))
    # Units fall into buckets at random: standard error sqrt(share (1 - share) / n); 5 of them.
    assert abs(n_in / N_UNITS - share) < 5 * (share * (1 - share) / N_UNITS) ** 0.5
    n_treated = int(np.sum(variants[which] == 1))
    assert abs(n_treated / n_in - 0.5) < 5 * (0.25 / n_in) ** 0.5
