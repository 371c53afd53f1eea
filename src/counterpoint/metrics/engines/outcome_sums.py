"""The great pass: outcomes, led to their units and summed in whole numbers, with DuckDB's answer to the last bit."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Lock

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from counterpoint.errors import CannotCompute, DependencyFailure
from counterpoint.events import Segments
from counterpoint.metrics.engines.exact import SCALE
from counterpoint.metrics.engines.outcome_rows import OutcomeRows, Wanted, rows_of_file, rows_of_tail
from counterpoint.metrics.engines.reduction import Figure
from counterpoint.metrics.engines.unit_places import Checks, Keys, UnitPlaces

MOST_BYTES = 2 << 30
"""More than this for the units goes to DuckDB, which writes to disk what does not fit into memory."""
_PER_UNIT = 50
_ROOM = 2.0**62
"""Half of what 64 bits hold, so that the rounding of a bound in floating point cannot matter."""
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units whose outcomes are summed, by column.

    Attributes:
        uids: Numbers that stand for them.
        first_t: First exposure, microseconds since 1970.
    """

    uids: npt.NDArray[np.int32]
    keys: Keys
    checks: Checks
    first_t: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What the pass leaves.

    Attributes:
        summed: `uid`, in the order of the units, and each figure by its alias: whole millionths, or 0 and 1 for what
            happened or not.
        points: Single outcomes of some names: `uid`, `k` (the place of the name), `dt` and `value`.
    """

    summed: pa.Table
    points: pa.Table


def sum_outcomes(
    units: Units,
    segments: Segments,
    wanted: Wanted,
    figures: Sequence[Figure],
    *,
    window: tuple[int, int],
    singles: frozenset[int],
) -> Sums | None:
    """Return the figures of each unit; None where only DuckDB can be trusted with them.

    That is where units need more memory than there should be used, where two of them have one key, and where sums might
    outgrow 64 bits.

    Args:
        units: Whose; without any, nothing is read.
        segments: Where the outcomes are.
        wanted: Which of them to read.
        figures: What to sum.
        window: Microseconds from a unit's first exposure from and until which an outcome may count at all.
        singles: Places of the names whose outcomes are kept one by one.

    Raises:
        CannotCompute: `metric_overflow` when a value is no number or too large to be a whole number of millionths.
        DependencyFailure: `query_failed` when a file cannot be read.
    """
    if len(units.uids) * (_PER_UNIT + 8 * len(figures)) > MOST_BYTES:
        return None
    places = UnitPlaces(units.keys, units.checks, units.first_t)
    if not places.is_clear:
        return None
    found = _Pass(units, places, figures, window, singles)
    parts: list[Callable[[], Iterator[OutcomeRows]]] = []
    if len(units.uids):
        parts = [partial(rows_of_file, f, wanted) for f in segments.files]
        parts.append(partial(rows_of_tail, segments.tail, wanted))
    try:
        if len(parts) <= 2:
            for part in parts:
                found.add(part)
        else:
            with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_THREADS), "outcomes") as threads:
                list(threads.map(found.add, parts))
    except (pa.ArrowException, OSError) as error:
        first = str(error).strip().splitlines()[0]
        raise DependencyFailure("query_failed", f"the event records cannot be read ({first})") from error
    return found.sums() if found.bound < _ROOM else None


class _Pass:
    """Sums under way, filled by several threads."""

    def __init__(
        self,
        units: Units,
        places: UnitPlaces,
        figures: Sequence[Figure],
        window: tuple[int, int],
        singles: frozenset[int],
    ) -> None:
        self.bound = 0.0
        self._places = places
        self._uids = units.uids
        self._figures, self._singles = figures, singles
        # Two metrics over one window of one outcome have one column between them.
        self._columns = list(dict.fromkeys((f.place, f.low, f.high, f.once) for f in figures))
        self._cells = np.zeros(len(self._columns) * len(self._uids), dtype=np.int64)
        self._low, self._high = window
        self._points: list[pa.Table] = []
        self._lock = Lock()

    def add(self, part: Callable[[], Iterator[OutcomeRows]]) -> None:
        """Add the outcomes of one part."""
        for rows in part():
            self._add(rows)

    def _add(self, rows: OutcomeRows) -> None:
        which, at, first_t = self._places.find(rows.keys, rows.checks)
        t = rows.t if len(which) == len(rows.t) else rows.t.take(which)
        dt = t - first_t
        near = np.flatnonzero((dt >= self._low) & (dt < self._high))
        which, at, dt = which.take(near), at.take(near), dt.take(near)
        value, place = rows.value.take(which), rows.place.take(which)
        whole, size = _millionths(value)
        adds: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        marks: list[npt.NDArray[np.int64]] = []
        for low, high, once in dict.fromkeys(key[1:] for key in self._columns):
            columns = np.full(int(place.max(initial=0)) + 1, -1, dtype=np.int64)
            for i, key in enumerate(self._columns):
                if key[1:] == (low, high, once) and key[0] < len(columns):
                    columns[key[0]] = i * len(self._uids)
            cell = columns.take(place)
            inside = cell >= 0
            if low > self._low or high < self._high:
                inside &= (dt >= low) & (dt < high)
            if once:
                inside &= whole > 0
            here = slice(None) if inside.all() else np.flatnonzero(inside)
            cells = cell[here] + at[here]
            if once:
                marks.append(cells)
            else:
                adds.append((cells, whole[here]))
        with self._lock:
            self.bound += size
            for cells, amounts in adds:
                np.add.at(self._cells, cells, amounts)
            for cells in marks:
                self._cells[cells] = 1
            if self._singles:
                self._points.append(self._single(at, place, dt, value))

    def _single(
        self,
        at: npt.NDArray[np.int64],
        place: npt.NDArray[np.int64],
        dt: npt.NDArray[np.int64],
        value: npt.NDArray[np.float64],
    ) -> pa.Table:
        is_one = np.isin(place, list(self._singles))
        columns = (self._uids.take(at[is_one]), place[is_one].astype(np.int16), dt[is_one], value[is_one])
        return _table(dict(zip(("uid", "k", "dt", "value"), columns, strict=True)))

    def sums(self) -> Sums:
        """Return what was found; once everything was added."""
        n = len(self._uids)
        by_column = dict(zip(self._columns, self._cells.reshape(len(self._columns), n), strict=True))
        summed: dict[str, npt.NDArray[np.generic]] = {"uid": self._uids}
        summed |= {f.alias: by_column[f.place, f.low, f.high, f.once] for f in self._figures}
        none = np.zeros(0, dtype=np.int64)
        points = [self._single(none, none, none, none.astype(np.float64)), *self._points]
        return Sums(summed=_table(summed), points=pa.concat_tables(points))


def _millionths(value: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], float]:
    """Return values as whole millionths, halves away from zero as in SQL, and how much they come to without signs."""
    with np.errstate(over="ignore"):
        scaled = value * SCALE
    size = np.abs(scaled)
    # Written so that what is no number is caught, too.
    if not size.max(initial=0.0) < 2.0**63:
        raise CannotCompute(
            "metric_overflow",
            "values of a metric are too large to be summed exactly",
            fix="record them in a larger unit",
        )
    cut = np.trunc(scaled)
    # The difference is exact; to add a half and cut would take 0.49999999999999994 for a half.
    cut += np.copysign(np.abs(scaled - cut) >= 0.5, scaled)
    return cut.astype(np.int64), float(size.sum())


def _table(columns: dict[str, npt.NDArray[np.generic]]) -> pa.Table:
    return pa.table({name: pa.array(column) for name, column in columns.items()})
