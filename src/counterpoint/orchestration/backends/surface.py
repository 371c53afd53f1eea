"""The surface backend: publishes the Changes that start, ramp, pause, stop, ship and roll back an experiment."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from counterpoint.errors import Conflict, DependencyFailure, NotFound
from counterpoint.orchestration.backends.moves import (
    AFTER,
    STAGED,
    TAKING_AWAY,
    UNSHIPPING,
    is_gone,
    moves,
    operations_for,
    place_of,
    state_after,
    text_of,
)
from counterpoint.orchestration.backends.protocol import Desired, Diff, Edit, Goal
from counterpoint.orchestration.launch import Receipt
from counterpoint.releases import (
    Approval,
    Attestation,
    Change,
    Operation,
    Release,
    ReleaseStore,
    Restore,
    change_digest,
    prepare,
    publish,
    revert_operations,
    shipped_rule,
    unship_operations,
)

Attest = Callable[[Change, Release | None, datetime], Attestation]
"""The validator: looks at a Change on its base and signs what it found."""

_N_ATTEMPTS = 6


class SurfaceBackend:
    """Writes experiments into the releases of their surface; a Change's id is the idempotency key."""

    name = "surface"

    def __init__(self, releases: ReleaseStore, attest: Attest, key: bytes) -> None:
        self._releases = releases
        self._attest = attest
        self._key = key
        # Of those that publish on one surface here, one has its turn: a hundred at once overtake each other for ever.
        self._turns: defaultdict[str, Lock] = defaultdict(Lock)

    def plan(self, desired: Desired) -> Diff:
        """Return the moves that take the experiment from what is live to the goal."""
        surface = desired.spec.surface
        if back := self._shipped(desired):
            paths = sorted(path for each in back for path in each.parts)
            edits = (
                Edit(path=f"config.{path.replace('/', '.')}", before="shipped", after="as before") for path in paths
            )
            return Diff(backend=self.name, edits=tuple(edits))
        before, after = moves(self._live(surface).state, desired)
        if before == after:
            return Diff(backend=self.name, edits=())
        moved = Edit(path=f"experiments.{desired.spec.key}", before=before, after=after)
        return Diff(backend=self.name, edits=(moved, *_config_edits(desired, self._live(surface))))

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Publish the Change; prepared and validated again when somebody else published in between.

        Raises:
            DependencyFailure: `surface_contended`, when other processes kept publishing first.
            Conflict: Whatever the Change runs into.
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
            "state": str(AFTER[desired.goal]) if desired.goal in AFTER else None,
            "text": text_of(desired.spec) if desired.goal is Goal.AMEND else None,
            "stage": desired.stage if desired.goal in STAGED else None,
            "or_gone": desired.goal in TAKING_AWAY,
        }
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail=detail)

    def verify(self, receipt: Receipt) -> str | None:
        """Return None if the live release has the experiment in the state, and stage, that the receipt names."""
        key, wanted, stage = (receipt.detail[field] for field in ("experiment", "state", "stage"))
        state = self._live(receipt.detail["surface"]).state
        if (text := receipt.detail.get("text")) is not None:
            live = state.experiments.get(key)
            there = "not there" if live is None else text_of(live.spec)
            return None if there == text else f"{key!r} has {there}, not {text}"
        place = place_of(state, key)
        if receipt.detail.get("or_gone") and is_gone(place):
            return None
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

    def _shipped(self, desired: Desired) -> tuple[Restore, ...]:
        """Return what takes back the winner that the launch has shipped, if that is live and the goal forbids it."""
        if desired.goal not in UNSHIPPING:
            return ()
        surface, key = desired.spec.surface, f"{desired.launch_id}:{Goal.SHIP}:{self.name}"
        shipped = self._releases.find_change(surface, key)
        if shipped is None:
            return ()
        return unship_operations(self._releases, surface, shipped.number, rule=shipped_rule(desired.spec.key))

    def _publish(self, desired: Desired, key: str) -> Release:
        return self._compare_and_publish(
            desired.spec.surface,
            key,
            lambda base: self._shipped(desired) or operations_for(desired, base.state),
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
        with self._turns[surface]:
            return self._published(surface, key, operations, actor=actor, reason=reason, now=now, people=people)

    def _published(
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
        for _ in range(_N_ATTEMPTS):
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
                if error.code != "stale_base":
                    raise
        raise DependencyFailure(
            "surface_contended",
            f"other processes published first, {_N_ATTEMPTS} times in a row",
            where=surface,
            fix="it is tried again",
        )

    def _live(self, surface: str) -> Release:
        release = self._releases.latest(surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="surface", fix="load it first")
        return release


def _config_edits(desired: Desired, base: Release) -> tuple[Edit, ...]:
    """Return what the goal does to the configuration itself: a variant that ships becomes the baseline, or a rule."""
    if desired.goal is not Goal.SHIP:
        return ()
    before, after = base.state, state_after(desired, base)
    moved = (key for key in sorted(after.baseline) if before.baseline.get(key) != after.baseline[key])
    values = (
        Edit(path=f"config.baseline.{key}", before=before.baseline.get(key), after=after.baseline[key]) for key in moved
    )
    known = {rule.key: rule for rule in before.rules}
    rules = (
        Edit(path=f"config.rules.{rule.key}", before=None, after={"audience": rule.audience, "set": rule.set})
        for rule in after.rules
        if known.get(rule.key) != rule
    )
    return (*values, *rules)
