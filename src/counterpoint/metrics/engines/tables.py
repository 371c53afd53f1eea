"""Tables in files: a Parquet or CSV file opened in DuckDB, reduced to moments per variant in one pass."""

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from counterpoint.errors import InvalidInput
from counterpoint.metrics.engines.moments import aggregates, quoted, summaries, value_columns
from counterpoint.metrics.engines.records import offline_config
from counterpoint.metrics.measures import Measure, Unmeasured
from counterpoint.stats import DENOMINATOR, METRIC, Summary

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_NUMBERS = (*_INTEGERS, "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
_PARQUET = (".parquet", ".pq")
_TEXT = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".csv.zst")
_PROBE_ROWS = 1_000
_NEAR = 100.0
"""Squared distance from zero over variance up to which plain sums of squares keep all but two digits."""
_FAR = 1e6
"""The same beyond which sums are made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableMoments:
    """What one pass over a table leaves.

    Attributes:
        variants: Variant as text -> units and the summary of each measure.
        n_rows: Rows read.
        n_rows_unplaced: Rows left out because their variant or their unit is missing.
        n_units_mixed: Units left out because they have rows in two variants.
    """

    variants: Mapping[str, tuple[int, Mapping[str, Summary | Unmeasured]]]
    n_rows: int
    n_rows_unplaced: int
    n_units_mixed: int


class Table:
    """One file, readable by column; types as the file has them."""

    def __init__(self, path: Path, db: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str]) -> None:
        self.path = path
        self.columns = columns
        self._db = db
        self._relation = relation

    def is_boolean(self, column: str) -> bool:
        """Return whether a column holds yes or no."""
        return self.columns[column] == "BOOLEAN"

    def is_number(self, column: str) -> bool:
        """Return whether a column holds numbers or yes and no."""
        return self.is_boolean(column) or self.columns[column].startswith(_NUMBERS)

    def rows(self, columns: Sequence[str]) -> list[tuple[object, ...]]:
        """Return some columns of all rows; for small tables only."""
        with _reading(self.path):
            names = ", ".join(map(quoted, columns))
            return self._db.execute(f"SELECT {names} FROM {self._relation}").fetchall()  # noqa: S608 - names are quoted

    def moments(self, *, unit: str | None, variant: str, measures: Sequence[Measure]) -> TableMoments:
        """Return counts and summaries per variant; rows are added up to units first when `unit` is given."""
        with _reading(self.path):
            shifts = self._shifts(measures)
            found = self._pass(unit, variant, measures, shifts)
            # The first rows may be of one variant, and tell little of another: that one is summed around its own means.
            better = {
                name: self._pass(unit, variant, measures, shifts | far).variants[name]
                for name, (_, cells) in found.variants.items()
                if (far := _far_off(cells, measures, shifts))
            }
        return replace(found, variants={**found.variants, **better})

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def _pass(
        self, unit: str | None, variant: str, measures: Sequence[Measure], shifts: Mapping[str, float]
    ) -> TableMoments:
        values = ", ".join(f"{self._less(c, shifts[alias])} AS {alias}" for alias, c, _ in value_columns(measures))
        source = f"(SELECT CAST({quoted(variant)} AS VARCHAR) AS __variant, {values} FROM {self._relation})"  # noqa: S608 - names are quoted
        found = "1"
        if unit is not None:
            source, found = self._per_unit(unit, variant, measures, shifts), "__rows"
        # One grouping key where one is enough: a second one, though constant, costs a fifth of the pass.
        keys = "__variant" if unit is None else "__variant, __mixed"
        moments = ", ".join(
            [
                "count(*)" if unit is None else f"sum({found})::BIGINT",
                "count(*)",
                *aggregates(measures, self._complete()),
            ]
        )
        cells = self._db.execute(f"SELECT {keys}, {moments} FROM {source} GROUP BY {keys}").fetchall()  # noqa: S608 - names are quoted
        rows = cells if unit is not None else [(row[0], False, *row[1:]) for row in cells]
        rows.sort(key=lambda row: (row[0] is not None, row[0] or "", row[1]))
        variants = {
            name: (n, summaries(measures, shifts, n, cells))
            for name, is_mixed, _, n, *cells in rows
            if name is not None and not is_mixed
        }
        return TableMoments(
            variants=variants,
            n_rows=sum(r[2] for r in rows),
            n_rows_unplaced=sum(r[2] for r in rows if r[0] is None),
            n_units_mixed=sum(r[3] for r in rows if r[1]),
        )

    def _per_unit(self, unit: str, variant: str, measures: Sequence[Measure], shifts: Mapping[str, float]) -> str:
        # A unit did it when any of its rows says so; everything else adds up. A row without its value makes its unit's
        # value unknown, not smaller.
        values = ", ".join(
            f"CASE WHEN count({quoted(c)}) = count(*) THEN {'max' if m.type == 'proportion' else 'sum'}"
            f"({self._number(c)}) END - {shifts[alias]!r} AS {alias}"
            for alias, c, m in value_columns(measures)
        )
        name = f"CAST({quoted(variant)} AS VARCHAR)"
        placed = f"{name} IS NOT NULL AND {quoted(unit)} IS NOT NULL"
        return f"""(
            SELECT CASE WHEN __placed THEN min({name}) END AS __variant, count(*) AS __rows,
                   __placed AND min({name}) <> max({name}) AS __mixed, {values}
            FROM (SELECT *, {placed} AS __placed FROM {self._relation})
            GROUP BY {quoted(unit)}, __placed)"""  # noqa: S608 - names are quoted

    def _less(self, column: str, shift: float) -> str:
        # Not to subtract zero saves a twentieth of the pass.
        return self._number(column) if shift == 0 else f"{self._number(column)} - {shift!r}"

    def _number(self, column: str) -> str:
        # A cast from yes and no would be handed down to the CSV reader, which cannot read "True" as a number.
        name = quoted(column)
        yes_no = f"CASE WHEN {name} THEN 1.0::DOUBLE WHEN NOT {name} THEN 0.0::DOUBLE END"
        return yes_no if self.is_boolean(column) else f"CAST({name} AS DOUBLE)"

    def _complete(self) -> frozenset[str]:
        """Return the columns that a Parquet file's own statistics say have a value in every row."""
        if not self._relation.startswith("read_parquet"):
            return frozenset()
        # A column chunk without statistics has null here, and counts as one with gaps.
        rows = self._db.execute(
            f"""SELECT path_in_schema FROM parquet_metadata({self._relation.removeprefix("read_parquet(")}
                GROUP BY 1 HAVING sum(coalesce(stats_null_count, 1)) = 0"""  # noqa: S608 - the path is quoted
        ).fetchall()
        # A path of several names is a part of a column, whose name it must not be taken for.
        return frozenset(row[0] for row in rows if row[0] in self.columns and not set(row[0]) & set(",."))

    def _shifts(self, measures: Sequence[Measure]) -> dict[str, float]:
        # Any constant is correct; one near the mean keeps digits, so the first rows are good enough. Values that spread
        # as widely as they lie from zero lose none without.
        aliased = value_columns(measures)
        means = ", ".join(f"avg({self._number(c)}), avg({self._number(c)} * {self._number(c)})" for _, c, _ in aliased)
        columns = ", ".join(dict.fromkeys(quoted(c) for _, c, _ in aliased))
        sql = f"SELECT {means} FROM (SELECT {columns} FROM {self._relation} LIMIT {_PROBE_ROWS})"  # noqa: S608 - names are quoted
        row = self._db.execute(sql).fetchone() or ()
        return {
            alias: 0.0 if measure.type == "proportion" else _shift_of(x, square)
            for (alias, _, measure), x, square in zip(aliased, row[::2], row[1::2], strict=True)
        }


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


def open_table(path: Path) -> Table:
    """Open a Parquet or CSV file.

    Raises:
        InvalidInput: `missing_file`, `unknown_format`, `unreadable_file` or `empty_file`.
    """
    where, name = str(path), path.name.lower()
    if not path.is_file():
        what = "a folder, not a file" if path.is_dir() else "there is no such file"
        raise InvalidInput("missing_file", what, where=where, fix="give the path of a Parquet or CSV file")
    # A file's own name must not be taken for a pattern of names.
    literal = "".join(f"[{c}]" if c in "*?[" else c for c in where).replace("'", "''")
    if name.endswith(_PARQUET):
        relation = f"read_parquet('{literal}')"
    elif name.endswith(_TEXT):
        relation = f"read_csv('{literal}', sample_size = -1, header = true)"
    else:
        known = ", ".join((*_PARQUET, *_TEXT))
        raise InvalidInput("unknown_format", "not a table by its name", where=where, fix=f"use one of {known}")
    db = duckdb.connect(config=offline_config())
    try:
        with _reading(path):
            described = db.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()  # noqa: S608 - the path is quoted
            if db.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone() is None:  # noqa: S608 - the path is quoted
                raise InvalidInput("empty_file", "the table has no rows", where=where, fix="give a file with data")
    except BaseException:
        db.close()
        raise
    return Table(path, db, relation, {row[0]: row[1] for row in described})


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, UnicodeDecodeError) as error:
        lines = str(error).strip().splitlines()
        first = " ".join([lines[0], *(line for line in lines if line.startswith("Error when"))]).rstrip(".")
        raise InvalidInput(
            "unreadable_file",
            f"cannot be read ({first})",
            where=str(path),
            fix="check that it is a whole Parquet or CSV file",
        ) from error
