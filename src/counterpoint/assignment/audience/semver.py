"""Orders semantic versions: 8.9.0 < 8.10.0-beta.2 < 8.10.0."""

import re
from functools import lru_cache
from typing import TypeAlias

VersionKey: TypeAlias = tuple[int, int, int, int, int, tuple[tuple[int, int, str], ...]]

_VERSION = re.compile(
    r"(0|[1-9][0-9]{0,17})(?:\.(0|[1-9][0-9]{0,17}))?(?:\.(0|[1-9][0-9]{0,17}))?(?:\.(0|[1-9][0-9]{0,17}))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)
_MAX_CHARS = 128


@lru_cache(maxsize=8_192)
def version_key(text: str) -> VersionKey | None:
    """Return a tuple that orders as the version `text` does, or None when it is no version.

    One to four numbers are read (missing ones are 0), a pre-release comes before its release, build metadata is
    ignored.

    Source:
        Semantic Versioning 2.0.0, item 11.
    """
    found = _VERSION.fullmatch(text) if len(text) <= _MAX_CHARS else None
    if found is None:
        return None
    major, minor, patch, fourth, before = found.groups()
    numbers = (int(major), int(minor or 0), int(patch or 0), int(fourth or 0))
    if before is None:
        return (*numbers, 1, ())
    return (*numbers, 0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in before.split(".")))


def just_above(text: str) -> str:
    """Return the least version greater than `text`, which `version_key` must have accepted."""
    bare = text.split("+", 1)[0]
    numbers, dash, before = bare.partition("-")
    if dash:
        return f"{numbers}-{before}.0"
    parts = [int(part) for part in numbers.split(".")]
    parts += [0] * (4 - len(parts))
    parts[3] += 1
    return ".".join(map(str, parts)) + "-0"
