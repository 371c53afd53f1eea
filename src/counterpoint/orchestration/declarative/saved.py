"""A plan as a document: what is shown, kept in a file, and applied only while the world is as it was planned on."""

from collections.abc import Callable, Mapping
from typing import Any

from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments import parse_spec, spec_document
from counterpoint.orchestration.declarative.items import EXPERIMENT, Declared, StatePlan

KIND = "state_plan"
VERSION = 1


def plan_document(plan: StatePlan) -> dict[str, Any]:
    """Return a plan, JSON-compatible; it holds the specs, so that applying it needs nothing else."""
    return {
        "kind": KIND,
        "version": VERSION,
        "source": plan.source,
        "made_at": plan.made_at.isoformat(),
        "prune": plan.prune,
        "heads": {surface: {"release": head.number, "digest": head.digest} for surface, head in plan.heads.items()},
        "n_changes": plan.n_changes,
        "n_faults": plan.n_faults,
        "items": [item.as_document() for item in plan.items],
        "unreadable": [
            {"file": each.file, "code": each.code, "message": each.message, "findings": list(each.findings)}
            for each in plan.unreadable
        ],
        "specs": [{"file": each.file, "spec": spec_document(each.spec)} for each in plan.declared],
    }


def declared_in(document: Mapping[str, Any]) -> tuple[Declared, ...]:
    """Return the specs that a saved plan holds.

    Raises:
        InvalidInput: Code `not_a_plan`, or what is wrong with a spec.
    """
    if document.get("kind") != KIND:
        raise InvalidInput(
            "not_a_plan", "this is no saved plan", where="plan", fix="make one with `counterpoint plan --out FILE`"
        )
    if document.get("version") != VERSION:
        raise InvalidInput("not_a_plan", "another version of Counterpoint wrote it", where="plan", fix="plan again")
    try:
        return tuple(
            Declared(spec=parse_spec(each["spec"], source=str(each["file"])), file=str(each["file"]))
            for each in document["specs"]
        )
    except (KeyError, TypeError) as error:
        raise InvalidInput("not_a_plan", "its specs cannot be read", where="plan.specs", fix="plan again") from error


def require_unmoved(
    saved: Mapping[str, Any], now: StatePlan, history: Callable[[str, int], list[dict[str, Any]]]
) -> None:
    """Refuse a saved plan if anything that it rests on has changed since.

    Args:
        saved: The document of the plan.
        now: The same specs planned on what is there now.
        history: Returns, as documents, what was published on a surface after a release.

    Raises:
        Conflict: Code `plan_stale`, naming what moved.
    """
    moved: list[str] = []
    facts: dict[str, Any] = {"surfaces": {}, "experiments": []}
    heads = saved.get("heads") or {}
    for surface, head in now.heads.items():
        planned = heads.get(surface) or {}
        if planned.get("digest") == head.digest:
            continue
        number = int(planned.get("release") or 0)
        since = history(surface, number)
        facts["surfaces"][surface] = {"planned_on": number, "now": head.number, "since": since}
        said = "; ".join(f"{each['number']} by {each['author']}, {each['reason']}" for each in since[:3])
        moved.append(f"{surface} is at release {head.number}, not {number} ({said or 'another history'})")
    before = {
        (each["surface"], each["experiment"], each.get("kind", EXPERIMENT)): each["fingerprint"]
        for each in saved.get("items") or ()
    }
    after = {(item.surface, item.experiment, item.kind): item for item in now.items}
    for place in before.keys() | after.keys():
        item = after.get(place)
        if item is None or before.get(place) != item.fingerprint:
            facts["experiments"].append(place[1])
            moved.append(f"{place[1]} is {item.state or 'not launched' if item is not None else 'no longer there'}")
    if moved:
        raise Conflict(
            "plan_stale",
            f"the world has moved since the plan was made: {'; '.join(moved)}",
            where="plan",
            fix="plan again, look at what it says now, and apply that",
            facts=facts,
        )
