"""Brings a surface on board: says what its file and its data still lack, and publishes it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import msgspec

from counterpoint.config import Surface, load_surface, outcome_names
from counterpoint.control.boarding.replacing import replaced
from counterpoint.control.changes import ChangeDesk, Document, Edit
from counterpoint.errors import InvalidInput
from counterpoint.events import EventLog, Outcome
from counterpoint.releases import (
    ReplaceSurface,
    prepare,
)
from counterpoint.vocabulary import ParameterType

RECENT = timedelta(days=14)
Status = Literal["ok", "advice", "missing"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the checklist; `missing` keeps the surface from running experiments, `advice` does not."""

    code: str
    status: Status
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Onboarding:
    """What a new surface needs.

    Attributes:
        pages: Keys of the surfaces that this platform can compose pages for.
    """

    desk: ChangeDesk
    log: EventLog
    pages: Collection[str]

    def check(self, text: str, *, source: str) -> Document:
        """Return the checklist of a surface's file; nothing is stored."""
        try:
            surface = load_surface(text, source=source)
        except InvalidInput as error:
            found = error.facts.get("findings") or [{"code": error.code, "message": error.sentence, "path": source}]
            items = [
                Item(code=f["code"], status="missing", message=f"{f['path'] or source}: {f['message']}") for f in found
            ]
            return _checklist(None, items)
        live = self.desk.releases.latest(surface.key)
        items = [
            Item(code="file", status="ok", message=f"{source} reads as surface {surface.key}"),
            *_declared(surface),
            *_policy(surface),
            *self._arriving(surface),
            self._page(surface),
            Item(
                code="published",
                status="ok" if live is not None else "advice",
                message=f"release {live.number} is live" if live else "not published yet: counterpoint surface add",
            ),
        ]
        return _checklist(surface.key, items)

    def add(self, text: str, *, source: str, edit: Edit) -> Document:
        """Publish a surface: its first release, or a Change where its file has changed.

        A baseline that was edited in the file reaches its units by stages, like any other.

        Raises:
            InvalidInput: The file says something wrong, with all findings.
            Conflict: `nothing_changes`.
        """
        surface = load_surface(text, source=source)
        if self.desk.releases.latest(surface.key) is not None:
            replacing = {"author": edit.actor, "reason": edit.reason, "acknowledges": edit.acknowledges}
            return self.desk.propose(
                surface.key, lambda state, change_id: replaced(state, surface, change_id, **replacing), edit
            )
        now = self.desk.clock()
        change = prepare(
            None,
            (ReplaceSurface(surface=surface),),
            change_id=f"config-{self.desk.new_id()}",
            surface=surface.key,
            author=edit.actor,
            reason=edit.reason,
            at=now,
        )
        if edit.dry_run:
            return {"state": "dry_run", "surface": surface.key, "release": None}
        release = self.desk.publish(change, None, edit.actor)
        return {"state": "published", "surface": surface.key, "release": release.number, "id": change.id}

    def _arriving(self, surface: Surface) -> Iterator[Item]:
        now = self.desk.clock()
        names = {name for metric in surface.metrics.values() for name in outcome_names(metric) if name}
        seen: dict[str, int] = dict.fromkeys(names, 0)
        for event in self.log.read(Outcome, since=now - RECENT, until=now):
            if event.surface == surface.key and event.name in seen:
                seen[event.name] += 1
        for key, metric in surface.metrics.items():
            fed = [name for name in outcome_names(metric) if name]
            silent = [name for name in fed if not seen[name]]
            if silent:
                what = f"{key}: no outcome {' or '.join(silent)} arrived in {RECENT.days} days: POST /v1/events"
                yield Item(code="metric_silent", status="missing", message=what)
            else:
                n = min(seen[name] for name in fed)
                yield Item(code="metric_arrives", status="ok", message=f"{key}: {n} outcomes in {RECENT.days} days")

    def _page(self, surface: Surface) -> Item:
        if surface.key in self.pages:
            return Item(code="page", status="ok", message="this platform composes its page")
        message = "no page is declared: values, experiments and analysis work; asking for its page is NotFound"
        return Item(code="page", status="advice", message=message)


def _declared(surface: Surface) -> Iterator[Item]:
    yield _count("attributes", len(surface.attributes), "audiences can name", required=True)
    yield _count("parameters", len(surface.parameters), "experiments can change", required=True)
    yield _count("metrics", len(surface.metrics), "experiments can be decided by", required=True)
    if surface.attributes and not any(attribute.fixed for attribute in surface.attributes.values()):
        message = "no attribute is fixed, so no two audiences are provably disjoint"
        yield Item(code="nothing_fixed", status="advice", message=message)
    unbounded = [
        key
        for key, parameter in surface.parameters.items()
        if parameter.type in (ParameterType.INT, ParameterType.FLOAT) and None in (parameter.min, parameter.max)
    ]
    if unbounded:
        yield Item(code="unbounded", status="missing", message=f"no min or max: {', '.join(unbounded)}")
    kinds = (("parameter", surface.parameters), ("metric", surface.metrics), ("attribute", surface.attributes))
    for noun, table in kinds:
        bare = [key for key, each in table.items() if not each.description]
        if bare:
            message = f"{noun}s without a description, which the planner and reviewers read: {', '.join(bare)}"
            yield Item(code="undescribed", status="advice", message=message)
    if surface.invariants:
        yield Item(code="invariants", status="ok", message=f"{len(surface.invariants)} invariants are proven at launch")
    else:
        yield Item(code="invariants", status="advice", message="no invariants: say in CEL which values go together")


def _policy(surface: Surface) -> Iterator[Item]:
    policy = surface.policy
    if policy.required_guardrails:
        named = ", ".join(policy.required_guardrails)
        yield Item(code="guardrails", status="ok", message=f"every experiment watches {named}")
    else:
        message = "policy.required_guardrails is empty: nothing keeps an experiment from harming the surface"
        yield Item(code="guardrails", status="missing", message=message)
    for name, share in (("holdout", policy.holdout_pool), ("isolated", policy.isolated_pool)):
        if share:
            yield Item(code=f"{name}_pool", status="ok", message=f"{share:.0%} of the units are kept for it")
        else:
            message = f"policy.pools.{name} is 0: set units aside now, before experiments hold them all"
            yield Item(code=f"{name}_pool", status="advice", message=message)
    if policy.max_allocation_without_ramp >= 1:
        message = "policy.max_allocation_without_ramp is 1: an experiment may reach everybody at once"
        yield Item(code="ramp", status="advice", message=message)
    if not policy.approvals:
        yield Item(code="approvals", status="advice", message="policy.approvals is 0: nobody looks at a launch first")
    if any(attribute.sensitive for attribute in surface.attributes.values()) and not policy.sensitive_attributes:
        message = "attributes are sensitive, and policy.sensitive_attributes says nothing about them"
        yield Item(code="sensitive", status="missing", message=message)


def _count(code: str, n: int, what: str, *, required: bool) -> Item:
    status: Status = "ok" if n else "missing" if required else "advice"
    return Item(code=code, status=status, message=f"{n} {code} that {what}")


def _checklist(surface: str | None, items: Sequence[Item]) -> Document:
    return {
        "surface": surface,
        # Events can only arrive once it is published, so their lack is no reason not to.
        "publishable": all(item.status != "missing" or item.code == "metric_silent" for item in items),
        "ready": all(item.status != "missing" for item in items),
        "items": [msgspec.to_builtins(item) for item in items],
    }
