"""Carry out what a plan says of baselines, holdouts and domains, through the desk that everybody's changes go over."""

from collections.abc import Iterable, Sequence
from typing import Any

from counterpoint.control.changes import Edit as Wish
from counterpoint.control.configuring import Configuring
from counterpoint.control.declared.parts import DeclaredPart
from counterpoint.control.declared.planning import older_waiting, perform, wish
from counterpoint.control.declared.standing import Standing
from counterpoint.errors import CounterpointError
from counterpoint.orchestration.declarative import CHANGES, DROPPED, REPLACED, Act, Item

# Experiments draw from domains; a holdout keeps the baseline of its first day.
_ORDER = ("domain", "holdout", "baseline")
Document = dict[str, Any]


def apply_parts(
    configuring: Configuring,
    items: Iterable[Item],
    parts: Sequence[DeclaredPart],
    *,
    source: str,
    actor: str,
    releases: bool,
) -> tuple[Document, ...]:
    """Do what the items say, one after the other, and return what became of each.

    A process that is killed meanwhile has published some and not the others; the next plan holds the rest.

    Args:
        releases: Only give back what is no longer named, which comes after the experiments that draw from it have
            ended; otherwise only the rest.
    """
    declared = {each.place: each for each in parts}
    due = [item for item in items if item.kind in _ORDER and item.act in CHANGES]
    return tuple(
        _done(configuring, item, declared.get((item.kind, item.surface, item.experiment)), source, actor)
        for item in sorted(due, key=lambda each: _ORDER.index(each.kind))
        if (item.act is Act.STOP) is releases
    )


def _done(configuring: Configuring, item: Item, declared: DeclaredPart | None, source: str, actor: str) -> Document:
    said: Document = {
        "surface": item.surface,
        "experiment": item.experiment,
        "kind": item.kind,
        "act": str(item.act),
        "launch": None,
    }
    try:
        found = _carried_out(configuring, item, declared, source, actor)
    except CounterpointError as error:
        return {**said, "state": None, "reason": None, "problem": error.as_document()}
    reason = found["steps"][-1]["reason"]
    return {**said, "state": found["state"], "reason": reason, "change": found["id"], "problem": None}


def _carried_out(
    configuring: Configuring, item: Item, declared: DeclaredPart | None, source: str, actor: str
) -> Document:
    if declared is None:
        edit = Wish(actor=actor, reason=f"{source} {DROPPED}")
        give_back = configuring.aside.release_holdout if item.kind == "holdout" else configuring.aside.release_domain
        return give_back(item.surface, item.experiment, edit)
    part = declared.part
    if item.act is Act.REPLACE:
        for older in older_waiting(Standing(configuring=configuring, source=source), part):
            configuring.withdraw(older.id, by=actor, reason=f"{source} {REPLACED}")
    exists = item.kind == "holdout" and part.key in configuring.desk.live(item.surface).state.holdouts
    return perform(configuring, part, Act.CHANGE if exists else item.act, wish(part, source, actor))
