"""The event log on local files: appends go to the spool, and the spool is sealed into Parquet."""

import contextlib
import fcntl
import os
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from counterpoint.errors import DependencyFailure
from counterpoint.events import EVENT_TYPES, Appended, Event, Segments, kind_of
from counterpoint.storage.events.columns import micros_of, parquet_options, records_of, sealed_table_of
from counterpoint.storage.events.group import GroupCommit
from counterpoint.storage.events.spool import SealedFile, Spool

E = TypeVar("E", bound=Event)

_SPOOL = "spool.sqlite"


def open_event_log(folder: Path, *, seal_at: int = 50_000, outbox: bool = False) -> "FileEventLog":
    """Return the event log kept in `folder`, which is made when absent.

    Args:
        folder: Owned by the log; any number of processes may have it open.
        seal_at: Fresh records after which an append seals them into Parquet before it returns.
        outbox: Whether what is appended here is also kept for `Shipper`, until it has arrived elsewhere.

    Raises:
        DependencyFailure: `event_log_unavailable`.
    """
    return FileEventLog(folder, seal_at=seal_at, outbox=outbox)


class FileEventLog:
    """An `EventLog` of one folder: `spool.sqlite`, and sealed files that never change."""

    def __init__(self, folder: Path, *, seal_at: int = 50_000, outbox: bool = False) -> None:
        with _translated(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._seal_at = seal_at
        self._spool = Spool(folder / _SPOOL, outbox=outbox)
        self._group = GroupCommit(self._spool.add)
        self._n_fresh = sum(self._spool.fresh_counts().values())
        self._remove_orphans()

    def append(self, events: Sequence[Event]) -> Appended:
        """Store `events` durably; those whose kind and id the log holds already are left out."""
        n_stored = self._group.append(events) if events else 0
        self._n_fresh += n_stored
        if self._n_fresh >= self._seal_at:
            self.seal()
        return Appended(n_stored=n_stored, n_duplicates=len(events) - n_stored)

    def read(self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None) -> Iterator[E]:
        """Yield the records of one kind with `since <= at < until`, in no particular order."""
        segments = self.segments(event_type, since=since, until=until)
        for file in segments.files:
            for part in pq.ParquetFile(file).iter_batches():
                yield from _between(records_of(event_type, pa.Table.from_batches([part])), since, until)
        yield from _between((e for e in segments.tail if isinstance(e, event_type)), since, until)

    def segments(
        self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None
    ) -> Segments:
        """Return where the records of one kind are; what lies outside the range may be among them."""
        low = None if since is None else micros_of(since)
        high = None if until is None else micros_of(until)
        sealed, rows = self._spool.view(kind_of(event_type))
        files = [s for s in sealed if (low is None or s.until >= low) and (high is None or s.since < high)]
        decode = msgspec.json.Decoder(event_type).decode
        return Segments(
            files=tuple(self._folder / s.kind / s.file for s in files), tail=tuple(decode(body) for _, body in rows)
        )

    def seal(self, *, at_least: int = 1) -> int:
        """Move fresh records into Parquet files and return how many were moved.

        Args:
            at_least: Kinds with fewer fresh records stay in the spool: small files make slow reads.
        """
        n_sealed = 0
        with self._sealing() as mine:
            if mine:
                by_kind = {kind_of(t): t for t in EVENT_TYPES}
                for kind, n in self._spool.fresh_counts().items():
                    if n >= at_least:
                        n_sealed += self._seal_kind(by_kind[kind])
                self._n_fresh = sum(self._spool.fresh_counts().values())
        return n_sealed

    def outgoing(self, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` numbered records, as JSON, that have not arrived elsewhere, the oldest first."""
        return self._spool.outgoing(limit)

    def shipped(self, upto: int) -> None:
        """Note that everything up to this number has arrived elsewhere."""
        self._spool.shipped(upto)

    def n_outgoing(self) -> int:
        """Return how many records have not arrived elsewhere."""
        return self._spool.n_outgoing()

    def forget_ids_before(self, at: datetime) -> int:
        """Forget the ids of records from before `at`; safe once ingest refuses records that old."""
        return self._spool.forget_before(micros_of(at))

    def close(self) -> None:
        """Release files; the log must not be used afterwards."""
        self._spool.close()

    def _seal_kind(self, event_type: type[Event]) -> int:
        kind = kind_of(event_type)
        _, rows = self._spool.view(kind)
        decode = msgspec.json.Decoder(event_type).decode
        events = [decode(body) for _, body in rows]
        times = [micros_of(e.at) for e in events]
        name = f"{min(times)}-{uuid.uuid4().hex}.parquet"
        folder = self._folder / kind
        with _translated(folder):
            folder.mkdir(exist_ok=True)
            _write_durably(sealed_table_of(event_type, events), folder / name)
        sealed = SealedFile(file=name, kind=kind, n_rows=len(rows), since=min(times), until=max(times))
        if not self._spool.replace_with(sealed, rows[0][0], rows[-1][0]):
            (folder / name).unlink()
            return 0
        return len(rows)

    def _remove_orphans(self) -> None:
        """Remove files that a killed seal left outside the manifest; their records are still in the spool."""
        with self._sealing() as mine:
            if mine:
                known = self._spool.sealed_names()
                for file in self._folder.glob("*/*.parquet*"):
                    if file.name not in known:
                        file.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _sealing(self) -> Iterator[bool]:
        """Hold the lock of the one process that may seal; the kernel frees it when that process dies."""
        with _translated(self._folder), (self._folder / "seal.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True


def _between(events: Iterator[E], since: datetime | None, until: datetime | None) -> Iterator[E]:
    return (e for e in events if (since is None or e.at >= since) and (until is None or e.at < until))


def _write_durably(table: pa.Table, path: Path) -> None:
    unfinished = path.with_suffix(".parquet.part")
    with unfinished.open("wb") as file:
        pq.write_table(table, file, **parquet_options(table))
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
    # The rename, and a folder just made, must survive a power cut before the manifest may name the file.
    for folder in (path.parent, path.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DependencyFailure(
            "event_log_unavailable",
            f"the event log cannot be used ({error.strerror or error})",
            where=folder.name,
            fix="check that its folder is writable and its disk has room, then send the batch again",
        ) from error
