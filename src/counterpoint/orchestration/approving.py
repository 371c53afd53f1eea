"""What people say to a launch before it begins: yes, no, and no longer."""

from datetime import datetime
from fnmatch import fnmatchcase

from counterpoint.errors import Conflict, InvalidInput
from counterpoint.orchestration.launch import Approval, Launch, LaunchState, moved
from counterpoint.orchestration.recording import LEASE, spec_of, write
from counterpoint.orchestration.world import LaunchWorld

_NOT_BEGUN = (LaunchState.PLANNED, LaunchState.VALIDATED, LaunchState.APPROVED)


def approvers(world: LaunchWorld, launch: Launch, now: datetime) -> tuple[str, ...]:
    """Return who approves the launch: nobody approves their own, and a yes given too long ago counts no more."""
    oldest = now - world.approvals_last
    return tuple(sorted({each.by for each in launch.approvals if each.at >= oldest} - {launch.author}))


def missing_approvals(world: LaunchWorld, launch: Launch, now: datetime) -> str:
    """Return what is missing before the launch counts as approved, in words; empty when nothing is."""
    spec = spec_of(launch)
    people, needed = approvers(world, launch, now), world.approvals_needed(spec)
    owners = world.owners(spec)
    wanted = max(needed, 1 if owners else 0)
    said = []
    if len(people) < wanted:
        said.append(f"{len(people)} of {wanted} approvals given")
    if owners and not any(fnmatchcase(person, owner) for person in people for owner in owners):
        said.append(f"none of them by an owner of the surface ({', '.join(owners)})")
    return "; ".join(said)


def add_approval(world: LaunchWorld, launch_id: str, *, by: str, note: str) -> Launch:
    """Return the launch with an approval more, due at once.

    Raises:
        Conflict: code `not_awaiting_approval`, `own_launch` or `already_approved`.
    """
    now = world.clock()

    def change(launch: Launch) -> Launch:
        if launch.state is not LaunchState.VALIDATED:
            raise Conflict(
                "not_awaiting_approval",
                f"the launch is {launch.state} and waits for nobody",
                where=launch_id,
                fix=f"see where it stands: counterpoint experiment {launch.experiment}",
            )
        if by == launch.author:
            raise Conflict("own_launch", f"{by} submitted it", where=launch_id, fix="ask somebody else to approve it")
        if by in approvers(world, launch, now):
            raise Conflict("already_approved", f"{by} has approved it already", where=launch_id)
        kept = tuple(each for each in launch.approvals if each.by != by)
        approvals = (*kept, Approval(by=by, at=now, note=note))
        return moved(
            launch,
            LaunchState.VALIDATED,
            transition=f"{launch_id}:approval:{launch.version}",
            step="approval",
            at=now,
            seconds=0.0,
            reason=f"{by} says yes{f': {note}' if note else ''}",
            actor=by,
            approvals=approvals,
            # Due soon, so that a process that dies before it starts the workflow leaves it to whoever ticks next.
            due_at=now + LEASE,
        )

    return write(world, launch_id, change)


def take_back(world: LaunchWorld, launch_id: str, *, by: str, reason: str) -> Launch:
    """Return the launch without the approval of `by`; one that waits for its start waits for approval again.

    Raises:
        InvalidInput: code `reason_missing`.
        Conflict: code `has_begun`, or `not_approved` when there is no approval of `by`.
    """
    said = _said(reason)
    now = world.clock()

    def change(launch: Launch) -> Launch:
        _refuse_begun(launch, fix="stop it instead")
        if all(each.by != by for each in launch.approvals):
            raise Conflict("not_approved", f"{by} has not approved it", where=launch_id)
        kept = tuple(each for each in launch.approvals if each.by != by)
        return moved(
            launch,
            LaunchState.VALIDATED,
            transition=f"{launch_id}:withdrawn:{launch.version}",
            step="withdraw",
            at=now,
            seconds=0.0,
            reason=f"{by} withdrew the approval: {said}",
            actor=by,
            approvals=kept,
            due_at=None,
        )

    return write(world, launch_id, change)


def refuse(world: LaunchWorld, launch_id: str, *, by: str, reason: str) -> Launch:
    """Return the launch refused for good, by somebody who was asked or by its author, who thought better of it.

    Raises:
        InvalidInput: code `reason_missing`.
        Conflict: code `has_begun`.
    """
    said = _said(reason)
    now = world.clock()

    def change(launch: Launch) -> Launch:
        _refuse_begun(launch, fix="stop it instead")
        return moved(
            launch,
            LaunchState.REFUSED,
            transition=f"{launch_id}:refused",
            step="reject",
            at=now,
            seconds=0.0,
            reason=f"rejected by {by}: {said}",
            actor=by,
            due_at=None,
        )

    return write(world, launch_id, change)


def _said(reason: str) -> str:
    if not reason.strip():
        raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")
    return reason.strip()


def _refuse_begun(launch: Launch, *, fix: str) -> None:
    if launch.state not in _NOT_BEGUN or launch.begun_at is not None:
        raise Conflict("has_begun", f"the launch is {launch.state}", where=launch.id, fix=fix)
