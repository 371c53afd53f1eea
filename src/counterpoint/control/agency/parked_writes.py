"""What agents want to write, as it is kept: the stored plan, who approved it, and what became of it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, Literal

import msgspec

from counterpoint.errors import Conflict, NotFound, PlatformFault
from counterpoint.orchestration import Approval
from counterpoint.storage.sql import SqlDocuments

KIND = "parked_write"
RESERVATIONS = "agent_reservations"
"""One document for each agent: which of its parked launches are being carried out. Writing it takes turns."""
_N_WRITES = 16

Action = Literal["launch", "pause", "resume", "stop", "ship"]
WriteState = Literal["waiting", "executing", "executed", "failed", "rejected", "expired"]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a parked write."""

    at: datetime
    state: WriteState
    actor: str
    reason: str


class ParkedWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One write that an agent asked for.

    Attributes:
        plan: What is carried out, whatever comes with the confirmation: `spec` and `plan`, or `launch` and `reason`.
        digest: Of action and plan; what approvals are bound to.
        consequence: What it would change, as it was seen when it was parked, for the agent and for who approves.
        needed: How many people must approve it before it may be confirmed.
        approvers: Who they may be; anybody who is no agent when empty.
        owners: Names, or patterns, of whom one must be among those who approve; nobody in particular when empty.
        result: What it became: `launch` and its `state`, or the `error`; None until it is carried out.
        steps: What happened to it, the oldest first.
    """

    id: str
    actor: str
    action: Action
    surface: str
    experiment: str
    plan: dict[str, Any]
    digest: str
    consequence: dict[str, Any]
    needed: int
    approvers: tuple[str, ...]
    owners: tuple[str, ...] = ()
    created_at: datetime
    expires_at: datetime
    state: WriteState = "waiting"
    approvals: tuple[Approval, ...] = ()
    result: dict[str, Any] | None = None
    steps: tuple[Step, ...] = ()


class ParkedWrites:
    """Parked writes, as documents."""

    def __init__(self, documents: SqlDocuments) -> None:
        self._documents = documents

    def create(self, write: ParkedWrite) -> ParkedWrite:
        """Keep a new one."""
        self._documents.put(KIND, write.id, msgspec.to_builtins(write), expected_version=0, at=write.created_at)
        return write

    def get(self, name: str) -> ParkedWrite:
        """Return one.

        Raises:
            NotFound: `unknown_write`.
        """
        try:
            return msgspec.convert(self._documents.get(KIND, name).body, ParkedWrite)
        except NotFound as error:
            raise NotFound(
                "unknown_write", f"no parked write {name!r}", where="write", fix="list them: counterpoint parked"
            ) from error

    def update(self, name: str, change: Callable[[ParkedWrite], ParkedWrite], *, at: datetime) -> ParkedWrite:
        """Return it as `change` left it, stored; `change` is asked again when somebody else wrote in between."""
        for _ in range(_N_WRITES):
            self.get(name)
            document = self._documents.get(KIND, name)
            before = msgspec.convert(document.body, ParkedWrite)
            after = change(before)
            if after == before:
                return before
            body = msgspec.to_builtins(after)
            try:
                self._documents.put(KIND, name, body, expected_version=document.version, at=at)
            except Conflict as error:
                if error.code != "stale_write":
                    raise
                continue
            return after
        raise PlatformFault("write_contended", f"{_N_WRITES} writes in a row found it changed", where=name)

    def list(self, *, surface: str | None = None, actor: str | None = None) -> tuple[ParkedWrite, ...]:
        """Return the newest thousand, the last written first."""
        found = (msgspec.convert(each.body, ParkedWrite) for each in self._documents.list(KIND))
        return tuple(each for each in found if surface in (None, each.surface) and actor in (None, each.actor))

    def reserve(
        self, actor: str, change: Callable[[Mapping[str, str]], dict[str, str]], *, at: datetime
    ) -> dict[str, str]:
        """Return an agent's reservations as `change` left them; of two that reserve at once, the later sees both.

        Args:
            change: Returns the reservations (parked write -> experiment) to keep, or raises.
        """
        for _ in range(_N_WRITES):
            try:
                document = self._documents.get(RESERVATIONS, actor)
                held, version = document.body, document.version
            except NotFound:
                held, version = {}, 0
            wanted = change(held)
            if wanted == held:
                return wanted
            try:
                self._documents.put(RESERVATIONS, actor, wanted, expected_version=version, at=at)
            except Conflict as error:
                if error.code != "stale_write":
                    raise
                continue
            return wanted
        raise PlatformFault("write_contended", f"{_N_WRITES} writes in a row found it changed", where=actor)


def stepped(
    write: ParkedWrite, state: WriteState, *, at: datetime, actor: str, reason: str, **fields: Any
) -> ParkedWrite:
    """Return `write` in `state`, with the step on its record."""
    step = Step(at=at, state=state, actor=actor, reason=reason)
    return msgspec.structs.replace(write, state=state, steps=(*write.steps, step), **fields)


def people_of(write: ParkedWrite) -> tuple[str, ...]:
    """Return who approves it."""
    return tuple(sorted({approval.by for approval in write.approvals}))


def missing_approvals(write: ParkedWrite) -> str:
    """Return which approvals it still needs, in words; empty when none."""
    people = people_of(write)
    missing = write.needed - len(people)
    by_an_owner = any(fnmatchcase(person, owner) for person in people for owner in write.owners)
    if write.owners and not by_an_owner:
        who = " or ".join(write.approvers) or "people"
        named = f"one of them an owner of the surface ({', '.join(write.owners)})"
        return f"{_approvals(max(missing, 1))} by {who}, {named}"
    return f"{_approvals(missing)} by {' or '.join(write.approvers) or 'a person'}" if missing > 0 else ""


def _approvals(n: int) -> str:
    return f"{n} approval{'s' if n > 1 else ''}"


def standing_of(write: ParkedWrite, now: datetime) -> str:
    """Return what it waits for, or what became of it, in one word."""
    if write.state == "waiting" and now >= write.expires_at:
        return "expired"
    if write.state == "waiting":
        return "awaiting_approval" if missing_approvals(write) else "awaiting_confirmation"
    return write.state


def write_document(write: ParkedWrite, now: datetime) -> dict[str, Any]:
    """Return what the edges show of a parked write."""
    document: dict[str, Any] = msgspec.to_builtins(write)
    standing = standing_of(write, now)
    return {**document, "state": standing, "approved_by": list(people_of(write)), "next": _next(write, standing)}


def _next(write: ParkedWrite, standing: str) -> str:
    match standing:
        case "awaiting_approval":
            how = f"`counterpoint approve {write.id} --by NAME`, or the page /parked/{write.id}"
            return f"{missing_approvals(write)}: {how}; then {write.actor} confirms it"
        case "awaiting_confirmation":
            return f"{write.actor} confirms it before {write.expires_at:%Y-%m-%d %H:%M} UTC"
        case "executing":
            return f"{write.actor} confirms it again, should it stay so: nothing is done twice"
        case _:
            return "nothing: it is over"
