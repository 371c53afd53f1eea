"""Tables in files: a Parquet or CSV file opened in any engine, reduced to moments per variant in one pass."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from counterpoint.errors import InvalidInput
from counterpoint.metrics.engines.moments import aggregates, summaries, value_columns
from counterpoint.metrics.measures import Measure, Unmeasured
from counterpoint.stats import DENOMINATOR, METRIC, Summary, merge_all

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = (*_INTEGERS, "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
PARQUET_FILES = (".parquet", ".pq")
TEXT_FILES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".csv.zst")
_PROBE_ROWS = 1_000
MAX_SEGMENTS = 200
_NEAR = 100.0
"""Squared distance from zero over variance up to which plain sums of squares keep all but two digits."""
_FAR = 1e6
"""The same beyond which sums are made again."""


Cell: TypeAlias = tuple[int, Mapping[str, Summary | Unmeasured]]
"""Units of one variant, or of one variant in one segment, with the summary of each measure."""
_Key: TypeAlias = tuple[str, str]
_Keyed: TypeAlias = dict[_Key, Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMoments:
    """What one pass over a table leaves.

    Attributes:
        variants: Variant as text -> units and the summary of each measure.
        segments: Segment -> the same; empty when none were asked for.
        n_rows: Rows read.
        n_rows_unplaced: Rows left out because their variant or their unit is missing.
        n_units_mixed: Units left out because they have rows in two variants.
    """

    variants: Mapping[str, Cell]
    segments: Mapping[str, Mapping[str, Cell]]
    n_rows: int
    n_rows_unplaced: int
    n_units_mixed: int


class TableSource(Protocol):
    """One file, opened in one engine."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Name of each column -> its type, in the words of standard SQL."""
        ...

    @property
    def relation(self) -> str:
        """What stands after FROM."""
        ...

    @property
    def text_type(self) -> str:
        """The type of texts of any length."""
        ...

    def quoted(self, name: str) -> str:
        """Return `name` as an identifier, whatever characters it has."""
        ...

    def complete(self) -> frozenset[str]:
        """Return columns that the file itself says have a value in every row."""
        ...

    def ask(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query.

        Raises:
            InvalidInput: `unreadable_file`.
        """
        ...

    def close(self) -> None:
        """Release the file."""
        ...


OpenTable: TypeAlias = "Callable[[Path], Table]"


class Table:
    """One file, readable by column; types as the file has them."""

    def __init__(self, path: Path, source: TableSource) -> None:
        self.path = path
        self.columns = source.columns
        self._source = source

    def is_boolean(self, column: str) -> bool:
        """Return whether a column holds yes or no."""
        return self.columns[column] == "BOOLEAN"

    def is_number(self, column: str) -> bool:
        """Return whether a column holds numbers or yes and no."""
        return self.is_boolean(column) or self.columns[column].startswith(_NUMBERS)

    def rows(self, columns: Sequence[str]) -> list[tuple[object, ...]]:
        """Return some columns of all rows; for small tables only."""
        names = ", ".join(map(self._source.quoted, columns))
        return self._source.ask(f"SELECT {names} FROM {self._source.relation}")  # noqa: S608 - names are quoted

    def moments(
        self, *, unit: str | None, variant: str, measures: Sequence[Measure], segment: str | None = None
    ) -> TableMoments:
        """Return counts and summaries per variant, and per segment, in one pass over the file.

        Rows are added up to units first when `unit` is given; a unit whose rows name several segments is in none of
        them but in one of its own, `(several)`. What names no segment is in `(none)`.
        """
        asked = _Asked(unit=unit, variant=variant, segment=segment, measures=measures)
        shifts = self._shifts(measures)
        keyed, counts = self._pass(asked, shifts)
        # The first rows may be of one variant, and tell little of another: that one is summed around its own means.
        for key, (_, cells) in list(keyed.items()):
            if far := _far_off(cells, measures, shifts):
                keyed[key] = self._pass(asked, shifts | far)[0][key]
        return TableMoments(
            variants=_over_segments(keyed, measures),
            segments={} if segment is None else _by_segment(keyed),
            **counts,
        )

    def close(self) -> None:
        """Release the file."""
        self._source.close()

    def _pass(self, asked: "_Asked", shifts: Mapping[str, float]) -> tuple[_Keyed, dict[str, int]]:
        unit, measures = asked.unit, asked.measures
        quoted, text = self._source.quoted, self._source.text_type
        values = ", ".join(f"{self._less(c, shifts[alias])} AS {alias}" for alias, c, _ in value_columns(measures))
        names = f"CAST({quoted(asked.variant)} AS {text}) AS __variant"
        if asked.segment is not None:
            names += f", CAST({quoted(asked.segment)} AS {text}) AS __segment"
        source = f"(SELECT {names}, {values} FROM {self._source.relation})"  # noqa: S608 - names are quoted
        found = "1"
        if unit is not None:
            source, found = self._per_unit(asked, unit, shifts), "__rows"
        # No grouping key that is not needed: a further one, though constant, costs a fifth of the pass.
        segment = "" if asked.segment is None else "__segment, "
        keys = f"{segment}__variant" if unit is None else f"{segment}__variant, __mixed"
        moments = ", ".join(
            [
                "count(*)" if unit is None else f"sum({found})::BIGINT",
                "count(*)",
                *aggregates(measures, self._source.complete()),
            ]
        )
        cells = self._source.ask(f"SELECT {keys}, {moments} FROM {source} GROUP BY {keys}")  # noqa: S608 - names are quoted
        rows = cells if asked.segment is not None else [("", *row) for row in cells]
        rows = rows if unit is not None else [(*row[:2], False, *row[2:]) for row in rows]
        rows = [("(none)" if row[0] is None else row[0], *row[1:]) for row in rows]
        rows.sort(key=lambda row: (row[1] is not None, row[0], row[1] or "", row[2]))
        keyed: _Keyed = {
            (segment, name): (n, summaries(measures, shifts, n, cells))
            for segment, name, is_mixed, _, n, *cells in rows
            if name is not None and not is_mixed
        }
        if len({segment for segment, _ in keyed}) > MAX_SEGMENTS:
            raise InvalidInput(
                "too_many_segments",
                f"{asked.segment!r} has more than {MAX_SEGMENTS} different values",
                where="--segment",
                fix="name a column of few values, such as a country or a platform",
            )
        return keyed, {
            "n_rows": sum(r[3] for r in rows),
            "n_rows_unplaced": sum(r[3] for r in rows if r[1] is None),
            "n_units_mixed": sum(r[4] for r in rows if r[2]),
        }

    def _per_unit(self, asked: "_Asked", unit: str, shifts: Mapping[str, float]) -> str:
        variant, segment, measures = asked.variant, "", asked.measures
        quoted, text = self._source.quoted, self._source.text_type
        if asked.segment is not None:
            own = f"CAST({quoted(asked.segment)} AS {text})"
            segment = f"""CASE WHEN min({own}) IS NULL THEN NULL WHEN min({own}) = max({own}) THEN min({own})
                          ELSE '(several)' END AS __segment, """
        # A unit did it when any of its rows says so; everything else adds up. A row without its value makes its unit's
        # value unknown, not smaller.
        values = ", ".join(
            f"CASE WHEN count({quoted(c)}) = count(*) THEN {'max' if m.type == 'proportion' else 'sum'}"
            f"({self._number(c)}) END - {shifts[alias]!r} AS {alias}"
            for alias, c, m in value_columns(measures)
        )
        name = f"CAST({quoted(variant)} AS {text})"
        placed = f"{name} IS NOT NULL AND {quoted(unit)} IS NOT NULL"
        return f"""(
            SELECT {segment}CASE WHEN __placed THEN min({name}) END AS __variant, count(*) AS __rows,
                   __placed AND min({name}) <> max({name}) AS __mixed, {values}
            FROM (SELECT *, {placed} AS __placed FROM {self._source.relation})
            GROUP BY {quoted(unit)}, __placed)"""  # noqa: S608 - names are quoted

    def _less(self, column: str, shift: float) -> str:
        # Not to subtract zero saves a twentieth of the pass.
        return self._number(column) if shift == 0 else f"{self._number(column)} - {shift!r}"

    def _number(self, column: str) -> str:
        # A cast from yes and no would be handed down to the CSV reader, which cannot read "True" as a number.
        name = self._source.quoted(column)
        yes_no = f"CASE WHEN {name} THEN 1.0::DOUBLE WHEN NOT {name} THEN 0.0::DOUBLE END"
        return yes_no if self.is_boolean(column) else f"CAST({name} AS DOUBLE)"

    def _shifts(self, measures: Sequence[Measure]) -> dict[str, float]:
        # Any constant is correct; one near the mean keeps digits, so the first rows are good enough. Values that spread
        # as widely as they lie from zero lose none without.
        aliased = value_columns(measures)
        means = ", ".join(f"avg({self._number(c)}), avg({self._number(c)} * {self._number(c)})" for _, c, _ in aliased)
        columns = ", ".join(dict.fromkeys(self._source.quoted(c) for _, c, _ in aliased))
        sql = f"SELECT {means} FROM (SELECT {columns} FROM {self._source.relation} LIMIT {_PROBE_ROWS})"  # noqa: S608 - names are quoted
        row = next(iter(self._source.ask(sql)), ())
        return {
            alias: 0.0 if measure.type == "proportion" else _shift_of(x, square)
            for (alias, _, measure), x, square in zip(aliased, row[::2], row[1::2], strict=True)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What one pass is to reduce the table by."""

    unit: str | None
    variant: str
    segment: str | None
    measures: Sequence[Measure]


def _over_segments(keyed: _Keyed, measures: Sequence[Measure]) -> dict[str, Cell]:
    """Return the cells of each variant merged: what a pass without segments would have found."""
    by_variant: dict[str, list[Cell]] = {}
    for (_, name), cell in sorted(keyed.items(), key=lambda each: each[0][1]):
        by_variant.setdefault(name, []).append(cell)
    return {
        name: (
            sum(n for n, _ in cells),
            {m.key: _merged([of[m.key] for _, of in cells]) for m in measures},
        )
        for name, cells in by_variant.items()
    }


def _merged(found: Sequence[Summary | Unmeasured]) -> Summary | Unmeasured:
    lacking = next((each for each in found if isinstance(each, Unmeasured)), None)
    return lacking or merge_all([each for each in found if isinstance(each, Summary)])


def _by_segment(keyed: _Keyed) -> dict[str, dict[str, Cell]]:
    out: dict[str, dict[str, Cell]] = {}
    for (segment, name), cell in keyed.items():
        out.setdefault(segment, {})[name] = cell
    return out


def _shift_of(mean: float | None, square: float | None) -> float:
    if mean is None or square is None or not (math.isfinite(mean) and math.isfinite(square)):
        return 0.0
    return 0.0 if mean * mean <= _NEAR * (square - mean * mean) else mean


def _far_off(
    cells: Mapping[str, Summary | Unmeasured], measures: Sequence[Measure], shifts: Mapping[str, float]
) -> dict[str, float]:
    """Return better shifts for what was summed so far from its mean that digits were lost; empty when nothing was."""
    out: dict[str, float] = {}
    for i, measure in enumerate(measures):
        summary = cells[measure.key]
        if isinstance(summary, Unmeasured) or measure.type == "proportion" or summary.n < 2:
            continue
        for alias, column in ((f"x{i}", METRIC), (f"y{i}", DENOMINATOR)):
            if column not in summary.columns:
                continue
            off, spread = summary.mean(column) - shifts[alias], summary.variance(column, ddof=0)
            if off * off > _FAR * spread and off * off > 0:
                out[alias] = summary.mean(column)
    return out


def require_table(path: Path) -> bool:
    """Return whether a file is Parquet; else it is CSV.

    Raises:
        InvalidInput: `missing_file`, or `unknown_format` for what is neither by its name.
    """
    where, name = str(path), path.name.lower()
    if not path.is_file():
        what = "a folder, not a file" if path.is_dir() else "there is no such file"
        raise InvalidInput("missing_file", what, where=where, fix="give the path of a Parquet or CSV file")
    if name.endswith((*PARQUET_FILES, *TEXT_FILES)):
        return name.endswith(PARQUET_FILES)
    known = ", ".join((*PARQUET_FILES, *TEXT_FILES))
    raise InvalidInput("unknown_format", "not a table by its name", where=where, fix=f"use one of {known}")


def unreadable(path: Path, why: str) -> InvalidInput:
    """Return the refusal of a file that no engine can read to its end."""
    return InvalidInput(
        "unreadable_file",
        f"cannot be read ({why})",
        where=str(path),
        fix="check that it is a whole Parquet or CSV file",
    )


def empty(path: Path) -> InvalidInput:
    """Return the refusal of a file without rows."""
    return InvalidInput("empty_file", "the table has no rows", where=str(path), fix="give a file with data")
