"""Where units are: from the keys of many records to the places of their units, a few memory reads a record."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
Checks: TypeAlias = npt.NDArray[np.uint32]
Places: TypeAlias = npt.NDArray[np.int64]
Times: TypeAlias = npt.NDArray[np.int64]

_UNIT = np.dtype([("key", np.uint64), ("first_t", np.int64), ("place", np.int64), ("check", np.uint64)])
"""What is read of a unit lies together: one read of memory fetches it. 32 bytes, which NumPy takes at once."""


class UnitPlaces:
    """Units, found by the first bits of a key.

    Keys are hashes, so that their first bits spread evenly: with twice as many slots as units, most slots hold one unit
    or none, and the first look decides.

    Args:
        keys: Of the units; place 0 is that of the first.
        checks: Of the units.
        first_t: Of the units: their first exposures.

    Attributes:
        is_clear: Whether every key is there once; `find` needs it.
    """

    def __init__(self, keys: Keys, checks: Checks, first_t: Times) -> None:
        order = np.argsort(keys)
        # A slot at the very end starts behind the last unit: what stands there has the key of no such slot.
        units = np.zeros(len(keys) + 1, dtype=_UNIT)
        units["place"][:-1] = order
        for name, column in (("key", keys), ("first_t", first_t), ("check", checks)):
            units[name][:-1] = column.take(order)
        ordered = units["key"][:-1]
        self.is_clear = not bool(np.any(ordered[1:] == ordered[:-1]))
        n_bits = max(len(keys) - 1, 1).bit_length() + 1
        self._shift = np.uint64(64 - n_bits)
        # 32 bits, to be found in a cache more often; nobody has the memory for more units than they count.
        self._starts: npt.NDArray[np.int32] = np.zeros((1 << n_bits) + 1, dtype=np.int32)
        counts = np.bincount((ordered >> self._shift).view(np.int64), minlength=1 << n_bits)
        np.cumsum(counts, out=self._starts[1:])
        self._units = units.view(f"V{_UNIT.itemsize}")

    def find(self, keys: Keys, checks: Checks) -> tuple[Places, Places, Times]:
        """Return which of the records have a unit here, ascending; the unit's place, and its time."""
        slots = (keys >> self._shift).view(np.int64)
        at = self._starts.take(slots)
        units = self._units.take(at).view(_UNIT)
        found = units["key"] == keys
        places, first_t, same = units["place"].copy(), units["first_t"].copy(), units["check"] == checks
        left = np.flatnonzero(~found)
        here, ends = at.take(left) + 1, self._starts.take(slots.take(left) + 1)
        while len(left):
            inside = np.flatnonzero(here < ends)
            left, here, ends = left.take(inside), here.take(inside), ends.take(inside)
            units = self._units.take(here).view(_UNIT)
            is_hit = units["key"] == keys.take(left)
            hit, miss = np.flatnonzero(is_hit), np.flatnonzero(~is_hit)
            rows = left.take(hit)
            places[rows], first_t[rows], found[rows] = units["place"][hit], units["first_t"][hit], True
            same[rows] = units["check"][hit] == checks.take(rows)
            left, here, ends = left.take(miss), here.take(miss) + 1, ends.take(miss)
        found &= same
        if found.all():
            return np.arange(len(keys)), places, first_t
        rows = np.flatnonzero(found)
        return rows, places.take(rows), first_t.take(rows)
