"""What releases needs kept: the releases themselves, who did what, and who approved what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from counterpoint.experiments import Experiment
from counterpoint.releases.attestation import Attestation
from counterpoint.releases.change import Change
from counterpoint.releases.release import Release, ReleaseNote


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, why, when, and what it was before and after.

    Attributes:
        action: Verb in snake_case: `publish`, `approve`, `force_variant`, ...
        subject: Path of what it was done to: `surfaces/home`, `experiments/home/podcasts-second-se`.
        before: What it was, JSON builtins; None when it was not there.
        after: What it became; None when it is gone.
    """

    id: str
    at: datetime
    actor: str
    action: str
    subject: str
    reason: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's word on one Change or plan, bound to its digest.

    Attributes:
        subject_digest: Digest of exactly what was approved.
        granted: False for a refusal.
    """

    id: str
    subject_digest: str
    by: str
    at: datetime
    granted: bool = True
    note: str = ""


class AuditLog(Protocol):
    """Append-only record of who did what; nothing in it is ever changed."""

    def record(self, entry: AuditEntry) -> None:
        """Keep `entry`; recording the same id twice keeps the first."""

    def entries(
        self, *, subject: str | None = None, actor: str | None = None, limit: int = 100, before: datetime | None = None
    ) -> tuple[AuditEntry, ...]:
        """Return entries, the newest first; `subject` also finds everything below it."""


class ReleaseStore(Protocol):
    """Where releases live; appending is compare-and-swap on the number of the one before."""

    def latest(self, surface: str) -> Release | None:
        """Return what is live on `surface`, or None when it has no release."""

    def head(self, surface: str) -> ReleaseNote | None:
        """Return the note of what is live, without reading its state."""

    def get(self, surface: str, number: int) -> Release:
        """Return one release; raises NotFound `unknown_release`."""

    def change_of(self, surface: str, number: int) -> tuple[Change, Attestation]:
        """Return the Change that made a release, and its attestation; raises NotFound `unknown_release`."""

    def append(
        self,
        note: ReleaseNote,
        *,
        changed: Mapping[str, bytes | None],
        change: Change,
        attestation: Attestation,
        audit: AuditEntry,
    ) -> None:
        """Keep a release and its audit entry, both or neither.

        Raises:
            Conflict: `stale_base`, when another release has taken its number.
        """

    def history(
        self, surface: str, *, path: str | None = None, limit: int = 100, before: int | None = None
    ) -> tuple[ReleaseNote, ...]:
        """Return notes, the newest first, of all releases or of those that changed `path`, numbered below `before`."""

    def part(self, surface: str, path: str, number: int) -> bytes | None:
        """Return one part of the state at release `number`, or None when it was not there."""

    def find_change(self, surface: str, change_id: str) -> ReleaseNote | None:
        """Return the release that a Change made, or None while it is not published."""

    def surfaces(self) -> tuple[str, ...]:
        """Return the keys of all surfaces that have a release, sorted."""

    def heads(self) -> Mapping[str, int]:
        """Return the number of what is live on every surface, sorted by surface: whether anything was published."""


class ApprovalStore(Protocol):
    """Who approved what."""

    def add(self, approval: Approval) -> None:
        """Keep `approval`; the same id twice keeps the first."""

    def of(self, subject_digest: str) -> tuple[Approval, ...]:
        """Return the approvals and refusals of one digest, the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentListing:
    """One experiment in a list, live or over.

    Attributes:
        state: A state of the lifecycle; `removed` when a revert took it away.
        release: The release that last changed it.
    """

    surface: str
    key: str
    state: str
    owner: str
    hypothesis: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    release: int


class ExperimentIndex(Protocol):
    """Every experiment that was ever in a release, found without reading releases."""

    def find(
        self,
        *,
        surface: str | None = None,
        state: str | None = None,
        owner: str | None = None,
        search: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[ExperimentListing, ...]:
        """Return listings, the last changed first; `search` finds words of key, hypothesis, owner and parameters."""

    def get(self, surface: str, key: str) -> tuple[ExperimentListing, Experiment]:
        """Return one experiment as it last was, archived ones too; raises NotFound `unknown_experiment`."""
