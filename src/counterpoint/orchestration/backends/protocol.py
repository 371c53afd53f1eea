"""The protocol of a backend: like a Terraform provider, it plans a diff, applies it, verifies it and can revert it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.launch import Receipt


class Goal(StrEnum):
    """What a launch wants of its backends next."""

    START = "start"
    STAGE = "stage"
    AMEND = "amend"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    KILL = "kill"
    RESTART = "restart"
    ARCHIVE = "archive"
    SHIP = "ship"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """The state a launch wants, the same for every backend; each takes from it what concerns it.

    Attributes:
        stage: Index of the ramp stage that shall be live.
        approved_by: Who, other than the author, approved the launch.
        variant: Key of the variant to ship; None for other goals.
    """

    launch_id: str
    spec: ExperimentSpec
    goal: Goal
    stage: int
    actor: str
    reason: str
    now: datetime
    approved_by: tuple[str, ...] = ()
    variant: str | None = None


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between what is and what shall be."""

    path: str
    before: Any
    after: Any


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend would change; no edits means that it already is as desired.

    Attributes:
        detail: What apply needs beside the edits, JSON-compatible.
    """

    backend: str
    edits: tuple[Edit, ...]
    detail: dict[str, Any] = {}


def notes_of(diff: Diff) -> tuple[str, ...]:
    """Return what the reader of a plan has to know beside its edits: what is left out, differs, was changed by hand."""
    left_out = (f"{key} is left out: {why}" for key, why in diff.detail.get("left_out", {}).items())
    by_hand = (f"{key} was changed there by hand: a start stops at it" for key in diff.detail.get("by_hand", ()))
    caveat = (diff.detail["caveat"],) if "caveat" in diff.detail else ()
    return (*left_out, *by_hand, *caveat)


class Backend(Protocol):
    """One system that a launch touches; raises DependencyFailure for what may pass, other errors for what will not."""

    @property
    def name(self) -> str:
        """Stored with every receipt, so it never changes."""
        ...

    def plan(self, desired: Desired) -> Diff:
        """Return what would have to change; changes nothing."""
        ...

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Make the change; a second call under the same key changes nothing and returns an equal receipt."""
        ...

    def verify(self, receipt: Receipt) -> str | None:
        """Return None if what the receipt says is what the system now has, else what differs, in words."""
        ...

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        """Undo what the receipt says was done; undoing twice is undoing once."""
        ...
