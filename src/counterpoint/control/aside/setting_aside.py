"""Units that are set aside on a surface: holdouts, domains of a programme, and what a design could still draw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from counterpoint.control.aside.holdout_life import Reminder, StoredReadouts, holdout_power, phase_of, reminder_of
from counterpoint.control.aside.promises import Promises, with_promises
from counterpoint.control.changes import ChangeDesk, Document, Edit
from counterpoint.control.documents import release_line
from counterpoint.errors import Conflict, InvalidInput, NotFound
from counterpoint.events import EventLog, Served
from counterpoint.experiments import Holdout, TrafficHistory, draw_domain, free_space, parse_spec, shared_ground
from counterpoint.releases import (
    AddDomain,
    EndDomain,
    EndHoldout,
    Operation,
    ReadHoldout,
    RenewHoldout,
    SurfaceState,
    half_of_holdout,
    holdout_operation,
    territory_of,
)

HALVES = ("status_quo", "shipped_only")
_LARGEST_HALF = 0.5
_N_HISTORY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingAside:
    """Holdouts, domains and free space of every surface; what it returns is JSON-compatible.

    Attributes:
        read_out: Compares what the two halves of a holdout did, as of a time, beside what was promised by metric.
        promises: What single experiments promised that were shipped meanwhile.
        traffic: What was recorded before a time, for designs.
        kept: Read-outs that were taken.
    """

    desk: ChangeDesk
    log: EventLog
    read_out: Callable[[str, str, datetime, Mapping[str, float]], Document]
    promises: Promises
    traffic: Callable[[datetime], TrafficHistory]
    kept: StoredReadouts

    def holdouts(self, surface: str) -> list[Document]:
        """Return the holdouts of a surface: where each is in its life, what is due, and which block launches."""
        state, now = self.desk.live(surface).state, self.desk.clock()
        return [_holdout_document(state.holdouts[key], now) for key in sorted(state.holdouts)]

    def reminders(self) -> list[Reminder]:
        """Return what the owners of holdouts on all surfaces should do, and by when."""
        now = self.desk.clock()
        found = (
            (surface, key, reminder_of(holdout, now))
            for surface in self.desk.releases.surfaces()
            for key, holdout in sorted(self.desk.live(surface).state.holdouts.items())
        )
        return [Reminder(surface=surface, holdout=key, text=text) for surface, key, text in found if text is not None]

    def holdout_power(
        self,
        surface: str,
        *,
        share: float,
        ends_at: datetime,
        starts_at: datetime | None = None,
        unit: str | None = None,
    ) -> Document:
        """Return which cumulative effect a holdout would show by its end, metric by metric.

        Raises:
            InvalidInput: `bad_share`, `bad_period` or `unknown_unit`.
        """
        now = self.desk.clock()
        if not 0 < share <= _LARGEST_HALF:
            raise InvalidInput("bad_share", f"a share of {share:g} in each half", where="share", fix="give 0.05, say")
        days = (ends_at - (starts_at or now)) // timedelta(days=1)
        if days < 1:
            raise InvalidInput("bad_period", "it would last less than a day", where="ends_at", fix="give a later end")
        declared = self.desk.live(surface).state.surface
        if unit is not None and unit != declared.unit and unit not in declared.attributes:
            known = f"use {declared.unit} or one of its attributes"
            raise InvalidInput("unknown_unit", f"'{unit}' is no unit of {surface}", where="unit", fix=known)
        return holdout_power(declared, self.traffic(now), share=share, days=days, unit=unit)

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

        expected = self.holdout_power(surface, share=share, ends_at=ends_at, starts_at=starts_at, unit=unit)
        return {**self.desk.propose(surface, build, edit), "power": expected}

    def renew_holdout(self, surface: str, key: str, *, ends_at: datetime, edit: Edit) -> Document:
        """Move the end of a holdout, and say who wants that and why; it is to be read again at its new end."""
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

        Before its end it says so and has no intervals; after it was read it is what was read then.

        Raises:
            NotFound: `unknown_holdout`.
        """
        state, now = self.desk.live(surface).state, self.desk.clock()
        holdout = _found(state, key)
        taken = self.kept.get(surface, holdout)
        readout = self._read(surface, holdout, now) if taken is None else taken["readout"]
        return {**_holdout_document(holdout, now), "readout": readout, "taken": _taken(taken)}

    def read_holdout(self, surface: str, key: str, edit: Edit) -> Document:
        """Take the read-out of a holdout that has ended, once and for good: from then on it blocks launches no longer.

        Raises:
            NotFound: `unknown_holdout`.
            Conflict: `holdout_runs`, before its end.
        """
        state, now = self.desk.live(surface).state, self.desk.clock()
        holdout = _found(state, key)
        if holdout.read_at is None:
            if now < holdout.ends_at:
                raise Conflict(
                    "holdout_runs",
                    f"it ends on {holdout.ends_at:%Y-%m-%d}, and is read once, after that",
                    where=f"holdouts.{key}",
                    fix="wait for its end, or look at it without intervals: counterpoint holdout readout",
                )
            taken = self.kept.get(surface, holdout)
            if taken is None and edit.dry_run:
                return self.holdout_readout(surface, key)
            if taken is None:
                taken = self.kept.keep(surface, holdout, self._read(surface, holdout, now), by=edit.actor)
            self._do(surface, ReadHoldout(holdout=key, readout=taken["digest"]), edit)
        return self.holdout_readout(surface, key)

    def holdout_readouts(self, surface: str) -> list[Document]:
        """Return every read-out that was taken on a surface, the newest first; those of released holdouts too."""
        self.desk.live(surface)
        return sorted(self.kept.list(surface), key=lambda each: str(each["at"]), reverse=True)

    def holdout_history(self, surface: str, key: str) -> list[Document]:
        """Return who started, renewed, read and released a holdout, when and why, the newest first.

        Raises:
            NotFound: `unknown_holdout`.
        """
        self.desk.live(surface)
        path = f"holdouts/{key}"
        notes = [note for note in self.desk.releases.history(surface, limit=_N_HISTORY) if path in note.paths]
        if not notes:
            raise NotFound(
                "unknown_holdout", f"there was never a holdout '{key}' on {surface}", where="holdouts",
                fix="list what there is: counterpoint holdout, counterpoint holdout readouts",
            )  # fmt: skip
        return [{**release_line(note), "did": self._did(surface, path, note.number)} for note in notes]

    def _did(self, surface: str, path: str, number: int) -> str:
        """Return what one release did to a holdout."""
        before, after = (self.desk.releases.part(surface, path, at) for at in (number - 1, number))
        if before is None or after is None:
            return "started" if before is None else "released"
        ends = [msgspec.json.decode(part)["ends_at"] for part in (before, after)]
        return "renewed" if ends[0] != ends[1] else "read"

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

    def _read(self, surface: str, holdout: Holdout, now: datetime) -> Document:
        declared = self.desk.live(surface).state.surface
        promises = self.promises.of(declared, holdout, min(now, holdout.ends_at))
        corrected = {row["metric"]: row["corrected"] for row in promises if row["corrected"] is not None}
        return with_promises(self.read_out(surface, holdout.key, now, corrected), promises)

    def _do(self, surface: str, operation: Operation, edit: Edit) -> Document:
        return self.desk.propose(surface, lambda state, change_id: (operation,), edit)  # noqa: ARG005 - a Build


def _found(state: SurfaceState, key: str) -> Holdout:
    if key not in state.holdouts:
        known = ", ".join(sorted(state.holdouts)) or "none yet"
        raise NotFound("unknown_holdout", f"no holdout '{key}'", where=f"holdouts.{key}", fix=f"one of: {known}")
    return state.holdouts[key]


def _taken(taken: Document | None) -> Document | None:
    return None if taken is None else {name: taken[name] for name in ("at", "by", "digest")}


def _holdout_document(holdout: Holdout, now: datetime) -> Document:
    phase = phase_of(holdout, now)
    return {
        "key": holdout.key,
        "owner": holdout.owner,
        "unit": holdout.unit,
        "share": holdout.share,
        "layers": list(holdout.layers),
        "owners": list(holdout.owners),
        "starts_at": holdout.starts_at.isoformat(),
        "ends_at": holdout.ends_at.isoformat(),
        "phase": phase,
        "expired": phase == "expired",
        "reminder": reminder_of(holdout, now),
        "read_at": None if holdout.read_at is None else holdout.read_at.isoformat(),
    }
