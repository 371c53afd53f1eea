"""Keys of units are those that files were sealed with, for good."""

import numpy as np
from xxhash import xxh64_intdigest

from counterpoint.assignment import seed_of
from counterpoint.events import unit_keys

UNITS = ["u1", "u2", "Björk", "a-rather-long-identifier-of-a-unit-0123456789", "u1"]


def test_a_key_never_changes_or_sealed_files_would_lose_their_units() -> None:
    keys, checks = unit_keys(["u1", "Björk"])
    assert keys.tolist() == [7_805_967_812_032_973_983, 206_180_902_162_115_437]
    assert checks.tolist() == [965_417_059, 758_102_329]


def test_keys_are_hashes_of_each_unit_alone() -> None:
    keys, checks = unit_keys(UNITS)
    assert keys.tolist() == [xxh64_intdigest(u.encode(), seed=seed_of("unit_key")) for u in UNITS]
    assert checks.tolist() == [xxh64_intdigest(u.encode(), seed=seed_of("unit_check")) >> 32 for u in UNITS]
    assert (keys.dtype, checks.dtype) == (np.uint64, np.uint32)


def test_nobody_has_no_keys() -> None:
    keys, checks = unit_keys([])
    assert len(keys) == len(checks) == 0
