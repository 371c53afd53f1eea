"""The last good snapshot of each surface as a file, replaced whole and checked against its digest when it is read.

A file is one line of JSON that says what follows, then the bytes that were published. When the snapshot was last known
to be the newest stands beside it, because that changes every few seconds and the snapshot does not.
"""

import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from counterpoint.errors import DependencyFailure, InvalidInput
from counterpoint.vocabulary import is_key

CONFIRM_EVERY = timedelta(seconds=15)
_SUFFIX, _CONFIRMED = ".snapshot", ".confirmed"


class _Head(msgspec.Struct, frozen=True, kw_only=True):
    """First line of a file."""

    surface: str
    release: int
    id: str
    saved_at: datetime


class _Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """When the snapshot `id` was last known to be the newest."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a file holds.

    Attributes:
        data: The bytes that were published; not decoded yet, so not checked yet.
        id: Content address that they must have.
        confirmed_at: When they were last known to be the newest.
    """

    surface: str
    release: int
    id: str
    data: bytes
    confirmed_at: datetime


class SnapshotFiles:
    """Keeps one snapshot for each surface in `folder`; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._noted: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def surfaces(self) -> tuple[str, ...]:
        """Return the surfaces that a file is kept for, sorted."""
        names = (path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))
        return tuple(sorted(name for name in names if is_key(name)))

    def save(self, *, surface: str, release: int, snapshot_id: str, data: bytes, at: datetime) -> bool:
        """Keep a snapshot in place of the one before, and return whether it was kept: an older one never is.

        Args:
            at: When it was known to be the newest.

        Raises:
            DependencyFailure: code `snapshot_not_kept`, when the disk refuses; the file before is still whole.
        """
        path = self._path(surface)
        head = msgspec.json.encode(_Head(surface=surface, release=release, id=snapshot_id, saved_at=at))
        with _translated(path), self._alone():
            if self._release_on_disk(surface) > release:
                return False
            _replace(path, head + b"\n" + data, durable=True)
            self._noted[surface] = at
        return True

    def confirm(self, surface: str, snapshot_id: str, at: datetime) -> None:
        """Note that a snapshot is still the newest; written down every 15 seconds at most.

        Raises:
            DependencyFailure: code `snapshot_not_kept`.
        """
        noted = self._noted.get(surface)
        if noted is not None and at - noted < CONFIRM_EVERY:
            return
        self._noted[surface] = at
        body = msgspec.json.encode(_Confirmation(id=snapshot_id, at=at))
        # Losing this to a power cut makes the snapshot look older than it is, never newer.
        path = self._path(surface, _CONFIRMED)
        with _translated(path), self._alone():
            _replace(path, body, durable=False)

    def load(self, surface: str) -> Kept:
        """Return what is kept for `surface`.

        Raises:
            InvalidInput: code `corrupt_snapshot`, when the file is not one that `save` wrote, or is another surface's.
        """
        path = self._path(surface)
        try:
            line, _, data = path.read_bytes().partition(b"\n")
            head = msgspec.json.decode(line, type=_Head)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise _corrupt(path, str(error)) from error
        if head.surface != surface or head.saved_at.tzinfo is None:
            raise _corrupt(path, f"its first line speaks of {head.surface[:80]!r}")
        return Kept(surface=surface, release=head.release, id=head.id, data=data, confirmed_at=self._confirmed_at(head))

    def _confirmed_at(self, head: _Head) -> datetime:
        try:
            noted = msgspec.json.decode(self._path(head.surface, _CONFIRMED).read_bytes(), type=_Confirmation)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return head.saved_at
        if noted.id != head.id or noted.at.tzinfo is None:
            return head.saved_at
        return max(noted.at, head.saved_at)

    def _release_on_disk(self, surface: str) -> int:
        try:
            with self._path(surface).open("rb") as file:
                return msgspec.json.decode(file.readline(), type=_Head).release
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return -1  # what cannot be read may be replaced by anything

    def _path(self, surface: str, suffix: str = _SUFFIX) -> Path:
        if not is_key(surface):  # it becomes a file name
            raise InvalidInput("bad_key", "that names no surface", where=surface[:80])
        return self._folder / f"{surface}{suffix}"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and processes from comparing and replacing at the same time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock, (self._folder / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _replace(path: Path, content: bytes, *, durable: bool) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    if durable:
        _sync_folder(path.parent)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DependencyFailure(
            "snapshot_not_kept",
            f"the disk refuses it ({error.strerror})",
            where=str(path),
            fix="make room; until then a restart finds the snapshot before",
        ) from error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _corrupt(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        "corrupt_snapshot",
        f"it is no kept snapshot ({why[:200]})",
        where=str(path),
        fix="nothing; the next snapshot that arrives replaces it",
    )
