"""Reads the text and JSON files that commands are given."""

import json
from pathlib import Path
from typing import Any

from counterpoint.errors import InvalidInput

_MAX_BYTES = 10_000_000


def read_text(path: Path) -> str:
    """Return a text file's content.

    Raises:
        InvalidInput: code `unreadable_file`; `too_large`, for more than 10 MB.
    """
    try:
        # Never more than the limit: a device has no end, and no file that a person wrote is as long.
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise InvalidInput("too_large", f"more than {_MAX_BYTES:,} bytes", where=str(path), fix="name a text file")
        return content.decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(
            "unreadable_file", f"it cannot be read ({said})", where=str(path)[:300], fix="name a text file"
        ) from error


def read_json(path: Path) -> Any:
    """Return what a JSON file says.

    Raises:
        InvalidInput: code `malformed_json`, and those of `read_text`.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        # ValueError is also what a number of thousands of digits gives; both are no documents of ours.
        raise InvalidInput(
            "malformed_json", f"it is not JSON ({str(error)[:200]})", where=str(path)[:300], fix="name a JSON file"
        ) from error
