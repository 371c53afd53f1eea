"""Changes that people proposed, as they are kept: what waits for approval or its time, what became of the others."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal

import msgspec

from counterpoint.errors import Conflict, NotFound, PlatformFault
from counterpoint.storage.sql import SqlDocuments

KIND = "proposed_change"
DUE = "proposed_change_due"
"""One small document for each change that waits, so that whoever ticks does not read the others."""
_N_WRITES = 8

ProposalState = Literal[
    "awaiting_approval", "scheduled", "rolling_out", "published", "reverted", "refused", "withdrawn"
]
WAITING: tuple[ProposalState, ...] = ("awaiting_approval", "scheduled")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a proposed change."""

    at: datetime
    state: ProposalState
    actor: str
    reason: str


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """One proposed Change.

    Attributes:
        change: The Change as a document, on the release that it was prepared against.
        digest: What approvals of it are bound to.
        diff: What it changes, for the reviewer.
        findings: What was found when it was proposed, or when it was refused.
        needed: How many people other than its author must approve it.
        release: The release that it made first; None while it made none.
        steps: What happened to it, the oldest first.
    """

    id: str
    surface: str
    author: str
    reason: str
    state: ProposalState
    change: dict[str, Any]
    digest: str
    diff: tuple[dict[str, Any], ...]
    findings: tuple[dict[str, Any], ...]
    needed: int
    not_before: datetime | None
    created_at: datetime
    release: int | None = None
    steps: tuple[Step, ...] = ()


class Proposals:
    """Proposed changes, as documents."""

    def __init__(self, documents: SqlDocuments) -> None:
        self._documents = documents

    def create(self, proposal: Proposal) -> Proposal:
        """Keep a new proposal; one that waits is found by `waiting`."""
        if proposal.state in WAITING:
            self._documents.put(
                DUE, proposal.id, {"surface": proposal.surface}, expected_version=0, at=proposal.created_at
            )
        body = msgspec.to_builtins(proposal)
        self._documents.put(KIND, proposal.id, body, expected_version=0, at=proposal.created_at)
        return proposal

    def get(self, name: str) -> Proposal:
        """Return one proposal.

        Raises:
            NotFound: `unknown_change`.
        """
        try:
            return msgspec.convert(self._documents.get(KIND, name).body, Proposal)
        except NotFound as error:
            raise NotFound(
                "unknown_change", f"no change '{name}'", where="change", fix="list them: counterpoint config changes"
            ) from error

    def update(self, name: str, change: Callable[[Proposal], Proposal], *, at: datetime) -> Proposal:
        """Return the proposal as `change` left it, stored; tried again when somebody else wrote in between."""
        for _ in range(_N_WRITES):
            self.get(name)
            document = self._documents.get(KIND, name)
            before = msgspec.convert(document.body, Proposal)
            after = change(before)
            if after == before:
                return before
            try:
                self._documents.put(KIND, name, msgspec.to_builtins(after), expected_version=document.version, at=at)
            except Conflict as error:
                if error.code != "stale_write":
                    raise
                continue
            if after.state not in WAITING:
                self.forget(name)
            return after
        raise PlatformFault("change_contended", f"{_N_WRITES} writes in a row found it changed", where=name)

    def forget(self, name: str) -> None:
        """No longer name a proposal among those that wait."""
        try:
            self._documents.delete(DUE, name, expected_version=1)
        except Conflict:
            return  # somebody else has done it

    def waiting(self) -> tuple[str, ...]:
        """Return the ids of those that wait, the oldest first."""
        return tuple(document.key for document in reversed(self._documents.list(DUE)))

    def list(self, surface: str, *, limit: int = 100) -> tuple[Proposal, ...]:
        """Return the proposals of a surface, the last written first."""
        found = (msgspec.convert(each.body, Proposal) for each in self._documents.list(KIND, limit=10 * limit))
        return tuple(each for each in found if each.surface == surface)[:limit]


def stepped(
    proposal: Proposal, state: ProposalState, *, at: datetime, actor: str, reason: str, **fields: Any
) -> Proposal:
    """Return `proposal` in `state`, with the step on its record."""
    step = Step(at=at, state=state, actor=actor, reason=reason)
    return msgspec.structs.replace(proposal, state=state, steps=(*proposal.steps, step), **fields)
