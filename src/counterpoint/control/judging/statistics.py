"""Statistics beside one scorecard: power before, novelty and interactions during, the programme over all."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from counterpoint.assignment import N_BUCKETS, BucketSet
from counterpoint.control.judging.courses import Courses
from counterpoint.control.judging.gates import Judge
from counterpoint.errors import Conflict
from counterpoint.metrics import EndedRun, RunningShare, SurfaceTraffic, design_svg, read_programme, recheck
from counterpoint.orchestration import Launch, LaunchDesk, LaunchState, find, spec_of
from counterpoint.releases import ReleaseStore, SurfaceState

Document = dict[str, Any]

_DECIDED = frozenset({LaunchState.DECIDED, LaunchState.SHIPPED, LaunchState.ROLLED_BACK, LaunchState.ARCHIVED})
_STOPPED = frozenset({str(LaunchState.PAUSED), str(LaunchState.STOPPED)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the records say beyond one scorecard; everything it returns is JSON-compatible."""

    judge: Judge
    desk: LaunchDesk
    releases: ReleaseStore
    clock: Callable[[], datetime]
    courses: Courses

    def power(self, surface: str, *, draw: bool = False, **asked: Any) -> Document:
        """Return when an experiment on a surface would be ready.

        Args:
            surface: Where it would run.
            draw: Whether to add the power curves as `svg`.
            asked: Fields of `PowerAsk`.

        Raises:
            NotFound: `unknown_surface` or `unknown_metric`.
            InvalidInput: A number is out of its range.
        """
        document = self.judge.power(self.clock(), surface=surface, **asked)
        return document | {"svg": design_svg(document)} if draw and document["known"] else document

    def novelty(self, key: str, *, metric: str | None = None) -> Document:
        """Return an experiment's effect by days since first exposure.

        Raises:
            NotFound: `unknown_launch` or `not_started`.
            InvalidInput: `unknown_metric` or `no_days`.
        """
        return self.judge.novelty(find(self.desk, key), self.clock(), metric=metric)

    def course(self, key: str) -> Document:
        """Return an experiment's primary metric at every look so far, and the smallest change it can still detect.

        Of a decided experiment it ends where the decision was taken. What past days would have read is computed from
        today's records, each day from those of before it.

        Raises:
            NotFound: `unknown_launch` or `not_started`.
        """
        launch = find(self.desk, key)
        kept = (launch.decision or {}).get("scorecard")
        at = self.clock() if kept is None else datetime.fromisoformat(kept["scorecard"]["as_of"])
        return self.courses.read(launch, at, self.judge)

    def interactions(self, surface: str) -> Document:
        """Return which experiments of a surface disturb each other.

        Raises:
            NotFound: `unknown_surface`.
        """
        return self.judge.interactions(surface, self.clock())

    def recheck(self, key: str) -> Document:
        """Return what differs between the scorecard that was decided on and the same one from today's records.

        Raises:
            NotFound: `unknown_launch`.
            Conflict: `not_decided`.
        """
        launch = find(self.desk, key)
        if launch.decision is None:
            raise Conflict("not_decided", f"{key!r} has not been decided", where="experiment", fix="read its results")
        kept = launch.decision["scorecard"]
        card, decision = self.judge.read(launch, datetime.fromisoformat(kept["scorecard"]["as_of"]))
        return recheck(kept["scorecard"], card.as_document(), (kept["decision"]["verdict"], str(decision.verdict)))

    def programme(self, surface: str | None = None, *, days: int = 365) -> Document:
        """Return rates of learning and winning, times to decision and traffic in use, by surface and owner.

        Simulated experiments are left out. For one surface there is advice on designs too, from its interactions.

        Raises:
            NotFound: `unknown_surface`.
        """
        now = self.clock()
        surfaces = [surface] if surface is not None else self.releases.surfaces()
        interactions = {surface: self.judge.interactions(surface, now)} if surface is not None else None
        states = {key: latest.state for key in surfaces if (latest := self.releases.latest(key)) is not None}
        launches = [each for each in self.desk.world.launches.list(surface) if not each.simulated]
        return read_programme(
            [run for each in launches if (run := _ended(each)) is not None],
            [run for key, state in states.items() for run in _running(key, state)],
            {key: _traffic(state) for key, state in states.items()},
            now=now,
            days=days,
            interactions=interactions,
        )


def _ended(launch: Launch) -> EndedRun | None:
    if launch.state not in _DECIDED or launch.started_at is None:
        return None
    spec, kept = spec_of(launch), (launch.decision or {}).get("scorecard") or {}
    decided = [entry.at for entry in launch.timeline if entry.state in {str(s) for s in _DECIDED}]
    primary = spec.metrics.primary
    # The last look that took the treatments away names what was harmed.
    harmed = [entry.evidence.get("harmed") for entry in launch.timeline if entry.state in _STOPPED]
    return EndedRun(
        experiment=launch.experiment,
        surface=launch.surface,
        owner=spec.owner,
        started_at=launch.started_at,
        decided_at=decided[0] if decided else launch.ended_at or launch.updated_at,
        harmed=tuple(next((names for names in reversed(harmed) if names), ())),
        scorecard=kept.get("scorecard"),
        decision=kept.get("decision"),
        wanted=primary.mde if primary.mde is not None else primary.mde_abs,
        absolute=primary.mde is None and primary.mde_abs is not None,
    )


def _running(surface: str, state: SurfaceState) -> Iterable[RunningShare]:
    return (
        RunningShare(experiment=key, surface=surface, owner=each.spec.owner, share=len(each.owned) / N_BUCKETS)
        for key, each in state.experiments.items()
        if each.started_at is not None and each.ended_at is None
    )


def _traffic(state: SurfaceState) -> SurfaceTraffic:
    # Buckets of other unit types hold other units, and cannot be added to these.
    own = state.surface.unit
    used = _union(
        each.owned
        for each in state.experiments.values()
        if each.unit == own and each.started_at is not None and each.ended_at is None
    )
    held = [h for h in state.holdouts.values() if h.unit == own]
    aside = _union(
        [*(part for h in held for part in (h.status_quo, h.shipped_only)), *(d.buckets for d in state.domains.values())]
    )
    return SurfaceTraffic(
        in_use=len(used) / N_BUCKETS,
        set_aside=len(aside) / N_BUCKETS,
        free=1 - len(used | aside) / N_BUCKETS,
        holdouts=tuple(sorted(state.holdouts)),
    )


def _union(sets: Iterable[BucketSet]) -> BucketSet:
    return reduce(lambda a, b: a | b, sets, BucketSet.of(()))
