"""A Change: what turns one release of a surface into the next, reviewed, published and reverted as one piece."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec

from counterpoint.errors import InvalidInput
from counterpoint.experiments import URGENT
from counterpoint.releases.codec import from_document, to_document
from counterpoint.releases.operations import (
    AbortRollout,
    AdvanceRollout,
    FinishRollout,
    MoveExperiment,
    Operation,
    ReadHoldout,
    Recall,
    Restore,
    SetBaseline,
    SetRules,
    StageBaseline,
)
from counterpoint.vocabulary import digest

NO_RELEASE = "0" * 64
"""The base digest of the Change that creates a surface."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What turns one release into the next; atomic over every entity it touches.

    Attributes:
        id: Identifies it for good; publishing it twice publishes it once.
        base_number: Release it was prepared against; 0 for the Change that creates a surface.
        base_digest: Digest of that release's state, `NO_RELEASE` for 0.
        reason: Why, in words; kept in the audit log.
        not_before: When it may be published at the earliest; None for at once.
        acknowledges: Keys of running experiments whose control this Change knowingly moves.
    """

    id: str
    surface: str
    base_number: int
    base_digest: str
    author: str
    reason: str
    operations: tuple[Operation, ...]
    prepared_at: datetime
    not_before: datetime | None = None
    acknowledges: tuple[str, ...] = ()


def change_document(change: Change) -> dict[str, Any]:
    """Return the JSON builtins of `change`."""
    rest = msgspec.to_builtins(replace(change, operations=()))
    return {**rest, "operations": to_document(change.operations)}


def change_from(document: Mapping[str, Any]) -> Change:
    """Return the Change that `document` says.

    Raises:
        InvalidInput: `malformed_change`.
    """
    try:
        operations = from_document(document.get("operations"), tuple[Operation, ...])
        rest = msgspec.convert({**document, "operations": []}, Change)
    except msgspec.MsgspecError as error:
        raise InvalidInput("malformed_change", str(error), where="change") from error
    return replace(rest, operations=operations)


def change_digest(change: Change) -> str:
    """Return the digest that an attestation or an approval of `change` is bound to."""
    return digest(change_document(change))


def review_digest(change: Change) -> str:
    """Return the digest of what a reviewer of `change` reads: all of it but the release that it stands on.

    A change that was validated again on a later release is the same change to its reviewers, as long as its operations
    are; those of a baseline change say what it was before, so they still hold only where that is still so.
    """
    document = change_document(change)
    return digest({name: value for name, value in document.items() if name not in ("base_number", "base_digest")})


def is_foreseen(change: Change) -> bool:
    """Return whether `change` only goes on with rollouts, whose stages were approved when they began."""
    return bool(change.operations) and all(
        isinstance(operation, AdvanceRollout | FinishRollout) for operation in change.operations
    )


def is_urgent(change: Change) -> bool:
    """Return whether `change` only takes treatments away, restores or notes a read-out: it waits for no approval."""
    return bool(change.operations) and all(_is_urgent(operation) for operation in change.operations)


def is_unstaged(change: Change) -> bool:
    """Return whether `change` gives everybody new values at once, by hand: no stage shows first what they do."""
    staged = any(isinstance(operation, StageBaseline) for operation in change.operations)
    return not staged and any(isinstance(operation, SetBaseline | SetRules) for operation in change.operations)


def _is_urgent(operation: Operation) -> bool:
    if isinstance(operation, MoveExperiment):
        return operation.event in URGENT
    return isinstance(operation, Restore | AbortRollout | Recall | ReadHoldout)
