"""A flagd document that others write into as well: which flags are ours, and the document with ours changed."""

import json
from collections.abc import Mapping
from typing import Any

from counterpoint.errors import Conflict, DependencyFailure

OWNER = "counterpoint"
"""The key of a flag's metadata under which its surface stands; flags without it are somebody else's."""
_EMPTY: Mapping[str, Any] = {"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": {}}


def parsed(text: str, *, where: str) -> dict[str, Any]:
    """Return a flagd document; an empty one where there is no text.

    Raises:
        DependencyFailure: code `flags_unreadable`.
    """
    if not text.strip():
        return {**_EMPTY, "flags": {}}
    try:
        document = json.loads(text)
        flags = document["flags"]
        if not all(isinstance(flag, dict) for flag in flags.values()):
            raise TypeError("a flag is no object")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DependencyFailure(
            "flags_unreadable",
            f"it is no flagd document in JSON ({error})",
            where=where,
            fix="mend it by hand: nothing of it was touched",
        ) from error
    found: dict[str, Any] = document
    return found


def ours(document: Mapping[str, Any], surface: str, prefix: str) -> dict[str, Any]:
    """Return the definitions of a surface's parameters, by parameter, without the mark of ownership."""
    return {
        name.removeprefix(prefix): _unmarked(flag)
        for name, flag in document["flags"].items()
        if name.startswith(prefix) and _owner(flag) == surface
    }


def merged(
    document: Mapping[str, Any],
    surface: str,
    prefix: str,
    changes: Mapping[str, Any],
    before: Mapping[str, Any],
    *,
    where: str,
) -> dict[str, Any]:
    """Return the document with our flags changed and every other byte of it kept in its order.

    Raises:
        Conflict: code `flag_taken` or `changed_meanwhile`.
    """
    flags = dict(document["flags"])
    for key, value in changes.items():
        name = prefix + key
        there = flags.get(name)
        if there is not None and _owner(there) != surface:
            raise taken(name, where)
        now_is = None if there is None else _unmarked(there)
        if now_is == value:
            continue
        if now_is != before.get(key):
            raise changed_meanwhile(name, where)
        if value is None:
            del flags[name]
        else:
            flags[name] = {**value, "metadata": {**value.get("metadata", {}), OWNER: surface}}
    return {**document, "flags": flags}


def taken(name: str, where: str) -> Conflict:
    """Return the refusal to touch a flag of somebody else."""
    return Conflict(
        "flag_taken",
        f"there is a flag {name!r} that Counterpoint did not make",
        where=where,
        fix="remove or rename it there, or give the backend a prefix",
        facts={"flag": name},
    )


def changed_meanwhile(name: str, where: str) -> Conflict:
    """Return the refusal to overwrite what changed between reading and writing."""
    return Conflict(
        "changed_meanwhile",
        f"{name!r} was changed while it was being written",
        where=where,
        fix="look at it with counterpoint live, then do it again",
        facts={"flag": name},
    )


def _owner(flag: Mapping[str, Any]) -> Any:
    metadata = flag.get("metadata")
    return metadata.get(OWNER) if isinstance(metadata, dict) else None


def _unmarked(flag: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in flag.get("metadata", {}).items() if key != OWNER}
    bare = {key: value for key, value in flag.items() if key != "metadata"}
    return {**bare, "metadata": rest} if rest else bare
