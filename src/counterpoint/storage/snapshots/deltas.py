"""What changed from one snapshot's bytes to the next: runs to copy and texts to insert, whatever they mean."""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TypeAlias

import msgspec

from counterpoint.errors import InvalidInput

Piece: TypeAlias = tuple[int, int] | str
"""A run of the base, as its first byte and its length; or a text that the base has not."""
MAX_BYTES = 32_000_000
_SEAM = b',"'


def delta_between(base: bytes, result: bytes) -> bytes | None:
    """Return the pieces that make `result` of `base`, as a JSON list; None when they would save less than half.

    Both are canonical JSON. A publish changes few of their fields and leaves the others in their order, so that cutting
    them where a field begins finds nearly all that they share.
    """
    made = msgspec.json.encode(list(_pieces(base, result)))
    return made if 2 * len(made) <= len(result) else None


def patched(base: bytes, pieces: Sequence[Piece]) -> bytes:
    """Return what `pieces` make of `base`; that it is what it should be, its content address must say.

    Raises:
        InvalidInput: code `bad_delta`, when a run lies outside the base or the result would be endless.
    """
    n_bytes = 0
    made: list[bytes] = []
    for piece in pieces:
        if isinstance(piece, str):
            made.append(piece.encode("utf-8", "surrogatepass"))
        elif piece[0] >= 0 and 0 <= piece[1] <= len(base) - piece[0]:
            made.append(base[piece[0] : piece[0] + piece[1]])
        else:
            raise _bad(f"it copies {piece[1]} bytes from {piece[0]} of {len(base)}")
        n_bytes += len(made[-1])
        if n_bytes > MAX_BYTES:
            raise _bad(f"it makes more than {MAX_BYTES:,} bytes")
    return b"".join(made)


def _pieces(base: bytes, result: bytes) -> Iterator[Piece]:
    olds = _entries(base)
    starts = [0, *accumulate(len(entry) for entry in olds)]
    places = {entry: place for place, entry in reversed(list(enumerate(olds)))}
    expected = 0  # where the base would go on, were the next entry the same, or changed in place
    matched: list[int | bytes] = []
    for entry in _entries(result):
        place = expected if expected < len(olds) and olds[expected] == entry else places.get(entry)
        matched.append(entry if place is None else place)
        expected = (expected if place is None else place) + 1
    at = 0
    while at < len(matched):
        end, one = at + 1, matched[at]
        if isinstance(one, int):
            while end < len(matched) and matched[end] == one + end - at:
                end += 1
            yield starts[one], starts[one + end - at] - starts[one]
        else:
            while end < len(matched) and not isinstance(matched[end], int):
                end += 1
            yield b"".join([each for each in matched[at:end] if isinstance(each, bytes)]).decode()
        at = end


def _entries(data: bytes) -> list[bytes]:
    *whole, last = data.split(_SEAM)
    return [*(entry + _SEAM for entry in whole), last]


def _bad(what: str) -> InvalidInput:
    return InvalidInput("bad_delta", f"the change of a snapshot does not fit: {what}", fix="fetch the whole snapshot")
