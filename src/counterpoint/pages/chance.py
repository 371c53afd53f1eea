"""Chance as a pure function of a seed and labels, so that a page can be made again."""

from xxhash import xxh64_intdigest

_SCALE = 2.0**-64


def chance(seed: int, *labels: str | int) -> float:
    """Return a number in [0, 1) that looks random and depends on `seed` and `labels` alone.

    Two variants of a page that ask with equal labels draw the same number, so a difference between them is never noise.
    """
    # The unit separator cannot occur in a key: ("ab", "c") and ("a", "bc") must not draw the same number.
    return xxh64_intdigest("\x1f".join(map(str, labels)).encode(), seed=seed & 0xFFFFFFFFFFFFFFFF) * _SCALE
