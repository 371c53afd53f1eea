import numpy as np
import pytest
from xxhash import xxh64_intdigest

from counterpoint.assignment import N_BUCKETS, bucket_of, seed_of, split, unit_column


@pytest.mark.parametrize("length", [*range(1, 80), 127, 128, 129, 300])
def test_every_length_hashes_as_one_by_one(length):
    units = [("".join(chr(33 + (n * 7 + place * 13) % 90) for place in range(length))) for n in range(5)]
    for seed in (0, 1, seed_of("home"), 2**64 - 1):
        expected = [xxh64_intdigest(unit.encode(), seed) for unit in units]
        assert unit_column(units).hashes(seed).tolist() == expected


def test_a_mixture_of_lengths_and_scripts_keeps_its_order():
    units = ["a", "Zoë", None, "x" * 40, "", "ユーザー", "\ud800", "b"] * 3
    column = unit_column(units)
    assert column.present.tolist() == [bool(unit) for unit in units]
    points = column.points(seed_of("home"), N_BUCKETS)
    for unit, point in zip(units, points.tolist(), strict=True):
        if unit:
            assert point == bucket_of(unit, "home")


def test_more_units_than_one_block_hash_as_one_by_one():
    units = [f"user-{n:07}" for n in range(20_000)]
    points = unit_column(units).points(seed_of("salt"), 7)
    assert points.tolist() == [split(unit, "salt", (1,) * 7) for unit in units]


@pytest.mark.parametrize("n_slots", [1, 2, 10_000, 2**31, 2**32 - 1, 2**32, 2**40])
def test_the_range_reduction_is_exact(n_slots):
    units = [f"u{n}" for n in range(500)]
    expected = [(xxh64_intdigest(unit.encode(), 9) * n_slots) >> 64 for unit in units]
    assert unit_column(units).points(9, n_slots).tolist() == expected


def test_nobody_at_all_is_a_column_too():
    assert unit_column([]).hashes(1).tolist() == []
    assert np.array_equal(unit_column([None, ""]).present, [False, False])


@pytest.mark.parametrize(
    "units",
    [[f"user-{n:04}" for n in range(50)], [f"u{n * n * n}" for n in range(50)], ["Zoë", "a", None, "x" * 40] * 12],
)
def test_some_rows_hash_as_they_do_among_all(units):
    rows = np.arange(0, len(units), 3)
    column = unit_column(units)
    assert column.among(rows).hashes(7).tolist() == column.hashes(7)[rows].tolist()
    assert column.among(rows).present.tolist() == column.present[rows].tolist()
