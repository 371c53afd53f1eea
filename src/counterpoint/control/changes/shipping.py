"""Ships a winner by stages: a rollout of what its variant sets, watched and taken back like every other."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict, NotFound
from counterpoint.experiments import EVERYONE, ExperimentSpec
from counterpoint.orchestration import Launch, Shipping, spec_of
from counterpoint.releases import (
    DEFAULT_STAGES,
    Approval,
    Attestation,
    Change,
    Release,
    ReleaseStore,
    Rollout,
    StageBaseline,
    SurfaceState,
    change_digest,
    prepare,
    publish,
    shipped_rule,
    stage_ends_at,
    stage_operation,
    unship_operations,
)

_N_ATTEMPTS = 6
TakeBack = Callable[..., Release]


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedShipping:
    """Rollouts of winners, one per launch, under its id.

    Attributes:
        attest: The validator: looks at a Change on its base and signs what it found.
        take_back: Publishes the Change that takes a rollout back.
        clock: The present.
    """

    releases: ReleaseStore
    attest: Callable[[Change, Release | None, datetime], Attestation]
    key: bytes
    take_back: TakeBack
    clock: Callable[[], datetime]

    def wanted(self, spec: ExperimentSpec) -> bool:
        """Return whether the policy of the surface asks for stages."""
        return self._live(spec.surface).state.surface.policy.staged_ship

    def begin(self, launch: Launch, variant: str, *, actor: str, reason: str, now: datetime) -> Shipping:
        """Give the first units outside the experiment what the variant sets; once, however often it is asked."""
        name = _rollout(launch)
        for attempt in range(_N_ATTEMPTS):
            if self.releases.find_change(launch.surface, name) is not None:
                break
            base = self._live(launch.surface)
            try:
                operation = _operation(base.state, launch, variant, author=launch.author, reason=reason)
            except Conflict as error:
                if error.code == "nothing_changes":
                    return Shipping(over=True, words="everybody has it already")
                raise
            change = prepare(
                base, (operation,), change_id=name, surface=launch.surface, author=launch.author, reason=reason, at=now
            )
            # What people approved is the launch's spec, which this Change carries out and nothing else.
            people = sorted({each.by for each in launch.approvals} - {launch.author})
            approvals = tuple(
                Approval(id=f"{name}:{person}", subject_digest=change_digest(change), by=person, at=now)
                for person in people
            )
            signed = self.attest(change, base, now)
            try:
                publish(change, signed, store=self.releases, now=now, actor=actor, key=self.key, approvals=approvals)
            except Conflict as error:
                if error.code != "stale_base" or attempt == _N_ATTEMPTS - 1:
                    raise
        return self.look(launch)

    def look(self, launch: Launch) -> Shipping:
        """Return where the rollout of a launch stands, as the releases tell it."""
        name = _rollout(launch)
        rollout = self._live(launch.surface).state.rollouts.get(name)
        if rollout is not None:
            share = rollout.stages[rollout.stage].share
            words = f"stage {rollout.stage + 1} of {len(rollout.stages)} of its shipping, {share:.4g} of the units"
            return Shipping(over=None, words=words, look_at=stage_ends_at(rollout))
        begun = self.releases.find_change(launch.surface, name)
        if begun is None or self.releases.find_change(launch.surface, f"{name}:everybody") is not None:
            return Shipping(over=True, words="every stage of its shipping went well: everybody has it")
        back = self.releases.find_change(launch.surface, f"{name}:back")
        why = "its rollout was taken away by a revert" if back is None else back.reason
        return Shipping(over=False, words=f"its shipping ended before everybody had it: {why}")

    def abort(self, launch: Launch, *, actor: str, reason: str) -> None:
        """Take the rollout back at once, if it is under way, or what it gave to everybody, if it is just over."""
        name = _rollout(launch)
        rollout: Rollout | None = self._live(launch.surface).state.rollouts.get(name)
        if rollout is not None:
            self.take_back(launch.surface, rollout, actor=actor, reason=reason)
            return
        given = self.releases.find_change(launch.surface, f"{name}:everybody")
        if given is not None:
            self._take_from_everybody(launch, given.number, actor=actor, reason=reason)

    def _take_from_everybody(self, launch: Launch, number: int, *, actor: str, reason: str) -> None:
        rule, name = shipped_rule(launch.experiment), f"{_rollout(launch)}:back"
        for attempt in range(_N_ATTEMPTS):
            back = unship_operations(self.releases, launch.surface, number, rule=rule)
            if not back:
                return
            base, now = self._live(launch.surface), self.clock()
            change = prepare(base, back, change_id=name, surface=launch.surface, author=actor, reason=reason, at=now)
            try:
                publish(change, self.attest(change, base, now), store=self.releases, now=now, actor=actor, key=self.key)
            except Conflict as error:
                if error.code != "stale_base" or attempt == _N_ATTEMPTS - 1:
                    raise

    def _live(self, surface: str) -> Release:
        release = self.releases.latest(surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="surface")
        return release


def _rollout(launch: Launch) -> str:
    return f"ship-{launch.id}"


def _operation(state: SurfaceState, launch: Launch, variant: str, *, author: str, reason: str) -> StageBaseline:
    spec = spec_of(launch)
    values = next(each.set for each in spec.variants if each.key == variant)
    everyone = spec.audience.strip() == EVERYONE
    rule = BaselineRule(key=shipped_rule(spec.key), audience=spec.audience, set=dict(values))
    rules = None if everyone else (rule, *(other for other in state.rules if other.key != rule.key))
    return stage_operation(
        state,
        _rollout(launch),
        values=values if everyone else {},
        rules=rules,
        stages=DEFAULT_STAGES,
        author=author,
        reason=reason,
    )
