"""The surface backend: publishes the Changes that start, ramp, pause, stop, ship and roll back an experiment."""

from collections.abc import Callable
from datetime import datetime

from counterpoint.errors import Conflict, NotFound
from counterpoint.experiments import Event, Experiment, State, allocate
from counterpoint.orchestration.backends.protocol import Desired, Diff, Edit, Goal
from counterpoint.orchestration.launch import Receipt
from counterpoint.releases import (
    AddExperiment,
    Approval,
    Attestation,
    Change,
    MoveExperiment,
    Operation,
    Release,
    ReleaseStore,
    ShipVariant,
    SurfaceState,
    change_digest,
    prepare,
    publish,
    revert_operations,
    territory_of,
)

Attest = Callable[[Change, Release | None, datetime], Attestation]
"""The validator: looks at a Change on its base and signs what it found."""

_N_ATTEMPTS = 6
# The others do not choose the stage: what is resumed comes back at the stage at which it was paused.
_STAGED = (Goal.START, Goal.STAGE)
_AFTER = {
    Goal.START: State.RUNNING,
    Goal.STAGE: State.RUNNING,
    Goal.PAUSE: State.PAUSED,
    Goal.RESUME: State.RUNNING,
    Goal.STOP: State.STOPPED,
    # What has ended is archived in the same Change: its buckets are free for the next experiment.
    Goal.SHIP: State.ARCHIVED,
    Goal.ROLL_BACK: State.ARCHIVED,
}


class SurfaceBackend:
    """Writes experiments into the releases of their surface; a Change's id is the idempotency key."""

    name = "surface"

    def __init__(self, releases: ReleaseStore, attest: Attest, key: bytes) -> None:
        self._releases = releases
        self._attest = attest
        self._key = key

    def plan(self, desired: Desired) -> Diff:
        """Return the moves that take the experiment from what is live to the goal."""
        state = self._live(desired.spec.surface).state
        before, after = _place(state, desired.spec.key), str(_AFTER[desired.goal])
        if desired.goal in _STAGED:
            after = f"{after}, stage {desired.stage}"
        elif before is not None:
            before = before.split(",")[0]
        if before == after:
            return Diff(backend=self.name, edits=())
        return Diff(
            backend=self.name, edits=(Edit(path=f"experiments.{desired.spec.key}", before=before, after=after),)
        )

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Publish the Change; prepared and validated again when somebody else published in between.

        Raises:
            Conflict: `stale_base`, when others kept publishing first; whatever the Change runs into.
            Forbidden: The validator or the policy refuses it.
        """
        surface = desired.spec.surface
        note = self._releases.find_change(surface, idempotency_key)
        number = note.number if note is not None else None
        if number is None and diff.edits:
            number = self._publish(desired, idempotency_key).number
        detail = {
            "surface": surface,
            "experiment": desired.spec.key,
            "release": number,
            "state": str(_AFTER[desired.goal]),
            "stage": desired.stage if desired.goal in _STAGED else None,
        }
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail=detail)

    def verify(self, receipt: Receipt) -> str | None:
        """Return None if the live release has the experiment in the state, and stage, that the receipt names."""
        key, wanted, stage = (receipt.detail[field] for field in ("experiment", "state", "stage"))
        place = _place(self._live(receipt.detail["surface"]).state, key)
        if stage is not None:
            wanted = f"{wanted}, stage {stage}"
        elif place is not None:
            place = place.split(",")[0]
        return None if place == wanted else f"{key!r} is {place or 'not there'}, not {wanted}"

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        """Publish a Change that takes the receipt's release back."""
        surface, number = receipt.detail["surface"], receipt.detail["release"]
        key = f"{receipt.idempotency_key}:revert"
        if number is None or self._releases.find_change(surface, key) is not None:
            return
        operations = revert_operations(self._releases, surface, number)
        self._compare_and_publish(surface, key, lambda _: operations, actor=actor, reason=reason, now=now, people=())

    def _publish(self, desired: Desired, key: str) -> Release:
        return self._compare_and_publish(
            desired.spec.surface,
            key,
            lambda base: _operations(desired, base),
            actor=desired.actor,
            reason=desired.reason,
            now=desired.now,
            people=desired.approved_by,
        )

    def _compare_and_publish(
        self,
        surface: str,
        key: str,
        operations: Callable[[Release], tuple[Operation, ...]],
        *,
        actor: str,
        reason: str,
        now: datetime,
        people: tuple[str, ...],
    ) -> Release:
        for attempt in range(_N_ATTEMPTS):
            base = self._live(surface)
            change = prepare(
                base, operations(base), change_id=key, surface=surface, author=actor, reason=reason, at=now
            )
            # What people approved is the launch's spec, which this Change carries out and nothing else.
            approvals = tuple(
                Approval(id=f"{key}:{person}", subject_digest=change_digest(change), by=person, at=now)
                for person in people
            )
            try:
                return publish(
                    change,
                    self._attest(change, base, now),
                    store=self._releases,
                    now=now,
                    actor=actor,
                    key=self._key,
                    approvals=approvals,
                )
            except Conflict as error:
                if error.code != "stale_base" or attempt == _N_ATTEMPTS - 1:
                    raise
        raise AssertionError  # the loop returns or raises

    def _live(self, surface: str) -> Release:
        release = self._releases.latest(surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="surface", fix="load it first")
        return release


def _place(state: SurfaceState, key: str) -> str | None:
    if key in state.retired:
        return str(State.ARCHIVED)
    live = state.experiments.get(key)
    return None if live is None else f"{live.state}, stage {live.stage}"


def _operations(desired: Desired, base: Release) -> tuple[Operation, ...]:
    key = desired.spec.key
    live = base.state.experiments.get(key)
    match desired.goal:
        case Goal.START:
            start = MoveExperiment(experiment=key, event=Event.START, stage=desired.stage)
            if live is not None:
                return (start,)
            drawn = allocate(desired.spec, territory_of(base.state), at=desired.now, by=desired.actor)
            return (AddExperiment(experiment=drawn), start)
        case Goal.STAGE:
            return (MoveExperiment(experiment=key, event=Event.RAMP, stage=desired.stage),)
        case Goal.PAUSE:
            return (MoveExperiment(experiment=key, event=Event.PAUSE),)
        case Goal.RESUME:
            return (MoveExperiment(experiment=key, event=Event.RESUME),)
        case Goal.STOP:
            return (MoveExperiment(experiment=key, event=Event.STOP),)
        case Goal.SHIP:
            ship = ShipVariant(experiment=key, variant=desired.variant or "")
            return (*_decided(live, key), ship, MoveExperiment(experiment=key, event=Event.ARCHIVE))
        case Goal.ROLL_BACK:
            rolled_back = MoveExperiment(experiment=key, event=Event.ROLL_BACK)
            return (*_decided(live, key), rolled_back, MoveExperiment(experiment=key, event=Event.ARCHIVE))


def _decided(live: Experiment | None, key: str) -> tuple[Operation, ...]:
    if live is not None and live.state is State.STOPPED:
        return (MoveExperiment(experiment=key, event=Event.DECIDE),)
    return ()
