"""Reading a file into rows: Parquet, CSV and JSON lines, with every way a file can be bad said in one sentence."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoint.content.importers.report import Refusals
from counterpoint.errors import InvalidInput

SUFFIXES = (".parquet", ".csv", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a file: where it stands, counted from 1 without a header, and its values by column."""

    number: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """A file that could be read: its columns, its rows, and the rows refused as malformed."""

    path: Path
    columns: frozenset[str]
    rows: tuple[Row, ...]
    refusals: Refusals
    n_malformed: int


def read_table(path: Path) -> RawTable:
    """Return the rows of the file at `path`, which its suffix says how to read.

    Raises:
        InvalidInput: No such file, not readable, not of a known kind, damaged, or without a single row.
    """
    if not path.exists():
        raise InvalidInput("file_not_found", "there is no such file or folder", where=str(path), fix="check the path")
    readers = {".parquet": _parquet_rows, ".csv": _csv_rows, ".jsonl": _json_rows, ".ndjson": _json_rows}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidInput(
            "unknown_file_kind",
            f"files ending in {path.suffix!r} cannot be imported",
            where=str(path),
            fix=f"use {', '.join(SUFFIXES)}",
        )
    refusals = Refusals()
    try:
        if path.stat().st_size == 0:
            raise InvalidInput("empty_file", "the file is empty", where=str(path), fix="export it again")
        columns, rows = reader(path, refusals)
    except OSError as error:
        raise unreadable(path, error) from error
    refused = refusals.by_code()
    if not rows and refused:
        raise InvalidInput(
            "damaged_file",
            "not one of its rows can be read",
            where=str(path),
            fix="export it again",
            facts={"refused": {code: list(found.examples) for code, found in refused.items()}},
        )
    if not rows:
        raise InvalidInput("empty_file", "the file has no rows", where=str(path), fix="export it again")
    n_malformed = sum(found.n_rows for found in refused.values())
    return RawTable(path=path, columns=columns, rows=tuple(rows), refusals=refusals, n_malformed=n_malformed)


def unreadable(path: Path, error: OSError) -> InvalidInput:
    """Return the error for what the operating system will not let us read."""
    return InvalidInput(
        "unreadable_file",
        f"it cannot be read ({error.strerror or error})",
        where=str(path),
        fix="check its permissions",
    )


def _parquet_rows(path: Path, _refusals: Refusals) -> tuple[frozenset[str], list[Row]]:
    try:
        # Opened by us, so that a missing permission arrives as the OSError it is.
        with path.open("rb") as file:
            table = pq.read_table(file)
        names = table.column_names
        columns = [table.column(index).to_pylist() for index in range(len(names))]
    except PermissionError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInput(
            "damaged_file",
            "this is not a complete Parquet file",
            where=str(path),
            fix="copy or export it again",
            facts={"reason": str(error).splitlines()[0] if str(error) else type(error).__name__},
        ) from error
    values = zip(*columns, strict=True)
    return frozenset(names), [
        Row(number=n, values=dict(zip(names, row, strict=True))) for n, row in enumerate(values, 1)
    ]


def _csv_rows(path: Path, refusals: Refusals) -> tuple[frozenset[str], list[Row]]:
    rows: list[Row] = []
    header: list[str] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, cells in enumerate(_nonempty(csv.reader(file, strict=True))):
                if number == 0:
                    header = [cell.strip() for cell in cells]
                elif len(cells) != len(header):
                    refusals.refuse(
                        "wrong_field_count", f"row {number}: {len(cells)} fields, the header has {len(header)}"
                    )
                else:
                    # An empty cell is how CSV says that a value is absent.
                    rows.append(
                        Row(
                            number=number,
                            values={k: v if v != "" else None for k, v in zip(header, cells, strict=True)},
                        )
                    )
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            "damaged_file",
            f"this is not a UTF-8 CSV file ({error})" if isinstance(error, csv.Error) else "this is not UTF-8 text",
            where=str(path),
            fix="export it again as UTF-8",
        ) from error
    return frozenset(header), rows


def _nonempty(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    return (cells for cells in lines if cells)


def _json_rows(path: Path, refusals: Refusals) -> tuple[frozenset[str], list[Row]]:
    rows: list[Row] = []
    columns: set[str] = set()
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                values = msgspec.json.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                refusals.refuse("malformed_json", f"line {number}: {line[:60].decode(errors='replace').strip()!r}")
                continue
            if not isinstance(values, dict):
                refusals.refuse("not_an_object", f"line {number}: {line[:60].decode(errors='replace').strip()!r}")
                continue
            columns.update(values)
            rows.append(Row(number=number, values=values))
    return frozenset(columns), rows
