import json
from itertools import pairwise
from pathlib import Path

import pytest
from xxhash import xxh64

from counterpoint.assignment import (
    HASH_VERSION,
    N_BUCKETS,
    BucketSet,
    bucket_of,
    bucket_salt,
    seed_of,
    split,
    unit_column,
    version_key,
)

VECTORS = json.loads((Path(__file__).parents[2] / "conformance/bucketing.json").read_text(encoding="utf-8"))


def test_the_vectors_are_of_this_hash_version():
    assert VECTORS["hash_version"] == HASH_VERSION == 1
    assert VECTORS["n_buckets"] == N_BUCKETS == 10_000


def test_a_few_numbers_stand_here_too_so_that_rewriting_the_file_is_not_enough():
    assert seed_of("home") == 8000204644666614799
    assert [bucket_of(unit, "home") for unit in ("a", "user-1", "Zoë")] == [5949, 1212, 5209]
    assert [split("user-1", salt, (1, 1, 1, 1, 1)) for salt in ("home", "search", "c")] == [0, 3, 3]


def test_every_seed_bucket_and_split_is_as_pinned():
    for row in VECTORS["seeds"]:
        assert seed_of(row["salt"]) == int(row["seed"])
    for row in VECTORS["bucket_salts"]:
        assert bucket_salt(row["salt"], unit_type=row["unit_type"], surface_unit="user_id") == row["salted"]
    for row in VECTORS["buckets"]:
        assert bucket_of(row["unit"], row["salt"]) == row["bucket"]
    for row in VECTORS["splits"]:
        assert split(row["unit"], row["salt"], row["weights"]) == row["index"]
    assert len(VECTORS["buckets"]) > 100
    assert len(VECTORS["splits"]) > 500


def test_the_rules_as_written_give_the_vectors():
    for row in VECTORS["buckets"]:
        seed = xxh64(row["salt"].encode(), seed=0).intdigest()
        assert (xxh64(row["unit"].encode(), seed=seed).intdigest() * 10_000) >> 64 == row["bucket"]


def test_many_at_once_give_the_vectors_too():
    for salt in {row["salt"] for row in VECTORS["buckets"]}:
        rows = [row for row in VECTORS["buckets"] if row["salt"] == salt]
        points = unit_column([row["unit"] for row in rows]).points(seed_of(salt), N_BUCKETS)
        assert points.tolist() == [row["bucket"] for row in rows]


@pytest.mark.parametrize("row", VECTORS["bitmaps"], ids=lambda row: str(row["buckets"]))
def test_every_bitmap_is_as_pinned(row):
    assert BucketSet.of(row["buckets"]).to_text() == row["text"]
    assert list(BucketSet.from_text(row["text"])) == row["buckets"]


def test_versions_order_as_pinned():
    keys = [version_key(text) for text in VECTORS["versions_in_order"]]
    assert all(low < high for low, high in pairwise(keys))
