"""How a declared spec differs from the launched one, field by field."""

from collections.abc import Mapping
from typing import Any

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Edit


def flat(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the leaves of a spec's document by dotted path; variants and guardrails go by their names, not places."""
    leaves: dict[str, Any] = {}
    _collect(document, "", leaves)
    return leaves


def differences(before: ExperimentSpec | None, after: ExperimentSpec) -> tuple[Edit, ...]:
    """Return the fields that differ, with old and new value; of a new spec every field that was written.

    A value of None stands for a field that is not there.
    """
    if before is None:
        written = flat(after.model_dump(mode="json", exclude_unset=True))
        return tuple(Edit(path=path, before=None, after=value) for path, value in written.items())
    old, new = flat(before.model_dump(mode="json")), flat(after.model_dump(mode="json"))
    paths = dict.fromkeys((*old, *new))
    return tuple(
        Edit(path=path, before=old.get(path), after=new.get(path)) for path in paths if old.get(path) != new.get(path)
    )


def _collect(node: Any, path: str, leaves: dict[str, Any]) -> None:
    match node:
        case dict() if node:
            for key, value in node.items():
                _collect(value, f"{path}.{key}" if path else key, leaves)
        case [dict(), *_]:
            for place, each in enumerate(node):
                name = each.get("key") or each.get("metric") or str(place + 1)
                _collect({key: value for key, value in each.items() if value != name}, f"{path}.{name}", leaves)
        case {} | [] | None:
            pass
        case _:
            leaves[path] = node
