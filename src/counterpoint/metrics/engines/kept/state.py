"""The kept state of one experiment's rollup on disk: files that never change, and one manifest that names them."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import xxhash

PATIENCE_S = 30.0
"""How long a reading waits for another one of the same experiment, which may be making the state that it needs."""
_MANIFEST = "manifest.json"
_POLL_S = 0.01


class KeptMetric(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of a metric's definition decides what is kept of a unit."""

    key: str
    type: str
    window_days: int
    numerator: str | None
    denominator: str | None


class Chunk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files of a run of units: their rows, and the single values that quantiles need."""

    index: int
    units: str
    points: str | None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one state holds.

    Attributes:
        definition: Digest of what is kept of each unit, down to the statements that sum it.
        metrics: In the order of the columns.
        covered: Sealed files whose records are in the state, with their sizes, by kind.
        n_units: All that were ever exposed, also those of several variants.
        others: File of what units met beside the variant they met first.
        snapshots: Snapshot -> when it first served an exposure, in microseconds since 1970.
        sizes: Bytes of each file of the state.
    """

    definition: str
    metrics: tuple[KeptMetric, ...]
    covered: Mapping[str, Mapping[str, int]]
    n_units: int
    chunks: tuple[Chunk, ...]
    others: str | None
    snapshots: Mapping[str, int]
    sizes: Mapping[str, int]


class StateFolder:
    """One folder, used by one reading at a time."""

    def __init__(self, folder: Path) -> None:
        self.path = folder

    @contextlib.contextmanager
    def held(self) -> Iterator[bool]:
        """Hold the folder, which is made when absent; False when another reading does not let go of it.

        The operating system ends the hold of a process that dies.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as lock:
            until = time.monotonic() + PATIENCE_S
            while not _taken(lock.fileno()):
                if time.monotonic() >= until:
                    yield False
                    return
                time.sleep(_POLL_S)
            yield True

    def read(self) -> Manifest | str:
        """Return the manifest, or a word for why there is none that may be used."""
        try:
            checksum, _, body = (self.path / _MANIFEST).read_bytes().partition(b"\n")
        except FileNotFoundError:
            return "first_reading"
        if checksum != _checksum(body):
            return "state_damaged"
        try:
            found = msgspec.json.decode(body, type=Manifest)
        except msgspec.DecodeError:
            return "state_of_another_version"
        return found if self.sizes_of(found.sizes) == found.sizes else "state_damaged"

    def write(self, manifest: Manifest, fresh: Sequence[str]) -> None:
        """Make a state the one that is read from now on: all of it or, if the process dies, nothing of it.

        Args:
            manifest: Names files that are in the folder already; others are removed.
            fresh: Those of them that are not known to be on disk.
        """
        body = msgspec.json.encode(manifest)
        unfinished = self.path / f"{_MANIFEST}.part"
        unfinished.write_bytes(_checksum(body) + b"\n" + body)
        # All that is named must survive a power cut before it is.
        for name in (*fresh, unfinished.name):
            _synchronise(self.path / name)
        unfinished.replace(self.path / _MANIFEST)
        _synchronise(self.path)
        for file in self.path.glob("*.parquet"):
            if file.name not in manifest.sizes:
                file.unlink()

    def discard(self) -> None:
        """Forget the state; the next reading makes one from all records."""
        with contextlib.suppress(OSError):
            (self.path / _MANIFEST).unlink()

    def sizes_of(self, names: Mapping[str, int] | Sequence[str]) -> dict[str, int]:
        """Return the bytes of files of the folder."""
        return {name: size_of(self.path / name) for name in names}


def size_of(file: Path) -> int:
    """Return the bytes of a file, -1 when it is not there."""
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return -1


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _checksum(body: bytes) -> bytes:
    return xxhash.xxh3_128_hexdigest(body).encode()


def _synchronise(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
