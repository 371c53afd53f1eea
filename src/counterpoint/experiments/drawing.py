"""Chance without a generator: one fixed random order of all buckets for every seed."""

from collections.abc import Iterable
from functools import lru_cache

from xxhash import xxh64_intdigest

from counterpoint.assignment import N_BUCKETS, BucketSet

_BYTES = tuple(bucket.to_bytes(2, "big") for bucket in range(N_BUCKETS))


@lru_cache(maxsize=64)
def draw_order(seed: str) -> tuple[int, ...]:
    """Return all buckets in the random order that `seed` gives, the same on every machine and in every version.

    Sorting by a hash needs no generator whose algorithm a library may change, and the order of a subset is the
    order of the whole with the rest left out: a draw from fewer free buckets shifts nothing else.
    """
    return _in_order(seed, range(N_BUCKETS))


def n_buckets_of(share: float) -> int:
    """Return how many buckets `share` of all units is: the nearest number, and at least one for any share above 0."""
    return 0 if share <= 0 else max(1, round(share * N_BUCKETS))


def first_drawn(seed: str, free: BucketSet, n: int) -> BucketSet:
    """Return the first `n` buckets of `free` in the order of `seed`; fewer when `free` has fewer."""
    return free if n >= len(free) else BucketSet.of(_in_order(seed, free)[:n])


def _in_order(seed: str, buckets: Iterable[int]) -> tuple[int, ...]:
    # The bucket is hashed under a hashed seed of its own kind, so it shares nothing with the hashes of units.
    number = xxh64_intdigest(f"draw/{seed}".encode())
    # The bucket itself, in the low 14 bits, settles ties; one number sorts faster than a pair.
    drawn = sorted((xxh64_intdigest(_BYTES[bucket], seed=number) << 14) | bucket for bucket in buckets)
    return tuple(one & 0x3FFF for one in drawn)
