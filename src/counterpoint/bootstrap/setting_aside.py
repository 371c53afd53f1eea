"""Units that are set aside on a surface: holdouts, domains of a programme, and what a design could still draw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterpoint.bootstrap.proposing import ChangeDesk, Document, Edit
from counterpoint.errors import NotFound
from counterpoint.events import EventLog, Served
from counterpoint.experiments import Holdout, draw_domain, free_space, parse_spec, shared_ground
from counterpoint.releases import (
    AddDomain,
    EndDomain,
    EndHoldout,
    Operation,
    RenewHoldout,
    SurfaceState,
    half_of_holdout,
    holdout_operation,
    territory_of,
)

HALVES = ("status_quo", "shipped_only")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingAside:
    """Holdouts, domains and free space of every surface; what it returns is JSON-compatible.

    Attributes:
        read_out: Compares what the two halves of a holdout did, as of a time.
    """

    desk: ChangeDesk
    log: EventLog
    read_out: Callable[[str, str, datetime], Document]

    def holdouts(self, surface: str) -> list[Document]:
        """Return the holdouts of a surface, and which of them are past their end and block launches."""
        state, now = self.desk.live(surface).state, self.desk.clock()
        return [_holdout_document(state.holdouts[key], now) for key in sorted(state.holdouts)]

    def start_holdout(
        self,
        surface: str,
        key: str,
        *,
        share: float,
        ends_at: datetime,
        edit: Edit,
        owner: str | None = None,
        layers: tuple[str, ...] = (),
        owners: tuple[str, ...] = (),
        unit: str | None = None,
    ) -> Document:
        """Keep drawn units at the baseline of now, and as many at shipped changes without experiments.

        Args:
            share: Share of the units in each half, in (0, 0.5].
            owner: Who reads, renews or releases it; who starts it when None.
        """
        starts_at = self.desk.clock()

        def build(state: SurfaceState, change_id: str) -> tuple[Operation, ...]:  # noqa: ARG001 - a Build
            return (
                holdout_operation(
                    state,
                    key,
                    owner=owner or edit.actor,
                    share=share,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    layers=layers,
                    owners=owners,
                    unit=unit,
                ),
            )

        return self.desk.propose(surface, build, edit)

    def renew_holdout(self, surface: str, key: str, *, ends_at: datetime, edit: Edit) -> Document:
        """Move the end of a holdout."""
        return self._do(surface, RenewHoldout(holdout=key, ends_at=ends_at), edit)

    def release_holdout(self, surface: str, key: str, edit: Edit) -> Document:
        """Give the units of a holdout back; they get what was shipped meanwhile."""
        return self._do(surface, EndHoldout(holdout=key), edit)

    def holdout_units(self, surface: str, key: str) -> Document:
        """Return how many distinct units of each half were served a page since the holdout began.

        `releases.half_of_holdout` says which half a unit is in; `holdout_readout` compares what they did.

        Raises:
            NotFound: `unknown_holdout`.
        """
        state, now = self.desk.live(surface).state, self.desk.clock()
        holdout = _found(state, key)
        half_of = half_of_holdout(holdout, state.surface)
        seen: dict[str, set[str]] = {half: set() for half in HALVES}
        for page in self.log.read(Served, since=holdout.starts_at, until=now):
            half = half_of(page.unit) if page.surface == surface and not page.forced else None
            if half is not None:
                seen[half].add(page.unit)
        kept = {name: value for name, value in holdout.baseline.items() if state.baseline.get(name) != value}
        return {
            **_holdout_document(holdout, now),
            "units": {half: len(units) for half, units in seen.items()},
            "shipped_since": {
                name: {"status_quo": value, "shipped_only": state.baseline.get(name)} for name, value in kept.items()
            },
        }

    def holdout_readout(self, surface: str, key: str) -> Document:
        """Return what all changes shipped since a holdout began did together, metric by metric.

        Raises:
            NotFound: `unknown_holdout`.
        """
        state, now = self.desk.live(surface).state, self.desk.clock()
        return {**_holdout_document(_found(state, key), now), "readout": self.read_out(surface, key, now)}

    def domains(self, surface: str) -> list[Document]:
        """Return the domains of a surface with the experiments that draw from each."""
        state = self.desk.live(surface).state
        return [
            {
                "key": key,
                "owner": domain.owner,
                "share": len(domain.buckets) / 10_000,
                "experiments": sorted(e.key for e in state.experiments.values() if e.spec.domain == key),
            }
            for key, domain in sorted(state.domains.items())
        ]

    def reserve_domain(self, surface: str, key: str, *, share: float, edit: Edit, owner: str | None = None) -> Document:
        """Reserve drawn buckets for a programme, whose experiments draw from them only."""

        def build(state: SurfaceState, change_id: str) -> tuple[Operation, ...]:  # noqa: ARG001 - a Build
            drawn = draw_domain(key, share=share, owner=owner or edit.actor, territory=territory_of(state))
            return (AddDomain(domain=drawn),)

        return self.desk.propose(surface, build, edit)

    def release_domain(self, surface: str, key: str, edit: Edit) -> Document:
        """Give the buckets of a domain back."""
        return self._do(surface, EndDomain(domain=key), edit)

    def free_space(self, spec: str | Mapping[str, Any]) -> Document:
        """Return how many units a design could draw now, who holds the rest, why and until when."""
        parsed = parse_spec(spec, source="spec")
        state = self.desk.live(parsed.surface).state
        territory = territory_of(state)
        space = free_space(parsed, territory)
        return {
            "surface": parsed.surface,
            "experiment": parsed.key,
            "wanted": space.n_wanted / 10_000,
            "free": space.share_free,
            "fits": space.fits,
            "rivals": [
                {
                    "key": rival.key,
                    "because": rival.because,
                    "holds": len(rival.buckets) / 10_000,
                    "free_at": rival.free_at.isoformat() if rival.free_at else None,
                }
                for rival in space.rivals
            ],
            "set_aside": {path: n / 10_000 for path, n in space.set_aside.items()},
            "overlaps": sorted(
                key
                for key, other in state.experiments.items()
                if key != parsed.key and shared_ground(parsed, other.spec, state.surface) is None
            ),
        }

    def _do(self, surface: str, operation: Operation, edit: Edit) -> Document:
        return self.desk.propose(surface, lambda state, change_id: (operation,), edit)  # noqa: ARG005 - a Build


def _found(state: SurfaceState, key: str) -> Holdout:
    if key not in state.holdouts:
        known = ", ".join(sorted(state.holdouts)) or "none yet"
        raise NotFound("unknown_holdout", f"no holdout '{key}'", where=f"holdouts.{key}", fix=f"one of: {known}")
    return state.holdouts[key]


def _holdout_document(holdout: Holdout, now: datetime) -> Document:
    return {
        "key": holdout.key,
        "owner": holdout.owner,
        "unit": holdout.unit,
        "share": holdout.share,
        "layers": list(holdout.layers),
        "owners": list(holdout.owners),
        "starts_at": holdout.starts_at.isoformat(),
        "ends_at": holdout.ends_at.isoformat(),
        "expired": holdout.ends_at <= now,
    }
