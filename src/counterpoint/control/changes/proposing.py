"""From an edit to a release: prepared, looked at, parked until it is approved and its time has come, published."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from counterpoint.control.acting import a_person, people_only
from counterpoint.control.changes.loudly import warn_unstaged
from counterpoint.control.changes.parked import WAITING, Proposal, Proposals, stepped
from counterpoint.control.changes.reachable import combination_findings
from counterpoint.errors import Conflict, CounterpointError, DependencyFailure, Forbidden, NotFound, PlatformFault
from counterpoint.releases import (
    Approval,
    ApprovalStore,
    Attestation,
    AuditEntry,
    AuditLog,
    Change,
    Operation,
    Release,
    ReleaseStore,
    StageBaseline,
    SurfaceState,
    change_document,
    change_from,
    check_change,
    diff,
    is_urgent,
    prepare,
    publish,
    rebase,
    review_digest,
    with_rollout_finished,
)
from counterpoint.vocabulary import Finding, Severity

PLATFORM = "counterpoint"
Document = dict[str, Any]
Build = Callable[[SurfaceState, str], tuple[Operation, ...]]
"""Returns the operations of a Change on a state, given the Change's id."""
_N_ATTEMPTS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """Who wants a change, why, and how.

    Attributes:
        expected_release: The release that its author looked at; refused when another is live. None for whatever is.
        not_before: When it may be published at the earliest, aware; None for at once.
        acknowledges: Running experiments whose control it knowingly moves.
        dry_run: Only say what it would change, and what speaks against it.
    """

    actor: str
    reason: str
    expected_release: int | None = None
    not_before: datetime | None = None
    acknowledges: tuple[str, ...] = ()
    dry_run: bool = False

    def __post_init__(self) -> None:
        # Every change of configuration begins with one of these, so no door can forget to ask.
        people_only(self.actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDesk:
    """Proposes, approves and publishes Changes that are no launches.

    Attributes:
        attest: The validator: looks at a Change on its base and signs what it found.
        key: What attestations are signed with.
        published: Called when something may have been published.
    """

    releases: ReleaseStore
    audit: AuditLog
    approvals: ApprovalStore
    proposals: Proposals
    attest: Callable[[Change, Release | None, datetime], Attestation]
    key: bytes
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    published: Callable[[], object]

    def propose(self, surface: str, build: Build, edit: Edit) -> Document:
        """Return the change that `build` makes of what is live: published, or parked for approval or its time.

        Raises:
            Conflict: `stale_base`, when somebody else published since the release that the author looked at, or in
                this moment; whatever the operations run into.
            Forbidden: `refused`, with the findings.
        """
        base, now = self.live(surface), self.clock()
        if edit.expected_release is not None and edit.expected_release != base.number:
            raise _stale(edit.expected_release, base)
        change_id = f"config-{self.new_id()}"
        change = prepare(
            base,
            build(base.state, change_id),
            change_id=change_id,
            surface=surface,
            author=edit.actor,
            reason=edit.reason,
            at=now,
            not_before=edit.not_before,
            acknowledges=edit.acknowledges,
        )
        after, findings = _checked(base, change, max(now, edit.not_before or now))
        proposal = self._proposal(change, base, after, findings, now)
        if edit.dry_run:
            return {**proposal_document(proposal, self.approvals), "state": "dry_run"}
        _refuse_errors(findings)
        parked = self._parked(proposal, change, now)
        if parked is not None:
            return proposal_document(parked, self.approvals)
        release = self.publish(change, base, edit.actor)
        done = stepped(proposal, _after(change), at=now, actor=edit.actor, reason=edit.reason, release=release.number)
        return proposal_document(self.proposals.create(done), self.approvals)

    def approve(self, name: str, *, by: str, note: str = "") -> Document:
        """Record one person's yes to exactly this change, and publish it if that was the last one missing.

        Raises:
            Conflict: `not_awaiting_approval` or `own_change`.
        """
        by = a_person(by, doing="approve")
        proposal, now = self.proposals.get(name), self.clock()
        if proposal.state != "awaiting_approval":
            raise Conflict("not_awaiting_approval", f"the change is {proposal.state}", where=name)
        if by == proposal.author:
            raise Conflict("own_change", f"{by} proposed it", where=name, fix="ask somebody else to approve it")
        self.approvals.add(Approval(id=f"{name}:{by}", subject_digest=proposal.digest, by=by, at=now, note=note))
        self._audit("approve", proposal, by, note or "approved", now)
        if len(granted(proposal, self.approvals)) < proposal.needed:
            return proposal_document(proposal, self.approvals)
        if proposal.not_before is not None and now < proposal.not_before:
            waiting = self._step(name, "scheduled", by, f"approved; waits until {proposal.not_before:%Y-%m-%d %H:%M}")
            return proposal_document(waiting, self.approvals)
        return proposal_document(self._fire(proposal, by), self.approvals)

    def withdraw(self, name: str, *, by: str, reason: str) -> Document:
        """Take a change that waits back, for good: its author thought better of it, or a reviewer says no.

        Raises:
            Conflict: `not_waiting`.
        """
        people_only(by)
        proposal, now = self.proposals.get(name), self.clock()
        if proposal.state not in WAITING:
            raise Conflict("not_waiting", f"the change is {proposal.state}", where=name, fix="revert its release")
        self._audit("withdraw", proposal, by, reason, now)
        return proposal_document(self._step(name, "withdrawn", by, reason), self.approvals)

    def fire_due(self) -> tuple[str, ...]:
        """Publish what is approved and whose time has come, each validated again on what is live now."""
        fired = []
        for name in self.proposals.waiting():
            try:
                proposal = self.proposals.get(name)
            except NotFound:
                continue  # it is being created
            if proposal.state not in WAITING:
                self.proposals.forget(name)
            elif proposal.state == "scheduled" and (proposal.not_before or self.clock()) <= self.clock():
                self._fire(proposal, PLATFORM)
                fired.append(name)
        return tuple(fired)

    def publish(self, change: Change, base: Release | None, actor: str) -> Release:
        """Attest a Change on its base and publish it, with the approvals that there are."""
        now = self.clock()
        # Asked here too: a refusal that names its findings is worth more than a signature that counts them.
        _refuse_errors(_checked(base, change, now)[1])
        attestation = self.attest(change, base, now)
        people = self.approvals.of(review_digest(change))
        release = publish(
            change, attestation, store=self.releases, now=now, actor=actor, key=self.key, approvals=people
        )
        warn_unstaged(change, actor)
        self.published()
        return release

    def live(self, surface: str) -> Release:
        """Return what is live.

        Raises:
            NotFound: `unknown_surface`.
        """
        release = self.releases.latest(surface)
        if release is None:
            known = ", ".join(self.releases.surfaces()) or "none yet"
            raise NotFound(
                "unknown_surface", f"there is no surface {surface!r}", where="surface", fix=f"one of: {known}"
            )
        return release

    def _parked(self, proposal: Proposal, change: Change, now: datetime) -> Proposal | None:
        if proposal.needed:
            asked = f"waits for {proposal.needed} approval{'s' if proposal.needed > 1 else ''}"
            parked = stepped(proposal, "awaiting_approval", at=now, actor=change.author, reason=asked)
        elif change.not_before is not None and now < change.not_before:
            asked = f"waits until {change.not_before:%Y-%m-%d %H:%M} UTC"
            parked = stepped(proposal, "scheduled", at=now, actor=change.author, reason=asked)
        else:
            return None
        self._audit("propose", parked, change.author, change.reason, now)
        return self.proposals.create(parked)

    def _fire(self, proposal: Proposal, actor: str) -> Proposal:
        change = change_from(proposal.change)
        for _ in range(_N_ATTEMPTS):
            note = self.releases.find_change(proposal.surface, change.id)
            if note is not None:
                return self._step(
                    proposal.id, _after(change), actor, f"published in release {note.number}", release=note.number
                )
            base = self.live(proposal.surface)
            try:
                self.publish(rebase(change, base), base, actor)
            except (DependencyFailure, PlatformFault):
                raise
            except CounterpointError as error:
                if error.code in ("stale_base", "change_id_taken"):
                    continue
                return self._refused(proposal, actor, error)
        raise _stale(change.base_number, self.live(proposal.surface))

    def _refused(self, proposal: Proposal, actor: str, error: CounterpointError) -> Proposal:
        why = f"{error.what} [{error.code}]"
        self._audit("refuse", proposal, actor, why, self.clock())
        findings = tuple(error.facts.get("findings", ()))
        return self._step(proposal.id, "refused", actor, why, findings=findings)

    def _step(self, name: str, state: Any, actor: str, reason: str, **fields: Any) -> Proposal:
        at = self.clock()

        def change(proposal: Proposal) -> Proposal:
            if proposal.state not in WAITING:
                return proposal
            return stepped(proposal, state, at=at, actor=actor, reason=reason, **fields)

        return self.proposals.update(name, change, at=at)

    def _proposal(
        self, change: Change, base: Release, after: SurfaceState, findings: Iterable[Finding], now: datetime
    ) -> Proposal:
        needed = 0 if is_urgent(change) else base.state.surface.policy.approvals
        return Proposal(
            id=change.id,
            surface=change.surface,
            author=change.author,
            reason=change.reason,
            state="published",
            change=change_document(change),
            digest=review_digest(change),
            diff=tuple(diff_document(base.state, _full(change, after))),
            findings=tuple(finding.as_document() for finding in findings),
            needed=needed,
            not_before=change.not_before,
            created_at=now,
        )

    def _audit(self, action: str, proposal: Proposal, actor: str, reason: str, at: datetime) -> None:
        self.audit.record(
            AuditEntry(
                id=f"{action}/{proposal.id}/{self.new_id()}",
                at=at,
                actor=actor,
                action=action,
                subject=f"surfaces/{proposal.surface}/changes/{proposal.id}",
                reason=reason,
                before=None,
                after={"state": proposal.state, "digest": proposal.digest},
                facts={"change": proposal.id, "author": proposal.author},
            )
        )


def granted(proposal: Proposal, approvals: ApprovalStore) -> tuple[str, ...]:
    """Return who approved a proposal, its author apart."""
    said = {each.by: each.granted for each in approvals.of(proposal.digest)}
    return tuple(sorted(by for by, yes in said.items() if yes and by != proposal.author))


def proposal_document(proposal: Proposal, approvals: ApprovalStore) -> Document:
    """Return what the edges show of a proposed change."""
    document: Document = msgspec.json.decode(msgspec.json.encode(proposal))
    return {**document, "approved_by": list(granted(proposal, approvals))}


def diff_document(before: SurfaceState | None, after: SurfaceState) -> list[Document]:
    """Return what differs between two states, part by part."""
    return [msgspec.to_builtins(part) for part in diff(before, after)]


def _checked(base: Release | None, change: Change, now: datetime) -> tuple[SurfaceState, tuple[Finding, ...]]:
    after, findings = check_change(base, change, now=now)
    if base is None or is_urgent(change):
        # What takes a treatment or a release back must not wait for a proof.
        return after, findings
    reached = combination_findings(base.state, _full(change, after))
    # What breaks when everybody has it is said once; beside it, what breaks while some have it and some have not.
    said = {(finding.code, str(finding.facts.get("law"))) for finding in reached}
    meanwhile = [
        finding
        for finding in (combination_findings(base.state, after) if after.rollouts else ())
        if (finding.code, str(finding.facts.get("law"))) not in said
    ]
    return after, (*findings, *reached, *meanwhile)


def _full(change: Change, after: SurfaceState) -> SurfaceState:
    # A reviewer reads what everybody will have, not which buckets begin.
    for operation in change.operations:
        if isinstance(operation, StageBaseline) and operation.rollout in after.rollouts:
            after = with_rollout_finished(after, operation.rollout)
    return after


def _after(change: Change) -> Any:
    staged = any(isinstance(operation, StageBaseline) for operation in change.operations)
    return "rolling_out" if staged else "published"


def _refuse_errors(findings: Iterable[Finding]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise Forbidden(
            "refused",
            errors[0].message.rstrip("."),
            where=errors[0].path,
            facts={"findings": [finding.as_document() for finding in errors]},
        )


def _stale(expected: int, live: Release) -> Conflict:
    return Conflict(
        "stale_base",
        f"it was prepared against release {expected}, and {live.number} is live",
        where=f"surfaces.{live.surface}",
        fix="look at what changed, and prepare it again",
        facts={"base": expected, "live": live.number},
    )
