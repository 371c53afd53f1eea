"""The catalogue's facts as JSON lines, one file per kind and version, and a manifest that says which are current.

A version's files are complete and synced before the manifest that names them replaces the last one in a single rename;
a process killed at any point leaves either the old catalogue or the new one.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from counterpoint.content import EMPTY_VERSION, Item, Kind, StoredContent
from counterpoint.errors import Conflict, DependencyFailure

_MANIFEST = "manifest.json"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are the catalogue now, and those of the version before, kept for a reader that is under way."""

    version: str
    files: dict[Kind, str]
    n_items: int
    previous: tuple[str, ...] = ()


class FileContentStore:
    """Keeps the catalogue in a folder, which is made on the first write.

    Args:
        folder: Where the files are; nobody else may write to it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def version(self) -> str:
        """Return the version of what is stored; see `ContentStore.version`."""
        manifest = self._manifest()
        return manifest.version if manifest else EMPTY_VERSION

    def read(self) -> StoredContent:
        """Return everything stored; see `ContentStore.read`."""
        manifest = self._manifest()
        if manifest is None:
            return StoredContent(version=EMPTY_VERSION, items=())
        decoder = msgspec.json.Decoder(Item)
        items: list[Item] = []
        for name in manifest.files.values():
            path = self._folder / name
            try:
                items.extend(decoder.decode_lines(path.read_bytes()))
            except (OSError, msgspec.DecodeError) as error:
                raise _unreadable(path, error) from error
        if len(items) != manifest.n_items:
            raise _unreadable(self._folder, ValueError(f"{len(items)} items, the manifest says {manifest.n_items}"))
        return StoredContent(version=manifest.version, items=tuple(items))

    def write(self, items: Iterable[Item], *, expected: str) -> str:
        """Replace everything stored by `items`; see `ContentStore.write`."""
        by_kind: dict[Kind, list[Item]] = {}
        for item in sorted(items, key=lambda item: item.id):
            by_kind.setdefault(item.kind, []).append(item)
        encoder = msgspec.json.Encoder()
        texts = {kind: encoder.encode_lines(group) for kind, group in sorted(by_kind.items())}
        digests = {kind: hashlib.sha256(text).hexdigest()[:16] for kind, text in texts.items()}
        version = hashlib.sha256(msgspec.json.encode(digests, order="sorted")).hexdigest()[:16]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._locked():
                self._replace(texts, digests, version, expected=expected)
        except OSError as error:
            raise DependencyFailure(
                "content_not_written",
                f"the catalogue could not be written ({error.strerror or error}); what was stored is unchanged",
                where=str(self._folder),
                fix="check permissions and free space",
            ) from error
        return version

    def _replace(self, texts: dict[Kind, bytes], digests: dict[Kind, str], version: str, *, expected: str) -> None:
        before = self._manifest()
        stored = before.version if before else EMPTY_VERSION
        if stored != expected:
            raise Conflict(
                "content_changed",
                f"the catalogue is at version {stored}, not {expected}",
                where=str(self._folder),
                fix="read it again and repeat the change",
            )
        files = {kind: f"{kind}-{digest}.jsonl" for kind, digest in digests.items()}
        for kind, name in files.items():
            # Named by content and renamed when complete: a file of this name is already this file.
            if not (self._folder / name).exists():
                _write_synced(self._folder / name, texts[kind])
        previous = tuple(before.files.values()) if before else ()
        manifest = Manifest(version=version, files=files, n_items=sum(map(_n_lines, texts.values())), previous=previous)
        _write_synced(self._folder / _MANIFEST, msgspec.json.encode(manifest))
        for stale in self._folder.glob("*-*.jsonl"):
            if stale.name not in {*files.values(), *previous}:
                stale.unlink(missing_ok=True)

    def _manifest(self) -> Manifest | None:
        path = self._folder / _MANIFEST
        try:
            return msgspec.json.decode(path.read_bytes(), type=Manifest)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise _unreadable(path, error) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Held by the kernel for the process, so that a killed writer never leaves a lock behind.
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _write_synced(path: Path, content: bytes) -> None:
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _n_lines(text: bytes) -> int:
    return text.count(b"\n")


def _unreadable(path: Path, error: Exception) -> DependencyFailure:
    return DependencyFailure(
        "content_unreadable",
        f"the stored catalogue cannot be read ({str(error).splitlines()[0] if str(error) else type(error).__name__})",
        where=str(path),
        fix="restore the folder from a backup, or remove it and import again",
    )
