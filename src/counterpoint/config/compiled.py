"""A snapshot compiled once, from which every request of a surface is resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from counterpoint.assignment import HASH_VERSION, Context
from counterpoint.config.parts import Candidate, Holdout, Program, Programs
from counterpoint.config.plans import Planner, build_planner
from counterpoint.config.policy import Staleness, tightened
from counterpoint.config.programs import build_programs
from counterpoint.config.resolve import Config
from counterpoint.config.snapshot import Snapshot, snapshot_id
from counterpoint.config.standing import encoded
from counterpoint.errors import DependencyFailure, InvalidInput
from counterpoint.vocabulary import Finding, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledSnapshot:
    """A snapshot, ready to resolve.

    Attributes:
        id: Content address of the snapshot.
        confirmed_at: When it was last known to be the newest; its age counts from then.
        staleness: What the snapshot declares, or the stricter promise of this process.
        stale_after: The moment from which values carry the reason STALE; None for never.
        faults: What of it could not be compiled; the experiments named there give the baseline, with reason ERROR.
        parts: What it was compiled into, for the next snapshot to take over.
    """

    snapshot: Snapshot
    id: str
    programs: Mapping[str, Program]
    candidates: tuple[Candidate, ...]
    holdouts: tuple[Holdout, ...]
    planner: Planner
    bucket_seed: int
    confirmed_at: datetime
    staleness: Staleness
    stale_after: datetime | None
    faults: tuple[Finding, ...]
    parts: Programs

    def resolve(
        self,
        unit: str | None,
        context: Context,
        now: datetime,
        *,
        units: Mapping[str, str] | None = None,
        forced: Mapping[str, str] | None = None,
    ) -> Config:
        """Return the configuration of one request; nothing is decided before it is read, and reading never raises.

        Args:
            unit: Identifier of the surface's own unit; None or empty gives the baseline.
            context: Attribute -> value; what is missing or of a wrong type puts nobody into an audience.
            now: The time of the request, aware.
            units: Identifiers of other unit types, for the experiments that hash those.
            forced: Experiment -> variant that a tester asks for; unknown ones are ignored (see `check_forced`).

        Raises:
            DependencyFailure: `snapshot_too_old` when it is stale and its policy says `refuse`.
        """
        raw = encoded(unit) if unit else None
        if self.stale_after is not None and now > self.stale_after:
            return self._stale(raw, context, now, units, forced)
        return Config(self, raw, context, now, units, forced, False)

    def confirmed(self, at: datetime) -> "CompiledSnapshot":
        """Return the same snapshot, known to be the newest at `at`."""
        return replace(self, confirmed_at=at, stale_after=_stale_after(self.staleness, at))

    def age_s(self, now: datetime) -> float:
        """Return the seconds since it was last known to be the newest, at least 0."""
        return max(0.0, (now - self.confirmed_at).total_seconds())

    def warm(self) -> None:
        """Make now what the first request would make otherwise; from any thread, while others resolve."""
        self.planner.indexed()
        self.planner.rows()

    def check_forced(self, forced: Mapping[str, str]) -> tuple[Finding, ...]:
        """Return what of `forced` names no experiment or no variant of it."""
        variants = {candidate.spec.key: [v.key for v in candidate.spec.variants] for candidate in self.candidates}
        findings = []
        for experiment, variant in forced.items():
            if experiment not in variants:
                message, code = f"no live experiment is called {experiment[:80]!r}", "unknown_experiment"
            elif variant not in variants[experiment]:
                message = f"{experiment} has no variant {variant[:80]!r}; it has {', '.join(variants[experiment])}"
                code = "unknown_variant"
            else:
                continue
            path = f"forced.{experiment[:80]}"
            findings.append(Finding(code=code, severity=Severity.ERROR, path=path, message=message))
        return tuple(findings)

    def _stale(
        self,
        raw: bytes | None,
        context: Context,
        now: datetime,
        units: Mapping[str, str] | None,
        forced: Mapping[str, str] | None,
    ) -> Config:
        if self.staleness.policy == "refuse":
            raise DependencyFailure(
                "snapshot_too_old",
                f"the snapshot of surface {self.snapshot.surface} is {self.age_s(now):.0f} s old",
                fix="bring the feed of snapshots back, or declare another policy for stale ones",
                facts={"snapshot": self.id, "age_s": self.age_s(now), "max_age_s": self.staleness.max_age_s},
            )
        if self.staleness.policy == "baseline":
            return Config(self, None, context, now, None, None, True)
        return Config(self, raw, context, now, units, forced, True)


def compile_snapshot(
    snapshot: Snapshot,
    *,
    address: str | None = None,
    confirmed_at: datetime | None = None,
    tighter: Staleness | None = None,
    before: CompiledSnapshot | None = None,
) -> CompiledSnapshot:
    """Return `snapshot` compiled; experiments that are broken are isolated and named in `faults`.

    Args:
        snapshot: What `decode_snapshot` returned.
        address: Its content address, where that was checked already; computed when not given.
        confirmed_at: When it was known to be the newest; its creation when not given.
        tighter: What this process promises beyond what the snapshot declares; what is looser has no effect.
        before: An earlier snapshot of the surface; what has not changed since is not compiled again. What comes out
            is the same with it and without.

    Raises:
        InvalidInput: `unknown_hash_version` when its buckets were drawn under other hashing rules.
    """
    if snapshot.hash_version != HASH_VERSION:
        raise InvalidInput(
            "unknown_hash_version",
            f"the snapshot hashes by version {snapshot.hash_version}; this code knows {HASH_VERSION}",
            fix="upgrade this process",
        )
    programs = build_programs(snapshot, before.parts if before is not None else None)
    at = confirmed_at or snapshot.created_at
    staleness = Staleness(max_age_s=snapshot.max_age_s, policy=snapshot.stale_policy)
    if tighter is not None:
        staleness = tightened(staleness, tighter)
    return CompiledSnapshot(
        snapshot=snapshot,
        id=address or snapshot_id(snapshot),
        programs=programs.by_parameter,
        candidates=programs.candidates,
        holdouts=programs.holdouts,
        planner=build_planner(programs, (before.parts, before.planner) if before is not None else None),
        bucket_seed=programs.bucket_seed,
        confirmed_at=at,
        staleness=staleness,
        stale_after=_stale_after(staleness, at),
        faults=programs.faults,
        parts=programs,
    )


def _stale_after(staleness: Staleness, confirmed_at: datetime) -> datetime | None:
    return confirmed_at + timedelta(seconds=staleness.max_age_s) if staleness.max_age_s > 0 else None
