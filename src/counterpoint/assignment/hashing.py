"""Where a unit falls: its bucket on a surface, and its variant inside an experiment."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from xxhash import xxh64_intdigest

from counterpoint.errors import InvalidInput

HASH_VERSION = 1
N_BUCKETS = 10_000


def bucket_of(unit: str, salt: str) -> int:
    """Return the bucket of `unit` on the surface salted with `salt`.

    Args:
        unit: Identifier of the randomisation unit, not empty.
        salt: Separates surfaces and unit types (`bucket_salt`); two salts give independent bucketings.

    Returns:
        An integer in [0, 10_000).

    Source:
        Multiply-shift range reduction, Lemire 2019, arXiv:1805.10941.
    """
    # Seeded by the hashed salt, not concatenated: ("ab", "c") and ("a", "bc") must not share a bucket.
    return (xxh64_intdigest(unit.encode("utf-8", "surrogatepass"), seed=seed_of(salt)) * N_BUCKETS) >> 64


def split(unit: str, salt: str, weights: Sequence[int]) -> int:
    """Return the index of the variant that `unit` gets.

    Args:
        unit: Identifier of the randomisation unit, not empty.
        salt: The experiment's own salt, different from every bucket salt, or the split would follow the allocation.
        weights: Integer weights, at least one of them positive; a weight of 0 gets nobody.

    Raises:
        InvalidInput: `weights_sum_to_nothing` when no weight is positive, `negative_weight` when one is below zero.
    """
    bounds = cumulative(weights)
    point = (xxh64_intdigest(unit.encode("utf-8", "surrogatepass"), seed=seed_of(salt)) * bounds[-1]) >> 64
    return next(index for index, bound in enumerate(bounds) if point < bound)


@lru_cache(maxsize=65_536)
def seed_of(salt: str) -> int:
    """Return the 64-bit seed that `salt` gives to the hash."""
    return xxh64_intdigest(salt.encode("utf-8", "surrogatepass"))


def bucket_salt(salt: str, *, unit_type: str, surface_unit: str) -> str:
    """Return the bucket salt of one unit type: the surface's own for its default unit, a derived one for any other.

    Two unit types must be bucketed independently even when their identifiers coincide.
    """
    return salt if unit_type == surface_unit else f"{salt}:{unit_type}"


def cumulative(weights: Sequence[int]) -> tuple[int, ...]:
    """Return the running sums of `weights`.

    Raises:
        InvalidInput: `weights_sum_to_nothing` or `negative_weight`.
    """
    if any(weight < 0 for weight in weights):
        raise InvalidInput(
            "negative_weight", "a variant has a weight below zero", fix="give every weight a value of 0 or more"
        )
    if sum(weights) <= 0:
        raise InvalidInput(
            "weights_sum_to_nothing",
            "the weights of the variants sum to nothing",
            fix="give some variant a positive weight",
        )
    return tuple(accumulate(weights))
