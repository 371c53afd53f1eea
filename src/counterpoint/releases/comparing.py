"""What differs between two states, part by part and field by field."""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from counterpoint.releases.state import SurfaceState, changed_parts, part_of

_ABSENT = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs; a side where it is not there is None and `kind` says so."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """One part of the state that differs, with its fields that do."""

    path: str
    kind: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...]


def diff(before: SurfaceState | None, after: SurfaceState) -> tuple[PartChange, ...]:
    """Return what differs between two states of a surface, in order of path; empty when they are equal."""
    return tuple(
        _part(path, None if before is None else part_of(before, path), body)
        for path, body in sorted(changed_parts(before, after).items())
    )


def _part(path: str, before: bytes | None, after: bytes | None) -> PartChange:
    old = _ABSENT if before is None else msgspec.json.decode(before)
    new = _ABSENT if after is None else msgspec.json.decode(after)
    kind: Literal["added", "removed", "changed"] = "changed"
    if before is None:
        kind = "added"
    elif after is None:
        kind = "removed"
    return PartChange(path=path, kind=kind, fields=tuple(_fields(old, new, "")))


def _fields(old: Any, new: Any, path: str) -> list[FieldChange]:
    if old == new and type(old) is type(new):
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        found: list[FieldChange] = []
        for key in sorted(old.keys() | new.keys()):
            found += _fields(old.get(key, _ABSENT), new.get(key, _ABSENT), f"{path}.{key}" if path else key)
        return found
    return [FieldChange(path=path, before=None if old is _ABSENT else old, after=None if new is _ABSENT else new)]
