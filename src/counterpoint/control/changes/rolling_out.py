"""Goes on with rollouts when their stages have had their hours, and takes back those that do harm."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from counterpoint.control.changes.parked import Proposal, Proposals, ProposalState, stepped
from counterpoint.control.changes.rollout_watch import RolloutLook, look_at
from counterpoint.errors import Conflict, CounterpointError, Forbidden, InvalidInput, NotFound
from counterpoint.events import EventLog
from counterpoint.releases import (
    AbortRollout,
    AdvanceRollout,
    Change,
    FinishRollout,
    Operation,
    Release,
    ReleaseStore,
    Rollout,
    is_last_stage,
    prepare,
    stage_ends_at,
)
from counterpoint.slo import Gate, GateVerdict

PLATFORM = "counterpoint"
LOOK_EVERY = timedelta(minutes=1)
HOLD_AT_MOST = timedelta(hours=24)
"""A stage that the error budget holds back for longer than this is taken back."""

Publish = Callable[[Change, Release, str], Release]
"""Attests a Change on its base and publishes it in the name of somebody."""


@dataclass(slots=True, kw_only=True)
class RollingOut:
    """The rollouts of all surfaces.

    Attributes:
        budget: Whether a surface's error budget allows another step, and why.
        slow_ms: What the latency objective calls slow; None where there is none.
        looked: When each rollout was looked at last, by this process.
        without: The releases of all surfaces when no rollout was under way; None while one is.
    """

    releases: ReleaseStore
    proposals: Proposals
    log: EventLog
    publish: Publish
    budget: Callable[[str, datetime], GateVerdict]
    clock: Callable[[], datetime]
    slow_ms: float | None = None
    looked: dict[str, datetime] = field(default_factory=dict, init=False)
    without: dict[str, int] | None = field(default=None, init=False)

    def go_on(self) -> tuple[str, ...]:
        """Do what is due on every rollout, and return the keys of those that moved."""
        return tuple(rollout.key for surface, rollout in self._under_way() if self._step(surface, rollout))

    def take_back(self, surface: str, rollout: Rollout, *, actor: str, reason: str) -> Release:
        """Publish the Change that takes a rollout back, at once."""
        release = self._publish(surface, rollout, AbortRollout(rollout=rollout.key), "back", actor, reason)
        self._note(rollout.key, "reverted", actor, reason)
        return release

    def _under_way(self) -> list[tuple[str, Rollout]]:
        heads = self.releases.heads()
        if heads == self.without:
            return []
        live = [self.releases.latest(surface) for surface in heads]
        found = [(each.surface, rollout) for each in live if each for rollout in each.state.rollouts.values()]
        self.without = None if found else {each.surface: each.number for each in live if each}
        return found

    def _step(self, surface: str, rollout: Rollout) -> bool:
        now = self.clock()
        due = stage_ends_at(rollout) <= now
        last = self.looked.get(rollout.key)
        fresh = last is not None and now - last < LOOK_EVERY
        if last is not None and fresh and (not due or last >= stage_ends_at(rollout)):
            return False
        self.looked[rollout.key] = now
        live = self.releases.latest(surface)
        if live is None:
            return False
        seen = look_at(rollout, self.log, surface=live.state.surface, slow_ms=self.slow_ms, now=now)
        try:
            if seen.harm is not None:
                self.take_back(surface, rollout, actor=PLATFORM, reason=f"taken back: {seen.harm}")
                return True
            return due and self._further(surface, rollout, seen, now)
        except Conflict as error:
            # Another process has done it, or somebody published in between: the next tick sees.
            if error.code in ("stale_base", "change_id_taken"):
                return False
            raise

    def _further(self, surface: str, rollout: Rollout, seen: RolloutLook, now: datetime) -> bool:
        verdict = self.budget(surface, now)
        if verdict.gate is Gate.CLOSED:
            if now - stage_ends_at(rollout) >= HOLD_AT_MOST:
                self.take_back(surface, rollout, actor=PLATFORM, reason=f"taken back: {verdict.reason}")
                return True
            self._note(rollout.key, "rolling_out", PLATFORM, f"held at stage {rollout.stage + 1}: {verdict.reason}")
            return False
        evidence = f"{seen.in_words}; error budget: {verdict.reason}"
        try:
            if is_last_stage(rollout):
                self._publish(
                    surface, rollout, FinishRollout(rollout=rollout.key), "everybody", PLATFORM, rollout.reason
                )
                self._note(rollout.key, "published", PLATFORM, f"everybody has it: {evidence}")
            else:
                stage = rollout.stage + 1
                words = f"stage {stage + 1} of {len(rollout.stages)}, {rollout.stages[stage].share:g} of the units"
                advance = AdvanceRollout(rollout=rollout.key, stage=stage)
                self._publish(surface, rollout, advance, f"stage-{stage + 1}", PLATFORM, f"{words}: {rollout.reason}")
                self._note(rollout.key, "rolling_out", PLATFORM, f"{words}: {evidence}")
        except (Forbidden, Conflict, InvalidInput, NotFound) as error:
            if error.code in ("stale_base", "change_id_taken"):
                raise
            # What it stood on has moved, or it would move an experiment's control: it must not stay half way.
            self.take_back(surface, rollout, actor=PLATFORM, reason=f"taken back: {error.what} [{error.code}]")
        return True

    def _publish(
        self, surface: str, rollout: Rollout, operation: Operation, step: str, actor: str, reason: str
    ) -> Release:
        base = self.releases.latest(surface)
        if base is None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="surface")
        change = prepare(
            base,
            (operation,),
            change_id=f"{rollout.key}:{step}",
            surface=surface,
            author=rollout.author if actor == PLATFORM else actor,
            reason=reason,
            at=self.clock(),
            acknowledges=rollout.acknowledges,
        )
        return self.publish(change, base, actor)

    def note_reverted(self, key: str, actor: str, reason: str) -> None:
        """Tell the proposal of a rollout that it was taken back by other means."""
        self._note(key, "reverted", actor, reason)

    def _note(self, key: str, state: ProposalState, actor: str, reason: str) -> None:
        at = self.clock()

        def change(proposal: Proposal) -> Proposal:
            if proposal.steps and (proposal.steps[-1].state, proposal.steps[-1].reason) == (state, reason):
                return proposal
            return stepped(proposal, state, at=at, actor=actor, reason=reason)

        try:
            self.proposals.update(key, change, at=at)
        except CounterpointError as error:
            # A rollout that a program published by itself has no proposal; its releases tell it all.
            if error.code != "unknown_change":
                raise
