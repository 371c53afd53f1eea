"""Chance as a pure function of a seed and labels, so that a page can be made again."""

from collections.abc import Callable

from xxhash import xxh64_intdigest

_SCALE = 2.0**-64


def chance(seed: int, *labels: str | int) -> float:
    """Return a number in [0, 1) that looks random and depends on `seed` and `labels` alone.

    Two variants of a page that ask with equal labels draw the same number, so a difference between them is never noise.
    """
    return chances(seed, *labels[:-1])(labels[-1])


def chances(seed: int, *labels: str | int) -> Callable[[str | int], float]:
    """Return `chance` with all labels but the last settled, for drawing many times."""
    # Each label is hashed with the hash of those before as seed: ("ab", "c") and ("a", "bc") draw different numbers.
    settled = seed & 0xFFFFFFFFFFFFFFFF
    for label in labels:
        settled = xxh64_intdigest(str(label).encode(), seed=settled)

    def draw(label: str | int) -> float:
        return xxh64_intdigest(str(label).encode(), seed=settled) * _SCALE

    return draw
