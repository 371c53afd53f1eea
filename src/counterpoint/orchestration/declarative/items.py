"""What a plan says: for each declared or live experiment what would be done, on which backend, and why or why not."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Diff, Edit, notes_of
from counterpoint.vocabulary import Finding, digest


class Act(StrEnum):
    """What a plan does with one experiment, or one other part of what is declared."""

    LAUNCH = "launch"
    REPLACE = "replace"
    AMEND = "amend"
    CHANGE = "change"
    STOP = "stop"
    KEEP = "keep"
    BLOCKED = "blocked"
    INVALID = "invalid"
    UNNAMED = "unnamed"


CHANGES = (Act.LAUNCH, Act.REPLACE, Act.AMEND, Act.CHANGE, Act.STOP)
EXPERIMENT = "experiment"
FAULTS = (Act.BLOCKED, Act.INVALID)
REPLACED = "declares another text now"
DROPPED = "no longer names it"
"""How reasons end that a folder gives for taking a launch back: what it declares again it launches again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One spec of the desired state.

    Attributes:
        file: Where it was read, named in what is said of it.
    """

    spec: ExperimentSpec
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A document of the desired state that is no spec."""

    file: str
    code: str
    message: str
    findings: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One experiment in a plan, or one part of another kind.

    Attributes:
        experiment: Its key, of whatever kind it is.
        kind: `experiment`, `baseline`, `holdout` or `domain`.
        act: What is to be done.
        reasons: Why, in sentences: what cannot be changed in place, who said no, what waits.
        drift: What somebody did by hand that the folder does not say.
        changes: Fields of the spec with old and new value.
        diffs: What each backend would change.
        unasked: Backends that could not be asked, with why.
        approvals_needed: How many people must approve.
        launch: Id of the launch that is there now; None when there is none.
        state: That launch's state.
    """

    surface: str
    experiment: str
    act: Act
    kind: str = EXPERIMENT
    file: str | None = None
    reasons: tuple[str, ...] = ()
    drift: tuple[str, ...] = ()
    changes: tuple[Edit, ...] = ()
    diffs: tuple[Diff, ...] = ()
    unasked: dict[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    approvals_needed: int = 0
    launch: str | None = None
    state: str | None = None

    @property
    def fingerprint(self) -> str:
        """Digest of what is to be done and of what it rests on; another one means that the world has moved."""
        edits = [msgspec.to_builtins(edit) for edit in self.changes]
        return digest([self.surface, self.kind, self.experiment, str(self.act), self.launch, self.state, edits])

    def as_document(self) -> dict[str, Any]:
        """Return the item, JSON-compatible."""
        return {
            "surface": self.surface,
            "experiment": self.experiment,
            "kind": self.kind,
            "act": str(self.act),
            "file": self.file,
            "reasons": list(self.reasons),
            "drift": list(self.drift),
            "changes": [msgspec.to_builtins(edit) for edit in self.changes],
            "backends": [
                {
                    "backend": diff.backend,
                    "edits": [msgspec.to_builtins(edit) for edit in diff.edits],
                    "notes": list(notes_of(diff)),
                }
                for diff in self.diffs
            ],
            "unasked": self.unasked,
            "findings": [finding.as_document() for finding in self.findings],
            "approvals_needed": self.approvals_needed,
            "launch": self.launch,
            "state": self.state,
            "fingerprint": self.fingerprint,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is live on a surface: the number and digest of its release."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePlan:
    """What would have to be done for the platform to be as declared.

    Attributes:
        source: Name of the folder that declares it.
        heads: Release of each surface concerned, when the plan was made.
        unreadable: Documents that say nothing; while there are any nothing is pruned.
        prune: Whether what the folder declared and no longer names is stopped.
    """

    source: str
    made_at: datetime
    heads: dict[str, Head]
    items: tuple[Item, ...]
    declared: tuple[Declared, ...]
    unreadable: tuple[Unreadable, ...] = ()
    prune: bool = False

    @property
    def n_changes(self) -> int:
        """How many experiments and other parts would be launched, replaced, changed or stopped."""
        return sum(item.act in CHANGES for item in self.items)

    @property
    def n_faults(self) -> int:
        """How many documents or experiments somebody has to mend before the platform can be as declared."""
        return len(self.unreadable) + sum(item.act in FAULTS for item in self.items)
