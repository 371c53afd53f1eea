"""The serving path put together: resolve values, serve pages, take events. Never waits for the control plane."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterpoint.config import CompiledSnapshot, Config
from counterpoint.delivery.forcing import allowed
from counterpoint.delivery.paged import check_paged
from counterpoint.errors import InvalidInput
from counterpoint.events import Event, EventLog, Impression, Outcome, exposures_of, ingest
from counterpoint.orchestration import Clock
from counterpoint.pages import Page, Request, World, page_document, page_records, serve_page
from counterpoint.storage.histories import PLAY_OUTCOME, MemoryHistories
from counterpoint.storage.snapshots import Feed, standing
from counterpoint.telemetry import Meters
from counterpoint.vocabulary import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery process.

    Attributes:
        world: Returns what pages are made of now; the catalogue may have been refreshed since the last call.
        stopwatch: Seconds of a monotonic clock.
        new_id: Returns an identifier that was never returned before.
        permit_key: What permits to force variants are checked with; None where this process can check none.
    """

    feed: Feed
    log: EventLog
    histories: MemoryHistories
    world: Callable[[], World]
    meters: Meters
    clock: Clock
    stopwatch: Callable[[], float]
    new_id: Callable[[], str]
    permit_key: bytes | None = None

    def surfaces(self) -> list[str]:
        """Return the keys of the surfaces that are served."""
        return list(self.feed.surfaces())

    def resolve(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Scalar],
        *,
        parameters: Sequence[str] | None = None,
        forced: Mapping[str, str] | None = None,
        permit: str | None = None,
        units: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Return the values of parameters for one unit; asking for a value is reading it, and its exposure is recorded.

        Args:
            parameters: Which ones; all of the surface's when None.
            forced: Experiment -> variant to see, of those that `permit` allows; all of them when it names none.
            permit: Leave to force variants; such an answer is never counted.
            units: Identifiers of other unit types, such as a device, for the experiments that hash those.

        Raises:
            NotFound: code `unknown_surface` or `unknown_parameter`.
            Forbidden: As in `forcing.allowed`.
            DependencyFailure: `snapshot_too_old`, under the policy `refuse`.
        """
        now = self.clock()
        compiled = self.feed.live(surface).compiled
        shown = allowed(compiled, unit=unit, forced=forced or {}, permit=permit, key=self.permit_key, now=now)
        config = _config(compiled, unit, context, now, shown, units)
        values = config.read_all() if parameters is None else {key: config.value(key) for key in parameters}
        reads = {read.parameter: read for read in config.reads}
        exposures = exposures_of(
            config.reads,
            surface=surface,
            unit=unit,
            at=now,
            snapshot=config.snapshot_id,
            release=config.release,
            request_id=request_id or self.new_id(),
            other_units=config.other_units,
        )
        # Not even what other experiments gave: a forced answer is a test, whole.
        counted = [] if shown else exposures
        if counted:
            self.log.append(counted)
        return {
            "surface": surface,
            "unit": unit,
            "snapshot": _stamp(config),
            "values": {
                key: {
                    "value": value,
                    "reason": str(reads[key].reason),
                    "experiment": reads[key].experiment,
                    "variant": reads[key].variant,
                    "rule": reads[key].rule,
                }
                for key, value in values.items()
            },
            "exposures": [
                {"experiment": one.experiment, "variant": one.variant, "parameter": one.parameter} for one in counted
            ],
            "forced": dict(shown),
        }

    async def page(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Scalar],
        *,
        forced: Mapping[str, str] | None = None,
        permit: str | None = None,
        units: Mapping[str, str] | None = None,
        request_id: str | None = None,
        now: datetime | None = None,
        counted: bool = True,
    ) -> dict[str, Any]:
        """Return the page of one unit; its exposures are written before it leaves.

        Args:
            forced: Experiment -> variant to see; such a page leaves no records. As in `resolve`, but somebody who only
                looks (`counted` false, which no route offers) needs no permit.
            permit: As in `resolve`.
            units: As in `resolve`.
            now: The moment the page is made for; the clock's when None.
            counted: False for somebody who only looks at a unit's page: it is the same page and leaves no records.
        """
        started = self.stopwatch()
        at = now or self.clock()
        compiled = self.feed.live(surface).compiled
        shown = forced or {}
        if counted:
            # By the clock, not by the page's moment: a permit ends when it ends.
            clock = self.clock()
            shown = allowed(compiled, unit=unit, forced=shown, permit=permit, key=self.permit_key, now=clock)
        config = _config(compiled, unit, context, at, shown, units)
        page = await self._compose(surface, unit, context, shown, request_id or self.new_id(), config, counted)
        latency_ms = (self.stopwatch() - started) * 1000.0
        records = page_records(page, latency_ms=latency_ms, n_shelves_seen=0, other_units=config.other_units)
        # One append, exposures and the served record, before the last byte.
        written: list[Event] = [*records.exposures, *([records.served] if records.served else [])]
        if written:
            # In a thread, where appends of many requests share one synchronisation with the disk.
            await asyncio.to_thread(self.log.append, written)
            self.meters.pages.labels(surface, page.status.value).inc()
            self.meters.page_seconds.labels(surface).observe(latency_ms / 1000.0)
        return {
            **page_document(page),
            "snapshot": _stamp(config),
            "latency_ms": round(latency_ms, 3),
            "forced": dict(shown),
            "counted": bool(written),
        }

    def ingest(self, batch: list[Any]) -> dict[str, Any]:
        """Take a batch of event records; those that are refused are named, the others are kept."""
        result = ingest(batch, now=self.clock())
        appended = self.record(result.accepted)
        self.meters.events.labels("accepted").inc(appended["stored"])
        self.meters.events.labels("refused").inc(len(result.refused))
        return {
            "accepted": appended["stored"],
            "duplicates": appended["duplicates"],
            "refused": [refusal.as_document() for refusal in result.refused],
        }

    def record(self, events: Sequence[Event]) -> dict[str, int]:
        """Append records and let histories know what was shown and played."""
        appended = self.log.append(events)
        for event in events:
            if isinstance(event, Impression):
                self.histories.shown(event.unit, [event.item], event.at.timestamp())
            elif isinstance(event, Outcome) and event.name == PLAY_OUTCOME and event.item is not None:
                self.histories.played(event.unit, [(event.item, event.at.timestamp())])
        return {"stored": appended.n_stored, "duplicates": appended.n_duplicates}

    def status(self) -> dict[str, Any]:
        """Return what this process serves, since when, and whether it is ready."""
        return standing(self.feed, self.clock())

    async def _compose(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Scalar],
        forced: Mapping[str, str],
        request_id: str,
        config: Config,
        counted: bool,
    ) -> Page:
        check_paged(surface)
        request = Request(
            request_id=request_id,
            surface=surface,
            unit=unit,
            now=config.now,
            seed=seed_of(request_id),
            context=context,
            forced=forced,
            purpose="live" if counted else "preview",
        )
        return await serve_page(request, config, self.world())


def _config(
    compiled: CompiledSnapshot,
    unit: str,
    context: Mapping[str, Scalar],
    now: datetime,
    forced: Mapping[str, str],
    units: Mapping[str, str] | None,
) -> Config:
    for finding in compiled.check_forced(forced):
        raise InvalidInput(finding.code, finding.message, where=finding.path, fix="force a variant that is live")
    return compiled.resolve(unit, context, now, forced=forced, units=units)


def _stamp(config: Config) -> dict[str, Any]:
    age_s = round(config.age_s, 3)
    return {"id": config.snapshot_id, "release": config.release, "age_s": age_s, "stale": config.is_stale}


def seed_of(request_id: str) -> int:
    """Return the seed that settles every random choice of one request: the same request, the same page."""
    from xxhash import xxh64_intdigest

    return xxh64_intdigest(request_id.encode()) >> 1
