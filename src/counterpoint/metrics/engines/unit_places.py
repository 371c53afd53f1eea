"""Where units are: from the keys of many records to the places of their units, a few memory reads a record."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
Checks: TypeAlias = npt.NDArray[np.uint32]
Places: TypeAlias = npt.NDArray[np.int64]


class UnitPlaces:
    """Units in the order of their keys, found by the first bits of a key.

    Keys are hashes, so that their first bits spread evenly: with twice as many slots as units, most slots hold one unit
    or none, and the first look decides.

    Args:
        keys: Of the units; place 0 is that of the first.
        checks: Of the units.

    Attributes:
        order: Places in the order of the keys.
        is_clear: Whether every key is there once; `find` needs it.
    """

    def __init__(self, keys: Keys, checks: Checks) -> None:
        self.order = np.argsort(keys).astype(np.int64)
        ordered = keys[self.order]
        self.is_clear = not bool(np.any(ordered[1:] == ordered[:-1]))
        n_bits = max(len(keys) - 1, 1).bit_length() + 1
        self._shift = np.uint64(64 - n_bits)
        # 32 bits, to be found in a cache more often; nobody has the memory for more units than they count.
        self._starts: npt.NDArray[np.int32] = np.zeros((1 << n_bits) + 1, dtype=np.int32)
        counts = np.bincount((ordered >> self._shift).view(np.int64), minlength=1 << n_bits)
        np.cumsum(counts, out=self._starts[1:])
        # A slot at the very end starts behind the last unit: what stands there has the key of no such slot.
        self._keys = np.append(ordered, np.uint64(0))
        self._checks = np.append(checks[self.order], np.uint32(0))

    def find(self, keys: Keys, checks: Checks) -> tuple[Places, Places]:
        """Return which of the records have a unit here, ascending, and at which place in the order of the keys."""
        slots = (keys >> self._shift).view(np.int64)
        at = self._starts.take(slots)
        found = self._keys.take(at) == keys
        left = np.flatnonzero(~found)
        here, ends = at.take(left) + 1, self._starts.take(slots.take(left) + 1)
        while len(left):
            inside = np.flatnonzero(here < ends)
            left, here, ends = left.take(inside), here.take(inside), ends.take(inside)
            is_hit = self._keys.take(here) == keys.take(left)
            hit, miss = np.flatnonzero(is_hit), np.flatnonzero(~is_hit)
            at[left.take(hit)] = here.take(hit)
            found[left.take(hit)] = True
            left, here, ends = left.take(miss), here.take(miss) + 1, ends.take(miss)
        rows = np.flatnonzero(found)
        places = at.take(rows).astype(np.int64)
        same = self._checks.take(places) == checks.take(rows)
        return (rows, places) if same.all() else (rows[same], places[same])
