"""Outcomes as arrays: what a question needs of sealed files and of the fresh tail, and nothing else of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoint.assignment import utf8_column
from counterpoint.events import UNIT_CHECK, UNIT_KEY, Event, Outcome, unit_keys
from counterpoint.metrics.engines.records import micros
from counterpoint.metrics.engines.unit_places import Checks, Keys

_N = TypeVar("_N", bound=np.generic)
_NAMED = ["surface", "name"]
"""Columns of few different texts: read as numbers, with their texts beside them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which outcomes are wanted.

    Attributes:
        places: Names of outcomes -> the numbers that stand for them.
        since: Microseconds since 1970; earlier ones are not wanted.
        until: Nor are those from then on.
    """

    surface: str
    places: Mapping[str, int]
    since: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRows:
    """Some outcomes, by column.

    Attributes:
        keys: Of the units, as are `checks`.
        t: Microseconds since 1970.
        place: Stands for the name.
    """

    keys: Keys
    checks: Checks
    t: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]


def rows_of_file(path: Path, wanted: Wanted) -> Iterator[OutcomeRows]:
    """Yield the outcomes of one sealed file that are wanted, a row group at a time."""
    with pq.ParquetFile(path, read_dictionary=_NAMED) as file:
        # Files that were sealed before there were keys have the units' texts only.
        units = [UNIT_KEY, UNIT_CHECK] if UNIT_KEY in file.schema_arrow.names else ["unit"]
        for group in range(file.num_row_groups):
            # Most groups are of one surface, and say so beside their rows.
            only = _only(file.metadata.row_group(group), "surface")
            if only is not None and only != wanted.surface:
                continue
            columns = ["at", *(["surface"] if only is None else []), "name", "value", *units]
            table = file.read_row_group(group, columns=columns, use_threads=False)
            if table.num_rows:
                yield _rows(table.combine_chunks(), wanted)


def text_keys(units: pa.StringArray) -> tuple[Keys, Checks]:
    """Return the keys of units from their texts as Arrow keeps them, without a Python object for each."""
    _, offsets, data = units.buffers()
    if not len(units) or data is None:
        return unit_keys([])
    ends = np.frombuffer(offsets, dtype=np.int32)[units.offset : units.offset + len(units) + 1]
    return unit_keys(utf8_column(np.frombuffer(data, dtype=np.uint8), ends))


def rows_of_tail(events: Sequence[Event], wanted: Wanted) -> Iterator[OutcomeRows]:
    """Yield the outcomes that are in no file yet and wanted."""
    found = [
        (e.unit, t, wanted.places[e.name], e.value)
        for e in events
        if isinstance(e, Outcome)
        and e.surface == wanted.surface
        and e.name in wanted.places
        and wanted.since <= (t := micros(e.at)) < wanted.until
    ]
    if found:
        keys, checks = unit_keys([unit for unit, *_ in found])
        yield OutcomeRows(
            keys=keys,
            checks=checks,
            t=np.array([t for _, t, _, _ in found], dtype=np.int64),
            place=np.array([place for _, _, place, _ in found], dtype=np.int64),
            value=np.array([value for *_, value in found], dtype=np.float64),
        )


def _rows(table: pa.Table, wanted: Wanted) -> OutcomeRows:
    def column(name: str) -> pa.Array:
        return table.column(name).chunk(0)

    t = _numbers(column("at"), np.int64)
    place = _coded(column("name"), wanted.places)
    keep = (place >= 0) & (t >= wanted.since) & (t < wanted.until)
    if "surface" in table.column_names:
        keep &= _coded(column("surface"), {wanted.surface: 0}) == 0
    rows = None if keep.all() else np.flatnonzero(keep)

    def kept(values: npt.NDArray[_N]) -> npt.NDArray[_N]:
        return values if rows is None else values.take(rows)

    if UNIT_KEY in table.column_names:
        keys = kept(_numbers(column(UNIT_KEY), np.uint64))
        checks = kept(_numbers(column(UNIT_CHECK), np.uint32))
    else:
        units = column("unit") if rows is None else column("unit").take(pa.array(rows))
        keys, checks = text_keys(units)
    value = kept(_numbers(column("value"), np.float64))
    return OutcomeRows(keys=keys, checks=checks, t=kept(t), place=kept(place), value=value)


def _coded(column: pa.DictionaryArray, codes: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Return the number that stands for each text, -1 for those that have none."""
    by_index = np.array([codes.get(each, -1) for each in column.dictionary.to_pylist()], dtype=np.int64)
    places: npt.NDArray[np.int64] = by_index.take(_numbers(column.indices, np.int32))
    return places


def _only(group: pq.RowGroupMetaData, name: str) -> str | None:
    """Return the one text that a column holds by a row group's own statistics; None where they do not say so."""
    columns = (group.column(i) for i in range(group.num_columns))
    found = next((column.statistics for column in columns if column.path_in_schema == name), None)
    if found is None or not found.has_min_max or found.null_count or found.min != found.max:
        return None
    return found.min if isinstance(found.min, str) else None


def _numbers(column: pa.Array, kind: type[_N]) -> npt.NDArray[_N]:
    """Return a column's numbers where they lie; `to_numpy` would load pandas first, a fifth of a second."""
    if column.null_count:
        raise pa.ArrowInvalid("a column of numbers has rows without one")
    _, data = column.buffers()
    if data is None:
        return np.zeros(0, dtype=kind)
    return np.frombuffer(data, dtype=kind, count=len(column), offset=column.offset * np.dtype(kind).itemsize)
