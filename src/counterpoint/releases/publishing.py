"""Publishing: the one way by which a Change becomes a release."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from counterpoint.errors import Conflict, Forbidden, InvalidInput
from counterpoint.releases.apply import apply_change
from counterpoint.releases.attestation import Attestation, verify
from counterpoint.releases.change import (
    NO_RELEASE,
    Change,
    change_digest,
    is_foreseen,
    is_unstaged,
    is_urgent,
    review_digest,
)
from counterpoint.releases.guard import publish_findings
from counterpoint.releases.operations import Operation
from counterpoint.releases.ports import Approval, AuditEntry, ReleaseStore
from counterpoint.releases.release import Release, ReleaseNote
from counterpoint.releases.state import SurfaceState, changed_parts, digests_after, part_of, state_digest
from counterpoint.vocabulary import Finding, Severity


def prepare(
    release: Release | None,
    operations: Iterable[Operation],
    *,
    change_id: str,
    surface: str,
    author: str,
    reason: str,
    at: datetime,
    not_before: datetime | None = None,
    acknowledges: tuple[str, ...] = (),
) -> Change:
    """Return a Change of `operations` against `release`, what is live now, or None for a surface that is new."""
    return Change(
        id=change_id,
        surface=surface,
        base_number=0 if release is None else release.number,
        base_digest=NO_RELEASE if release is None else release.digest,
        author=author,
        reason=reason,
        operations=tuple(operations),
        prepared_at=at,
        not_before=not_before,
        acknowledges=acknowledges,
    )


def rebase(change: Change, release: Release) -> Change:
    """Return `change` prepared against `release` in place of its older base; it has to be attested anew.

    Its operations stay as they are: those that hold drawn buckets may be refused now, and then want a new draw.
    """
    return replace(change, base_number=release.number, base_digest=release.digest)


def check_change(release: Release | None, change: Change, *, now: datetime) -> tuple[SurfaceState, tuple[Finding, ...]]:
    """Return what `release` would become, and what speaks against it: the part of validation that publishing repeats.

    Raises:
        Conflict: `stale_base`, and whatever `apply_change` raises.
        InvalidInput: `blank` or `bad_text`, when it does not say who and why.
    """
    _refuse_unsaid(change)
    _refuse_stale(release, change)
    before = None if release is None else release.state
    after = apply_change(before, change, now=now)
    return after, publish_findings(before, change, after, now=now)


def publish(
    change: Change,
    attestation: Attestation,
    *,
    store: ReleaseStore,
    now: datetime,
    actor: str,
    key: bytes,
    approvals: Iterable[Approval] = (),
) -> Release:
    """Return the release that `change` makes, once it is stored with its audit entry.

    Publishing a Change that is already published returns its release and changes nothing, so a caller that was cut
    off may try again.

    Args:
        now: When it is published, UTC.
        actor: Who publishes it.
        key: The secret that attestations are signed with.
        approvals: What people said about it; needed when the surface's policy says so and it is not urgent.

    Raises:
        Forbidden: No valid attestation of this Change on this base; `needs_approval`; `refused`, when the guard
            found an error; its facts hold the findings.
        Conflict: `stale_base`, when the surface has moved on: prepare and validate it again; `too_early`.
    """
    done = store.find_change(change.surface, change.id)
    if done is not None:
        return _published_before(change, done, store)
    verify(attestation, change, key=key)
    if change.not_before is not None and now < change.not_before:
        raise Conflict(
            "too_early", f"it waits until {change.not_before:%Y-%m-%d %H:%M} UTC", where=f"change {change.id}"
        )
    base = store.latest(change.surface)
    after, findings = check_change(base, change, now=now)
    _refuse_errors(change, findings)
    _refuse_unapproved(change, base, approvals)
    before = None if base is None else base.state
    changed = changed_parts(before, after)
    if not changed:
        raise Conflict(
            "nothing_changes", "the surface is already as this change would make it", where=f"change {change.id}"
        )
    digests = digests_after({} if base is None else base.digests, changed)
    note = ReleaseNote(
        surface=change.surface,
        number=change.base_number + 1,
        digest=state_digest(digests),
        parent_digest=change.base_digest,
        change_id=change.id,
        change_digest=attestation.change_digest,
        author=change.author,
        published_by=actor,
        reason=change.reason,
        created_at=now,
        paths=tuple(sorted(changed)),
    )
    audit = _audit_entry(note, change, before, changed, findings)
    store.append(note, changed=changed, change=change, attestation=attestation, audit=audit)
    return Release(note=note, state=after, digests=digests)


def _published_before(change: Change, note: ReleaseNote, store: ReleaseStore) -> Release:
    if note.change_digest != change_digest(change):
        raise Conflict(
            "change_id_taken",
            f"another change was published as '{change.id}'",
            where="change.id",
            fix="give it a new id",
        )
    return store.get(change.surface, note.number)


def _refuse_unsaid(change: Change) -> None:
    for name, text in (("id", change.id), ("author", change.author), ("reason", change.reason)):
        if not text.strip():
            raise InvalidInput("blank", f"its {name} is blank", where=f"change.{name}", fix="say who and why")
        if not text.isprintable() and any(ord(character) < 32 and character not in "\n\t" for character in text):
            raise InvalidInput(
                "bad_text", f"its {name} holds control characters", where=f"change.{name}", fix="use text"
            )


def _refuse_stale(release: Release | None, change: Change) -> None:
    live = (0, NO_RELEASE) if release is None else (release.number, release.digest)
    if live != (change.base_number, change.base_digest):
        raise Conflict(
            "stale_base",
            f"it was prepared against release {change.base_number}, and {live[0]} is live",
            where=f"change {change.id}",
            fix="prepare it again on what is live, and validate it again",
            facts={"base": change.base_number, "live": live[0]},
        )


def _refuse_errors(change: Change, findings: Iterable[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise Forbidden(
            "refused",
            errors[0].message.rstrip("."),
            where=errors[0].path,
            facts={"change": change.id, "findings": [finding.as_document() for finding in errors]},
        )


def _refuse_unapproved(change: Change, base: Release | None, approvals: Iterable[Approval]) -> None:
    needed = 0 if base is None else base.state.surface.policy.approvals
    if not needed or is_urgent(change) or is_foreseen(change):
        return
    wanted = (change_digest(change), review_digest(change))
    latest = {
        approval.by: approval for approval in sorted(approvals, key=lambda a: a.at) if approval.subject_digest in wanted
    }
    granted = sorted(by for by, approval in latest.items() if approval.granted and by != change.author)
    if len(granted) < needed:
        raise Forbidden(
            "needs_approval",
            f"{len(granted)} of {needed} approvals by people other than {change.author}",
            where=f"change {change.id}",
            fix="ask another person to approve it",
            facts={"needed": needed, "granted": granted},
        )


def _audit_entry(
    note: ReleaseNote,
    change: Change,
    before: SurfaceState | None,
    changed: Mapping[str, bytes | None],
    findings: Iterable[Finding],
) -> AuditEntry:
    old = {} if before is None else {path: _read(part_of(before, path)) for path in changed}
    return AuditEntry(
        id=f"publish/{note.surface}/{note.number}",
        at=note.created_at,
        actor=note.published_by,
        action="publish",
        subject=f"surfaces/{note.surface}",
        reason=note.reason,
        before=old or None,
        after={path: _read(body) for path, body in changed.items()},
        facts={
            "release": note.number,
            "change": note.change_id,
            "author": note.author,
            "urgent": is_urgent(change),
            "unstaged": is_unstaged(change),
            "warnings": [finding.as_document() for finding in findings],
        },
    )


def _read(body: bytes | None) -> Any:
    return None if body is None else msgspec.json.decode(body)
