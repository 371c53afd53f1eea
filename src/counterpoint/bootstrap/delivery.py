"""The serving path put together: resolve values, serve pages, take events. Never waits for the control plane."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterpoint.bootstrap.paged import check_paged
from counterpoint.config import Config
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
    """

    feed: Feed
    log: EventLog
    histories: MemoryHistories
    world: Callable[[], World]
    meters: Meters
    clock: Clock
    stopwatch: Callable[[], float]
    new_id: Callable[[], str]

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
        request_id: str | None = None,
    ) -> dict[str, Any]:
        """Return the values of parameters for one unit; asking for a value is reading it, and its exposure is recorded.

        Args:
            parameters: Which ones; all of the surface's when None.
            forced: Experiment -> variant to see; such an answer is never counted.

        Raises:
            NotFound: code `unknown_surface` or `unknown_parameter`.
        """
        now = self.clock()
        config = self._config(surface, unit, context, now, forced or {})
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
        )
        if exposures:
            self.log.append(exposures)
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
                {"experiment": one.experiment, "variant": one.variant, "parameter": one.parameter} for one in exposures
            ],
        }

    async def page(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Scalar],
        *,
        forced: Mapping[str, str] | None = None,
        request_id: str | None = None,
        now: datetime | None = None,
        counted: bool = True,
    ) -> dict[str, Any]:
        """Return the page of one unit; its exposures are written before it leaves.

        Args:
            forced: Experiment -> variant to see; such a page leaves no records.
            now: The moment the page is made for; the clock's when None.
            counted: False for somebody who only looks at a unit's page: it is the same page and leaves no records.
        """
        started = self.stopwatch()
        page = await self._compose(surface, unit, context, forced or {}, request_id or self.new_id(), now, counted)
        latency_ms = (self.stopwatch() - started) * 1000.0
        records = page_records(page, latency_ms=latency_ms, n_shelves_seen=0)
        # One append, exposures and the served record, before the last byte.
        written: list[Event] = [*records.exposures, *([records.served] if records.served else [])]
        if written:
            # In a thread, where appends of many requests share one synchronisation with the disk.
            await asyncio.to_thread(self.log.append, written)
            self.meters.pages.labels(surface, page.status.value).inc()
            self.meters.page_seconds.labels(surface).observe(latency_ms / 1000.0)
        return {
            **page_document(page),
            "latency_ms": round(latency_ms, 3),
            "forced": dict(forced or {}),
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
        now: datetime | None,
        counted: bool,
    ) -> Page:
        at = now or self.clock()
        config = self._config(surface, unit, context, at, forced)
        check_paged(surface)
        request = Request(
            request_id=request_id,
            surface=surface,
            unit=unit,
            now=at,
            seed=seed_of(request_id),
            context=context,
            forced=forced,
            purpose="live" if counted else "preview",
        )
        return await serve_page(request, config, self.world())

    def _config(
        self, surface: str, unit: str, context: Mapping[str, Scalar], now: datetime, forced: Mapping[str, str]
    ) -> Config:
        compiled = self.feed.live(surface).compiled
        for finding in compiled.check_forced(forced):
            raise InvalidInput(finding.code, finding.message, where=finding.path, fix="force a variant that is live")
        return compiled.resolve(unit, context, now, forced=forced)


def _stamp(config: Config) -> dict[str, Any]:
    return {"id": config.snapshot_id, "release": config.release, "age_s": round(config.age_s, 3)}


def seed_of(request_id: str) -> int:
    """Return the seed that settles every random choice of one request: the same request, the same page."""
    from xxhash import xxh64_intdigest

    return xxh64_intdigest(request_id.encode()) >> 1
