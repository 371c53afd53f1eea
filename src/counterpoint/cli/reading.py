"""Reads the text files that commands are given."""

from pathlib import Path

from counterpoint.errors import InvalidInput


def read_text(path: Path) -> str:
    """Return a text file's content.

    Raises:
        InvalidInput: code `unreadable_file`.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "unreadable_file", f"it cannot be read ({error})", where=str(path), fix="name a text file"
        ) from error
