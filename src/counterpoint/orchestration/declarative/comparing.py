"""How a declared spec differs from the launched one, and what of that can still be changed."""

from collections.abc import Mapping
from typing import Any

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Edit

_FROZEN = "the analysis plan that was registered before the first exposure says it; nobody may choose it afterwards"
_DRAWN = "its units were drawn by it"
WHY_NOT: Mapping[str, str] = {
    "variants": "units that met one variant would meet another under the same name; " + _FROZEN,
    "metrics": "a guardrail added now would share the registered error rates with the others, and its first "
    "looks have passed; " + _FROZEN,
    "analysis": _FROZEN,
    "stop": "boundaries moved after a look, tighter ones too, no longer have the error rates that were registered; "
    + _FROZEN,
    "schedule": "the planned looks and the ramp follow from it, and a fixed horizon that is moved once figures "
    "were seen is a second look; " + _FROZEN,
    "audience": "it says whose units are compared; " + _FROZEN,
    "allocation": f"{_DRAWN}, the units planned for each look follow from it, and a further stage would mix units of "
    "other weeks into looks that were planned without them",
    "unit": _DRAWN,
    "layers": _DRAWN,
    "isolated": _DRAWN,
    "domain": _DRAWN,
    "hypothesis": "it is what was approved and registered",
    "owner": "the live release names it, and holdouts cover experiments by owner",
}
"""Why a field of a launch that has begun is not changed in place; every field of a spec is here or is its identity."""
IDENTITY = ("kind", "key", "surface")


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


def why_not_in_place(edits: tuple[Edit, ...]) -> tuple[str, ...]:
    """Return, for each field that a launch that has begun cannot change, a sentence that says why."""
    fields = dict.fromkeys(edit.path.split(".")[0] for edit in edits)
    return tuple(f"{field}: {WHY_NOT[field]}" for field in fields)


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
