"""Event records as DuckDB relations: sealed files and the fresh tail, as one view."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
import pyarrow as pa

from counterpoint.errors import CannotCompute, DependencyFailure
from counterpoint.events import Event, EventLog, Segments, kind_of

_TYPES: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
# Opening an engine takes 20 ms of CPU, a connection to it a fiftieth of that; one look reads in 16 of them.
_ENGINE: dict[tuple[int, str, bool], duckdb.DuckDBPyConnection] = {}
_OPENING = Lock()
_NUMBERS: dict[str, type] = {"value": float, "latency_ms": float, "release": int, "forced": bool}


def offline_config() -> dict[str, str | bool | int | float | list[str]]:
    """Return DuckDB settings: no downloads, and what does not fit into memory goes to the system's temporary folder."""
    spill = Path(tempfile.gettempdir()) / "counterpoint-duckdb"
    return {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": str(spill),
    }


@contextlib.contextmanager
def records_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a DuckDB connection that needs neither network nor files of its own.

    Whoever makes something in it makes it TEMP: the engine beneath is one for the process, what is temporary is the
    connection's own.
    """
    db = connected(in_order=False)
    try:
        yield db
    except (duckdb.OutOfRangeException, duckdb.ConversionException) as error:
        raise CannotCompute(
            "metric_overflow",
            "values of a metric are too large to be summed exactly",
            fix="record them in a larger unit",
        ) from error
    except duckdb.Error as error:
        note_failure(error)
        first = str(error).strip().splitlines()[0]
        raise DependencyFailure("query_failed", f"the event records cannot be read ({first})") from error
    finally:
        db.close()


def connected(*, in_order: bool) -> duckdb.DuckDBPyConnection:
    """Return a connection to the process's engine, to be closed by whoever asked.

    Args:
        in_order: Whether rows come in the order of their files where no other is asked for. What matters of an order
            in event records says so; to keep the files' takes both the processors out of most statements.
    """
    key = (os.getpid(), tempfile.gettempdir(), in_order)
    with _OPENING:
        if key not in _ENGINE:
            # A process that was forked must not use what its parent opened.
            for other in [each for each in _ENGINE if each[:2] != key[:2]]:
                del _ENGINE[other]
            _ENGINE[key] = duckdb.connect(config=offline_config() | {"preserve_insertion_order": in_order})
        return _ENGINE[key].cursor()


def note_failure(error: duckdb.Error) -> None:
    """Give up the process's engines where an error says that they refuse everybody from now on."""
    if isinstance(error, duckdb.FatalException | duckdb.InternalException):
        _ENGINE.clear()


def create_view(
    db: duckdb.DuckDBPyConnection,
    log: EventLog,
    event_type: type[Event],
    columns: Sequence[str],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    segments: Segments | None = None,
) -> str:
    """Make a view of one kind of record and return its name: `t` in microseconds since 1970, and `columns`.

    Args:
        db: Where to make it.
        log: Where the records are.
        event_type: Which kind.
        columns: Fields beside `at`.
        since: Records before it are left out.
        until: Records from then on are left out.
        segments: What the log answered, when it was asked already.
    """
    kind = kind_of(event_type)
    segments = segments or log.segments(event_type, since=since, until=until)
    db.register(f"{kind}_tail", tail_table(segments.tail, columns))
    names = ", ".join(columns)
    parts = [f"SELECT t, {names} FROM {kind}_tail"]  # noqa: S608 - names are ours
    if segments.files:
        files = ", ".join("'" + _literal(str(f)) + "'" for f in segments.files)
        parts.append(f'SELECT epoch_us("at") AS t, {names} FROM read_parquet([{files}])')  # noqa: S608 - names are ours
    limits = [f"t >= {micros(since)}"] if since else []
    limits += [f"t < {micros(until)}"] if until else []
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    db.execute(f"CREATE TEMP VIEW {kind} AS SELECT * FROM ({' UNION ALL '.join(parts)}){where}")  # noqa: S608 - names are ours
    return kind


def micros(at: datetime) -> int:
    """Return microseconds since 1970 UTC, exactly."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def instant(micro: int) -> datetime:
    """Return the instant that `micros` came from."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)


def text(value: str) -> str:
    """Return `value` as an SQL text literal."""
    return "'" + value.replace("'", "''") + "'"


def tail_table(events: Sequence[Event], columns: Sequence[str]) -> pa.Table:
    """Return records that are in no file yet as a table: `t` in microseconds since 1970, and `columns`."""
    arrays = {"t": pa.array([micros(e.at) for e in events], type=pa.int64())}
    for name in columns:
        cells = [_cell(getattr(e, name)) for e in events]
        arrays[name] = pa.array(cells, type=_TYPES[_NUMBERS.get(name, str)])
    return pa.table(arrays)


def _cell(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, dict) else value


def _literal(path: str) -> str:
    # A file's own name must not be taken for a pattern of names.
    return "".join(f"[{c}]" if c in "*?[" else c for c in path).replace("'", "''")
