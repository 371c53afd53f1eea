"""Forced variants: who may see one without being assigned to it, by whose leave, and for how long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from counterpoint.config import CompiledSnapshot, Permit, check_asked, check_permit, may_force, permit_text
from counterpoint.errors import Forbidden, InvalidInput, NotFound
from counterpoint.experiments import Experiment
from counterpoint.orchestration import Clock
from counterpoint.releases import AuditEntry, AuditLog, ReleaseStore

Document = dict[str, Any]


def allowed(
    compiled: CompiledSnapshot,
    *,
    unit: str,
    forced: Mapping[str, str],
    permit: str | None,
    key: bytes | None,
    now: datetime,
) -> Mapping[str, str]:
    """Return the variants that a request is shown because it asks for them: what its permit says, or nothing.

    Args:
        forced: What the request names itself; nothing else than its permit allows.
        key: What permits are checked with.

    Raises:
        Forbidden: `no_permit`, or as in `check_permit`.
    """
    if permit is None:
        if forced:
            raise Forbidden(
                "no_permit",
                "variants are forced without a permit",
                where="forced",
                fix="ask somebody whom the surface's policy lets force for one: counterpoint force",
            )
        return {}
    snapshot = compiled.snapshot
    leave = check_permit(permit, key=key, surface=snapshot.surface, unit=unit, testers=snapshot.testers, now=now)
    check_asked(leave, forced)
    return forced or leave.forced


@dataclass(frozen=True, slots=True, kw_only=True)
class Forcing:
    """Makes permits, each written into the audit log before it is handed out.

    Attributes:
        key: What permits are signed with.
    """

    releases: ReleaseStore
    audit: AuditLog
    key: bytes
    clock: Clock
    new_id: Callable[[], str]

    def permit(
        self,
        surface: str,
        *,
        unit: str,
        forced: Mapping[str, str],
        actor: str,
        reason: str,
        hours: float | None = None,
    ) -> Document:
        """Return a permit for one unit to see variants, which is never counted.

        Args:
            forced: Experiment -> variant, of experiments that hold units on the surface.
            hours: How long it lasts; as long as the surface's policy allows when None.

        Raises:
            Forbidden: `may_not_force`.
            InvalidInput: `blank`, `nothing_forced`, `permit_too_long`, or `unknown_variant`.
            NotFound: `unknown_surface` or `unknown_experiment`.
        """
        release = self.releases.latest(surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {surface[:80]!r}", where="surface")
        policy = release.state.surface.policy.forcing
        if not may_force(policy.actors, actor):
            raise Forbidden(
                "may_not_force",
                f"{actor!r} may not force variants on surface {surface}",
                where="actor",
                fix="ask one of those under policy.forcing.actors of the surface, or have yourself named there",
                facts={"actors": list(policy.actors)},
            )
        _check_asked_for(forced, release.state.experiments, unit=unit, reason=reason)
        lasting = policy.hours if hours is None else hours
        if not 0 < lasting <= policy.hours:
            raise InvalidInput(
                "permit_too_long",
                f"a permit lasts above 0 and at most {policy.hours:g} hours here",
                where="hours",
                fix="make a shorter one, and another when it has ended",
            )
        now = self.clock()
        leave = Permit(
            id=self.new_id(),
            surface=surface,
            unit=unit,
            forced=dict(forced),
            by=actor,
            until=now + timedelta(hours=lasting),
        )
        said: Document = {"unit": unit, "forced": dict(forced), "until": leave.until.isoformat()}
        self.audit.record(
            AuditEntry(
                id=f"permit:{leave.id}",
                at=now,
                actor=actor,
                action="permit_forcing",
                subject=f"surfaces/{surface}/permits/{leave.id}",
                reason=reason,
                before=None,
                after=said,
            )
        )
        return {"id": leave.id, "surface": surface, "by": actor, **said, "permit": permit_text(leave, key=self.key)}


def _check_asked_for(
    forced: Mapping[str, str], experiments: Mapping[str, Experiment], *, unit: str, reason: str
) -> None:
    for name, text in (("unit", unit), ("reason", reason)):
        if not text.strip():
            raise InvalidInput("blank", f"its {name} is blank", where=name, fix="say for whom and why")
    if not forced:
        raise InvalidInput("nothing_forced", "no variant is named", where="forced", fix="give EXPERIMENT=VARIANT")
    for key, variant in forced.items():
        experiment = experiments.get(key)
        if experiment is None:
            raise NotFound(
                "unknown_experiment", f"no live experiment is called {key[:80]!r}", where=f"forced.{key[:80]}"
            )
        known = [each.key for each in experiment.spec.variants]
        if variant not in known:
            raise InvalidInput(
                "unknown_variant",
                f"{key} has no variant {variant[:80]!r}",
                where=f"forced.{key}",
                fix=f"one of: {', '.join(known)}",
            )
