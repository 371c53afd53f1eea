"""Chance without a generator: one fixed random order of all buckets for every seed."""

from functools import lru_cache

from xxhash import xxh64_intdigest

from counterpoint.assignment import N_BUCKETS, BucketSet


@lru_cache(maxsize=64)
def draw_order(seed: str) -> tuple[int, ...]:
    """Return all buckets in the random order that `seed` gives, the same on every machine and in every version.

    Sorting by a hash needs no generator whose algorithm a library may change, and the order of a subset is the
    order of the whole with the rest left out: a draw from fewer free buckets shifts nothing else.
    """
    # The bucket is hashed under a hashed seed of its own kind, so it shares nothing with the hashes of units.
    number = xxh64_intdigest(f"draw/{seed}".encode())
    return tuple(
        sorted(range(N_BUCKETS), key=lambda bucket: (xxh64_intdigest(bucket.to_bytes(2, "big"), seed=number), bucket))
    )


def n_buckets_of(share: float) -> int:
    """Return how many buckets `share` of all units is: the nearest number, and at least one for any share above 0."""
    return 0 if share <= 0 else max(1, round(share * N_BUCKETS))


def first_drawn(seed: str, free: BucketSet, n: int) -> BucketSet:
    """Return the first `n` buckets of `free` in the order of `seed`; fewer when `free` has fewer."""
    drawn: list[int] = []
    members = set(free)
    for bucket in draw_order(seed):
        if len(drawn) == n:
            break
        if bucket in members:
            drawn.append(bucket)
    return BucketSet.of(drawn)
