"""Where the parts of one installation are kept below its data folder."""

import fcntl
import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from counterpoint.content import ContentStore
from counterpoint.errors import InvalidInput
from counterpoint.settings import Settings
from counterpoint.storage.content import FileContentStore

_KEY_BYTES = 32


def open_folder(settings: Settings) -> Path:
    """Return the data folder, made if it was not there.

    Raises:
        InvalidInput: code `unusable_folder`.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        usable = os.access(settings.data, os.W_OK | os.X_OK)
    except OSError as error:
        raise _unusable(settings.data, str(error.strerror)) from error
    if not usable:
        raise _unusable(settings.data, "it cannot be written to")
    return settings.data


@contextmanager
def opening_turn(folder: Path) -> Iterator[None]:
    """Hold the turn to open an installation: of processes that start at once on a new folder, one makes everything.

    Those that wait find it made. The operating system ends the turn of a process that dies.
    """
    descriptor = os.open(folder / "opening.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def open_content(settings: Settings) -> ContentStore:
    """Return the store of the catalogue's facts."""
    return FileContentStore(open_folder(settings) / "content")


def durable_url(settings: Settings) -> str:
    """Return where the durable executor keeps its tables: a file of its own beside SQLite, the same PostgreSQL."""
    if settings.database_url.startswith("sqlite"):
        return f"sqlite:///{settings.data / 'workflows.sqlite'}"
    return settings.database_url


def permit_key(settings: Settings) -> bytes:
    """Return the secret that permits to force are signed with.

    It is derived from the fleet's token, the same in every process; an installation without one keeps a secret in its
    folder, good for the processes that share that folder.
    """
    return fleet_permit_key(settings) or _kept_key(settings.data / "permit.key")


def fleet_permit_key(settings: Settings) -> bytes | None:
    """Return what a process that only serves checks permits with; None without a fleet's token: it can check none."""
    if settings.fleet_token is None:
        return None
    return hmac.new(settings.fleet_token.encode(), b"counterpoint permits", sha256).digest()


def attestation_key(settings: Settings) -> bytes:
    """Return the secret that attestations are signed with: the one that is set, or one made once and kept.

    Raises:
        InvalidInput: code `weak_key`, when the one that is set is short.
    """
    if settings.attestation_key is not None:
        key = settings.attestation_key.encode()
        if len(key) < _KEY_BYTES // 2:
            raise InvalidInput(
                "weak_key",
                f"{len(key)} bytes are too few to sign with",
                where="COUNTERPOINT_ATTESTATION_KEY",
                fix=f"set {_KEY_BYTES} random bytes or more",
            )
        return key
    return _kept_key(settings.data / "attestation.key")


def _kept_key(path: Path) -> bytes:
    if not path.exists():
        # Linked into place whole: of two processes that start at once, one makes the key and both read it.
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(_KEY_BYTES).encode())
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


def _unusable(folder: Path, why: str) -> InvalidInput:
    return InvalidInput("unusable_folder", why, where=str(folder), fix="choose another with --data FOLDER")
