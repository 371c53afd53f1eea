"""The spool: a SQLite file that holds fresh records, remembered ids and the manifest of sealed files."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import xxhash

from counterpoint.errors import DependencyFailure, InvalidInput
from counterpoint.events import Event, kind_of
from counterpoint.storage.events.columns import micros_of

_SCHEMA = """
CREATE TABLE IF NOT EXISTS seen (key BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spool (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS manifest (
  file TEXT PRIMARY KEY, kind TEXT NOT NULL, n_rows INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID;
"""
# Beside the spool, not in it: sealing takes rows out of the spool whether or not they were shipped.
_OUTBOX = "CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL)"
_BUSY_S = 20.0
_PORTION = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedFile:
    """One manifest row: a Parquet file of `n_rows` records of one kind with `since <= at <= until` (microseconds)."""

    file: str
    kind: str
    n_rows: int
    since: int
    until: int


class Spool:
    """One SQLite file, used by any number of threads and processes; every write is on disk when it returns.

    Args:
        outbox: Whether new records are also kept for somebody else, until `shipped` says that they have them.
    """

    def __init__(self, path: Path, *, outbox: bool = False) -> None:
        self._outbox = outbox
        self._lock = threading.Lock()
        with _translated(path):
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            # NORMAL would lose acknowledged commits with the power; the whole promise of `append` rests on this line.
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
            if outbox:
                self._db.execute(_OUTBOX)
        self._path = path

    def add(self, batches: Sequence[Sequence[Event]]) -> list[int]:
        """Store the new records of all `batches` in one transaction, and return how many each brought."""
        keyed: dict[bytes, tuple[int, Event]] = {}
        with _translated(self._path):
            for which, batch in enumerate(batches):
                for event in batch:
                    keyed.setdefault(_key(event), (which, event))
        n_new = [0] * len(batches)
        with self._write() as db:
            known = _known(db, list(keyed))
            fresh = [(key, micros_of(e.at), which, e) for key, (which, e) in keyed.items() if key not in known]
            db.executemany("INSERT INTO seen VALUES (?, ?)", ((key, at) for key, at, _, _ in fresh))
            rows = [(kind_of(type(e)), at, msgspec.json.encode(e)) for _, at, _, e in fresh]
            db.executemany("INSERT INTO spool (kind, at, body) VALUES (?, ?, ?)", rows)
            if self._outbox:
                db.executemany("INSERT INTO outbox (body) VALUES (?)", ((body,) for _, _, body in rows))
        for _, _, which, _ in fresh:
            n_new[which] += 1
        return n_new

    def view(self, kind: str) -> tuple[tuple[SealedFile, ...], list[tuple[int, bytes]]]:
        """Return the sealed files and the fresh (seq, body) rows of one kind, as of one instant."""
        with self._locked() as db:
            # One read transaction: a seal in between must not show a record in both places, or in neither.
            db.execute("BEGIN")
            try:
                files = db.execute("SELECT * FROM manifest WHERE kind = ? ORDER BY file", (kind,)).fetchall()
                rows = db.execute("SELECT seq, body FROM spool WHERE kind = ? ORDER BY seq", (kind,)).fetchall()
            finally:
                db.execute("ROLLBACK")
        sealed = tuple(SealedFile(file=f, kind=k, n_rows=n, since=s, until=u) for f, k, n, s, u in files)
        return sealed, rows

    def outgoing(self, limit: int) -> list[tuple[int, bytes]]:
        """Return up to `limit` (seq, body) rows that nobody else has yet, the oldest first."""
        with self._locked() as db:
            return db.execute("SELECT seq, body FROM outbox ORDER BY seq LIMIT ?", (limit,)).fetchall()

    def shipped(self, upto: int) -> None:
        """Drop what was outgoing up to a seq: somebody else has it for good."""
        with self._write() as db:
            db.execute("DELETE FROM outbox WHERE seq <= ?", (upto,))

    def n_outgoing(self) -> int:
        """Return how many records nobody else has yet."""
        with self._locked() as db:
            return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])

    def fresh_counts(self) -> dict[str, int]:
        """Return how many fresh records there are of each kind."""
        with self._locked() as db:
            return dict(db.execute("SELECT kind, count(*) FROM spool GROUP BY kind").fetchall())

    def sealed_names(self) -> frozenset[str]:
        """Return the names of all files in the manifest."""
        with self._locked() as db:
            return frozenset(row[0] for row in db.execute("SELECT file FROM manifest"))

    def replace_with(self, sealed: SealedFile, first: int, last: int) -> bool:
        """Enter a file in the manifest and drop the rows that it holds, both or neither.

        Returns:
            Whether the rows were still there, all of them; if not, somebody else sealed them and nothing is changed.
        """
        with self._locked() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                dropped = db.execute(
                    "DELETE FROM spool WHERE kind = ? AND seq BETWEEN ? AND ?", (sealed.kind, first, last)
                )
                if dropped.rowcount != sealed.n_rows:
                    db.execute("ROLLBACK")
                    return False
                row = (sealed.file, sealed.kind, sealed.n_rows, sealed.since, sealed.until)
                db.execute("INSERT INTO manifest VALUES (?, ?, ?, ?, ?)", row)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        return True

    def forget_before(self, at: int) -> int:
        """Forget the ids of records older than `at` (microseconds); ingest refuses records as old as that."""
        with self._write() as db:
            return db.execute("DELETE FROM seen WHERE at < ?", (at,)).rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self._path):
            yield self._db

    @contextlib.contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._locked() as db:
            # IMMEDIATE takes the write lock first: two processes queue instead of failing half way.
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise


def _known(db: sqlite3.Connection, keys: list[bytes]) -> set[bytes]:
    """Return those of `keys` that were seen before, asked for in portions that every SQLite accepts."""
    found: set[bytes] = set()
    for at in range(0, len(keys), _PORTION):
        part = keys[at : at + _PORTION]
        marks = ",".join("?" * len(part))
        found.update(row[0] for row in db.execute(f"SELECT key FROM seen WHERE key IN ({marks})", part))  # noqa: S608 - marks only
    return found


def _key(event: Event) -> bytes:
    return xxhash.xxh3_128_digest(f"{kind_of(type(event))}\0{event.id}".encode())


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeEncodeError as error:
        raise InvalidInput("not_writable", f"a record cannot be written as JSON ({error})", where="events") from error
    except sqlite3.Error as error:
        raise DependencyFailure(
            "event_log_unavailable",
            f"the event log cannot be used ({error})",
            where=path.name,
            fix="check that its folder is writable and its disk has room, then send the batch again",
        ) from error
