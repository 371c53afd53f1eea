"""Hashes millions of units at once, bit for bit as `bucket_of` and `split` hash one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Words: TypeAlias = npt.NDArray[np.uint64]
Rows: TypeAlias = npt.NDArray[np.int64]

_P1, _P2, _P3, _P4, _P5 = (
    np.uint64(prime)
    for prime in (
        11400714785074694791,
        14029467366897019727,
        1609587929392839161,
        9650029242287828579,
        2870177450012600261,
    )
)
_BLOCK = 8_192
"""Rows hashed at a time: what a step needs then stays in the second-level cache."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Units of one length, cut into the words that the hash takes one after another, already multiplied."""

    rows: Rows
    length: int
    stripes: tuple[Words, ...]
    lanes: tuple[Words, ...]
    half: Words | None
    tail: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class UnitColumn:
    """Many identifiers, prepared once so that hashing them under another seed is cheap.

    Attributes:
        n: How many there are.
        present: Which of them are not empty.
    """

    n: int
    present: npt.NDArray[np.bool_]
    groups: tuple[_Group, ...]

    def hashes(self, seed: int) -> Words:
        """Return xxh64 of every identifier under `seed`; what stands for an empty one means nothing.

        Source:
            xxHash, doc/xxhash_spec.md, XXH64.
        """
        result = np.zeros(self.n, dtype=np.uint64)
        for group in self.groups:
            hashed = _hash_group(group, seed)
            if len(group.rows) == self.n:
                return hashed
            result[group.rows] = hashed
        return result

    def among(self, rows: Rows) -> "UnitColumn":
        """Return the column of some rows, in ascending order, without preparing them again."""
        groups = []
        for group in self.groups:
            inside = np.arange(len(rows)) if len(group.rows) == self.n else np.flatnonzero(np.isin(rows, group.rows))
            places = rows[inside] if len(group.rows) == self.n else np.searchsorted(group.rows, rows[inside])
            groups.append(_taken(group, inside, places))
        return UnitColumn(len(rows), self.present[rows], tuple(groups))

    def points(self, seed: int, n_slots: int) -> npt.NDArray[np.int64]:
        """Return the multiply-shift of every hash into [0, n_slots)."""
        hashed = self.hashes(seed)
        if n_slots >= 1 << 32:
            return np.array([(int(word) * n_slots) >> 64 for word in hashed], dtype=np.int64)
        # The upper half of a 128-bit product, from two 64-bit ones; exact because n_slots has 32 bits.
        size = np.uint64(n_slots)
        low = ((hashed & np.uint64(0xFFFFFFFF)) * size) >> np.uint64(32)
        return (((hashed >> np.uint64(32)) * size + low) >> np.uint64(32)).astype(np.int64)


def unit_column(units: Sequence[str | None]) -> UnitColumn:
    """Return `units` prepared for hashing; None and the empty text are nobody."""
    texts = [unit or "" for unit in units] if None in units else units
    joined = "".join(texts)  # type: ignore[arg-type]  # None was replaced above
    if joined.isascii():
        data = joined.encode()
        # numpy's stub asks for an iterable of arrays; any iterable of integers does.
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))  # type: ignore[arg-type]
    else:
        encoded = [str(text).encode("utf-8", "surrogatepass") for text in texts]
        data = b"".join(encoded)
        lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    return _column(np.frombuffer(data, dtype=np.uint8), lengths)


def utf8_column(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.integer]) -> UnitColumn:
    """Return identifiers prepared for hashing that stand in one piece of UTF-8, as Arrow keeps them.

    Args:
        data: The texts, one behind the other.
        offsets: Where each begins in `data`, and at last where the last one ends.
    """
    return _column(data[int(offsets[0]) : int(offsets[-1])], np.diff(offsets).astype(np.int64))


def _column(flat: npt.NDArray[np.uint8], lengths: npt.NDArray[np.int64]) -> UnitColumn:
    starts = np.cumsum(lengths) - lengths
    groups = []
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        if length == 0:
            continue
        is_whole = len(rows) == len(lengths)
        cells = flat.reshape(-1, length) if is_whole else flat[starts[rows][:, None] + np.arange(length)]
        groups.append(_cut(rows, length, cells))
    return UnitColumn(len(lengths), lengths > 0, tuple(groups))


def _cut(rows: Rows, length: int, cells: npt.NDArray[np.uint8]) -> _Group:
    n_stripes = length // 32 if length >= 32 else 0
    at = n_stripes * 32
    stripes = tuple(_words(cells, place, 8) * _P2 for place in range(0, at, 8))
    lanes = []
    while length - at >= 8:
        lanes.append(_rotated(_words(cells, at, 8) * _P2, 31) * _P1)
        at += 8
    half = None
    if length - at >= 4:
        half = _words(cells, at, 4) * _P1
        at += 4
    tail = tuple(cells[:, place].astype(np.uint64) * _P5 for place in range(at, length))
    return _Group(rows, length, stripes, tuple(lanes), half, tail)


def _taken(group: _Group, rows: Rows, places: Rows) -> _Group:
    return _Group(
        rows,
        group.length,
        tuple(stripe[places] for stripe in group.stripes),
        tuple(lane[places] for lane in group.lanes),
        None if group.half is None else group.half[places],
        tuple(byte[places] for byte in group.tail),
    )


def _words(cells: npt.NDArray[np.uint8], at: int, size: int) -> Words:
    column = np.ascontiguousarray(cells[:, at : at + size])
    return column.view("<u8" if size == 8 else "<u4").reshape(-1).astype(np.uint64)


def _hash_group(group: _Group, seed: int) -> Words:
    n = len(group.rows)
    result = np.empty(n, dtype=np.uint64)
    spare = np.empty(_BLOCK, dtype=np.uint64)
    start_word = np.uint64(seed & 0xFFFFFFFFFFFFFFFF)
    for start in range(0, n, _BLOCK):
        here = slice(start, min(start + _BLOCK, n))
        word = result[here]
        other = spare[: len(word)]
        _begin(group, here, start_word, word, other)
        for lane in group.lanes:
            word ^= lane[here]
            _turn(word, 27, other)
            word *= _P1
            word += _P4
        if group.half is not None:
            word ^= group.half[here]
            _turn(word, 23, other)
            word *= _P2
            word += _P3
        for byte in group.tail:
            word ^= byte[here]
            _turn(word, 11, other)
            word *= _P1
        _avalanche(word, other)
    return result


def _begin(group: _Group, here: slice, seed: np.uint64, word: Words, other: Words) -> None:
    with np.errstate(over="ignore"):
        length = np.uint64(group.length)
        if not group.stripes:
            word[:] = seed + _P5 + length
            return
        states = [np.full(len(word), start) for start in (seed + _P1 + _P2, seed + _P2, seed, seed - _P1)]
    for place, stripe in enumerate(group.stripes):
        state = states[place % 4]
        state += stripe[here]
        _turn(state, 31, other)
        state *= _P1
    word[:] = 0
    for state, by in zip(states, (1, 7, 12, 18), strict=True):
        word += _rotated(state, by)
    for state in states:
        np.multiply(state, _P2, out=state)
        _turn(state, 31, other)
        np.multiply(state, _P1, out=state)
        word ^= state
        word *= _P1
        word += _P4
    word += length


def _avalanche(word: Words, other: Words) -> None:
    for by, prime in ((33, _P2), (29, _P3), (32, None)):
        np.right_shift(word, np.uint64(by), out=other)
        word ^= other
        if prime is not None:
            word *= prime


def _turn(word: Words, by: int, other: Words) -> None:
    """Rotate `word` left in place."""
    np.right_shift(word, np.uint64(64 - by), out=other)
    np.left_shift(word, np.uint64(by), out=word)
    word |= other


def _rotated(word: Words, by: int) -> Words:
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))
