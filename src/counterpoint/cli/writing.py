"""Writes the files that commands are asked for: whole or not at all, and said in one sentence when it fails."""

from contextlib import suppress
from pathlib import Path

from counterpoint.errors import InvalidInput


def write_text(path: Path, text: str, *, folders: bool = False) -> None:
    """Make `path` hold `text`, in UTF-8; what it held stays when that fails, on a full disk too.

    Args:
        folders: Make the folders above it, too.

    Raises:
        InvalidInput: code `unwritable_file`.
    """
    try:
        if folders:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8")  # a device or a pipe, which nothing can be put in place of
            return
        partial = path.with_name(path.name + ".new")
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
        except BaseException:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise InvalidInput(
            "unwritable_file",
            f"it cannot be written ({said})",
            where=str(path)[:300],
            fix="name a file in a folder that you may write to",
        ) from error
