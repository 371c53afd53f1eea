"""Keys of units: 96 bits by which sealed records find their unit without reading its text."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from counterpoint.assignment import UnitColumn, seed_of, unit_column

UNIT_KEY = "unit_key"
UNIT_CHECK = "unit_check"
"""Columns of sealed files. What they hold never changes: another way of hashing needs columns of another name."""

_KEY_SEED, _CHECK_SEED = seed_of("unit_key"), seed_of("unit_check")


def unit_keys(units: Sequence[str] | UnitColumn) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """Return the key of each unit, and the further bits that tell two units of one key apart.

    Of a hundred million units, two share all 96 bits once in 10^13 such sets. Who sends records may name any unit, so
    there is nothing to gain from making two that do.
    """
    column = units if isinstance(units, UnitColumn) else unit_column(units)
    return column.hashes(_KEY_SEED), (column.hashes(_CHECK_SEED) >> np.uint64(32)).astype(np.uint32)
