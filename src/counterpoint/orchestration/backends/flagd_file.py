"""The holder of a flagd file: replaced whole, so that flagd never reads half of it, and shared with other writers."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from counterpoint.errors import DependencyFailure
from counterpoint.orchestration.backends.flag_document import merged, ours, parsed


class FlagdFile:
    """Flag definitions in a JSON file that flagd watches.

    Args:
        path: The file; made when it is not there. `path.lock` beside it keeps two processes of ours apart.
        prefix: Stands before each parameter in the name of its flag.
    """

    def __init__(self, path: Path, *, prefix: str = "") -> None:
        self._path = path
        self._prefix = prefix

    def read(self, surface: str) -> Mapping[str, Any]:
        """Return our flags of `surface`."""
        return ours(self._document(), surface, self._prefix)

    def write(self, surface: str, changes: Mapping[str, Any], *, before: Mapping[str, Any]) -> None:
        """Change our flags; other flags and the rest of the document stay."""
        with self._alone():
            document = self._document()
            after = merged(document, surface, self._prefix, changes, before, where=str(self._path))
            if after["flags"] != document["flags"]:
                self._replace(json.dumps(after, indent=2, ensure_ascii=False) + "\n")

    def _document(self) -> dict[str, Any]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = ""
        except (OSError, UnicodeDecodeError) as error:
            raise self._down(error) from error
        return parsed(text, where=str(self._path))

    def _replace(self, text: str) -> None:
        fresh = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            with fresh.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if self._path.exists():
                # flagd may run as another user: whoever could read the file before can read the new one.
                fresh.chmod(self._path.stat().st_mode & 0o777)
            fresh.replace(self._path)
        except OSError as error:
            raise self._down(error) from error
        finally:
            fresh.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        try:
            lock = self._path.with_name(f"{self._path.name}.lock").open("wb")
        except OSError as error:
            raise self._down(error) from error
        with lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _down(self, error: Exception) -> DependencyFailure:
        return DependencyFailure(
            "backend_down",
            f"the flag file cannot be read or written ({error})",
            where=str(self._path),
            fix="make its folder and give this process the right to write there",
        )
