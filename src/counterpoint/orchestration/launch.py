"""A launch: one experiment's way from its text to shipped or rolled back, as it is stored."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from counterpoint.errors import Conflict

PLATFORM = "counterpoint"
"""The actor of what no person asked for."""


class LaunchState(StrEnum):
    """How far a launch has come."""

    SUBMITTED = "submitted"
    PLANNED = "planned"
    VALIDATED = "validated"
    APPROVED = "approved"
    APPLIED = "applied"
    VERIFIED = "verified"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    DECIDED = "decided"
    SHIPPING = "shipping"
    SHIPPED = "shipped"
    ROLLED_BACK = "rolled_back"
    REFUSED = "refused"
    ARCHIVED = "archived"
    FAILED = "failed"


_ALLOWED: dict[LaunchState, frozenset[LaunchState]] = {
    LaunchState.SUBMITTED: frozenset({LaunchState.PLANNED, LaunchState.REFUSED}),
    LaunchState.PLANNED: frozenset({LaunchState.VALIDATED, LaunchState.REFUSED, LaunchState.FAILED}),
    LaunchState.VALIDATED: frozenset(
        {LaunchState.VALIDATED, LaunchState.APPROVED, LaunchState.REFUSED, LaunchState.FAILED}
    ),
    LaunchState.APPROVED: frozenset(
        {LaunchState.VALIDATED, LaunchState.APPLIED, LaunchState.FAILED, LaunchState.REFUSED}
    ),
    LaunchState.APPLIED: frozenset({LaunchState.VERIFIED, LaunchState.FAILED}),
    LaunchState.VERIFIED: frozenset({LaunchState.RUNNING, LaunchState.FAILED}),
    LaunchState.RUNNING: frozenset({LaunchState.RUNNING, LaunchState.PAUSED, LaunchState.STOPPED}),
    LaunchState.PAUSED: frozenset({LaunchState.PAUSED, LaunchState.RUNNING, LaunchState.STOPPED}),
    LaunchState.STOPPED: frozenset({LaunchState.RUNNING, LaunchState.DECIDED, LaunchState.ARCHIVED}),
    LaunchState.DECIDED: frozenset({LaunchState.SHIPPING, LaunchState.SHIPPED, LaunchState.ROLLED_BACK}),
    LaunchState.SHIPPING: frozenset({LaunchState.SHIPPED, LaunchState.ROLLED_BACK}),
    LaunchState.SHIPPED: frozenset(),
    LaunchState.ROLLED_BACK: frozenset(),
    LaunchState.ARCHIVED: frozenset(),
    LaunchState.REFUSED: frozenset(),
    LaunchState.FAILED: frozenset(),
}

ENDED = frozenset(state for state, onward in _ALLOWED.items() if not onward)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a backend says it did, enough to verify and to revert it.

    Attributes:
        backend: Name of the backend.
        idempotency_key: Applying again under this key changes nothing.
        detail: What verify and revert need, JSON-compatible.
    """

    backend: str
    idempotency_key: str
    detail: dict[str, Any] = {}


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One transition, with its reason, its evidence and the machine's seconds it took.

    Attributes:
        transition: Identifies it; a step that is repeated after a crash finds its own entry and does nothing.
        seconds: What the machine took, people's time apart.
        actor: Who brought it about; the platform when no person asked for it.
    """

    transition: str
    state: str
    step: str
    at: datetime
    seconds: float
    reason: str
    evidence: dict[str, Any] = {}
    actor: str = PLATFORM


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """One person's yes."""

    by: str
    at: datetime
    note: str = ""


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """One launch.

    Attributes:
        spec: The experiment spec as a document; empty until there is a plan.
        plan: The plan behind it, with the source of every field; None when a spec was submitted.
        ended_at: When it stopped exposing units; None while it may.
        stage: Index of the ramp stage that is live; -1 before the first.
        started_at: When the first stage went live.
        staged_at: When the live stage went live, or was resumed.
        origin: Name of the folder of specs that declares it; None when somebody submitted it. Only what a folder
            declared is stopped when the folder no longer names it.
        simulated: Whether its units and its clock are simulated; whatever shows it says so.
        due_at: When the next transition is due; None when it waits for a person or has ended. While a workflow moves
            the launch, when somebody should look whether that workflow is still alive.
        begun_at: When its backends were touched first; from then on it is taken back, not merely refused.
        claim: The run that moves it now; no other run touches its backends meanwhile.
        held: Whether it is stopped and stays so until a person restarts it, stops it for good or archives it.
        wish: What takes treatments away and is carried out in part only, as verb, actor and reason.
        trouble: Why the last attempt to move it failed; None once one succeeded.
        n_troubles: How many attempts in a row failed.
        version: Grows with each write; writers compare it.
    """

    id: str
    surface: str
    experiment: str
    author: str
    hypothesis: str
    created_at: datetime
    updated_at: datetime
    state: LaunchState = LaunchState.SUBMITTED
    spec: dict[str, Any] = {}
    plan: dict[str, Any] | None = None
    findings: tuple[dict[str, Any], ...] = ()
    approvals: tuple[Approval, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    origin: str | None = None
    simulated: bool = False
    stage: int = -1
    started_at: datetime | None = None
    staged_at: datetime | None = None
    ended_at: datetime | None = None
    due_at: datetime | None = None
    begun_at: datetime | None = None
    claim: str | None = None
    held: bool = False
    wish: dict[str, Any] | None = None
    trouble: str | None = None
    n_troubles: int = 0
    decision: dict[str, Any] | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    version: int = 0


def moved(
    launch: Launch,
    state: LaunchState,
    *,
    transition: str,
    step: str,
    at: datetime,
    seconds: float,
    reason: str,
    evidence: dict[str, Any] | None = None,
    actor: str = PLATFORM,
    **changes: Any,
) -> Launch:
    """Return `launch` in `state`, with the transition on its timeline; unchanged if the timeline has it already.

    Args:
        transition: Identifies the transition, so that doing it twice is doing it once.
        seconds: What the machine took for the step, people's time apart.
        actor: Who brought it about.
        changes: Other fields to replace.

    Raises:
        Conflict: code `bad_transition`, when the present state does not lead there.
    """
    if any(entry.transition == transition for entry in launch.timeline):
        return launch
    if state not in _ALLOWED[launch.state]:
        onward = ", ".join(sorted(_ALLOWED[launch.state]))
        raise Conflict(
            "bad_transition",
            f"a launch that is {launch.state} cannot become {state}",
            where=launch.id,
            fix=f"from here it can become {onward}" if onward else "it has ended; launch a new experiment",
        )
    # A clock that was set back must not make a timeline that runs backwards.
    at = max(at, launch.updated_at)
    entry = TimelineEntry(
        transition=transition,
        state=state,
        step=step,
        at=at,
        seconds=round(seconds, 4),
        reason=reason,
        evidence=evidence or {},
        actor=actor,
    )
    return msgspec.structs.replace(launch, state=state, updated_at=at, timeline=(*launch.timeline, entry), **changes)
