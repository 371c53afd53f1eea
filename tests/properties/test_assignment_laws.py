"""The laws of bucketing: uniform, independent, and never moving a unit between variants."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from counterpoint.assignment import N_BUCKETS, BucketSet, seed_of, unit_column
from counterpoint.config import LiveExperiment, ParameterSchema, Snapshot, VariantSlice, compile_snapshot

NOW = datetime(2026, 11, 22, tzinfo=UTC)
N_UNITS = 1_000_000
# A test below asks about 40 statistics: one of them below this by chance once in 25 million runs of new salts.
LEAST_P = 1e-9


@settings(max_examples=30, deadline=None)
@given(
    st.permutations(range(20)),
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=8),
    st.lists(st.integers(1, 5), min_size=2, max_size=4),
)
def test_no_unit_changes_variant_under_any_sequence_of_ramps_stops_and_restarts(order, stages, weights):
    variants = tuple(
        VariantSlice(key=f"v{n}", weight=weight, set={"dial": n} if n else {}) for n, weight in enumerate(weights)
    )
    met = {}
    for size, enabled in stages:
        # Stages own the first blocks of one drawn order; a block is 500 buckets.
        owned = BucketSet.of(block * 500 + place for block in order[:size] for place in range(500))
        experiment = LiveExperiment(
            key="e",
            salt="salt",
            unit="user_id",
            audience="true",
            buckets=owned.to_text(),
            variants=variants,
            enabled=enabled,
        )
        compiled = compile_snapshot(
            Snapshot(
                surface="home",
                release=1,
                created_at=NOW,
                unit="user_id",
                bucket_salt="home",
                attributes=(),
                parameters=(ParameterSchema(key="dial", type="int", baseline=0),),
                experiments=(experiment,),
            )
        )
        for n in range(60):
            for enrollment in compiled.resolve(f"u{n}", {}, NOW).enrolled:
                assert met.setdefault(n, enrollment.variant) == enrollment.variant


def identifiers(kind):
    if kind == "sequence":
        return [str(n) for n in range(N_UNITS)]
    if kind == "padded":
        return [f"user-{n:09}" for n in range(N_UNITS)]
    rng = np.random.default_rng(7)
    return [f"{high:016x}-{low:016x}" for high, low in rng.integers(0, 2**63, (N_UNITS, 2)).tolist()]


def p_uniform(counts):
    expected = counts.sum() / len(counts)
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), len(counts) - 1))


def p_independent(rows, columns, shape):
    table = np.bincount(rows * shape[1] + columns, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    return float(chi2.sf(((table - expected) ** 2 / expected).sum(), (shape[0] - 1) * (shape[1] - 1)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sequence", "padded", "random"])
def test_buckets_are_uniform_and_splits_independent_over_a_million_units(kind):
    units = unit_column(identifiers(kind))
    salts = ["home", "search", "experiment-1", "experiment-2", "experiment-11"]
    buckets = {salt: units.points(seed_of(salt), N_BUCKETS) for salt in salts[:2]}
    halves = {salt: units.points(seed_of(salt), 2) for salt in salts[2:]}
    thirds = {salt: units.points(seed_of(salt), 3) for salt in salts[2:]}
    for points in buckets.values():
        assert p_uniform(np.bincount(points, minlength=N_BUCKETS)) > LEAST_P
    for salt, points in thirds.items():
        assert p_uniform(np.bincount(points, minlength=3)) > LEAST_P
        for other in buckets.values():
            # Neither which buckets a unit is in nor their neighbourhood says anything about its variant.
            assert p_independent(other // 100, points, (100, 3)) > LEAST_P
            assert p_independent(other % 100, points, (100, 3)) > LEAST_P
        for second, others in halves.items():
            if second != salt:
                assert p_independent(others, points, (2, 3)) > LEAST_P
    assert p_independent(buckets["home"] // 100, buckets["search"] // 100, (100, 100)) > LEAST_P


@pytest.mark.slow
def test_a_small_allocation_still_sees_every_variant_slot():
    # A peer hashed gate and variant with one seed: its 10 % rollout saw a tenth of the slots.
    units = unit_column(identifiers("sequence"))
    inside = np.flatnonzero(units.points(seed_of("home"), N_BUCKETS) < 1_000)
    slots = units.among(inside).points(seed_of("experiment-1"), 1_000)
    assert p_uniform(np.bincount(slots, minlength=1_000)) > LEAST_P
