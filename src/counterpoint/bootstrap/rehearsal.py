"""A rehearsal: simulated listeners meet the platform on a simulated clock, through the same doors as real ones."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from counterpoint.bootstrap.platform import Platform
from counterpoint.simulation import Listener, Population, Visit, behave


class SimulatedClock:
    """A clock that stands still until it is moved, and never goes back."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def __call__(self) -> datetime:
        """Return the simulated present."""
        return self._now

    def move_to(self, at: datetime) -> None:
        """Let time pass until `at`."""
        self._now = max(self._now, at)


@dataclass(slots=True)
class Progress:
    """What a rehearsal has done so far."""

    n_pages: int = 0
    n_plays: int = 0
    n_events: int = 0
    day: int = 0


async def rehearse(
    platform: Platform,
    clock: SimulatedClock,
    population: Population,
    *,
    days: int,
    seed: int,
    on_day: Callable[[Progress], None],
    until: Callable[[], bool] = lambda: False,
) -> Progress:
    """Let a population visit for some days; whatever becomes due on the way is done on the way.

    Args:
        clock: The platform's own clock, which this moves.
        on_day: Called at the end of each simulated day.
        until: Asked at the end of each day; once it says yes nobody comes any more.
    """
    start, progress = clock(), Progress()
    for listener in population:
        plays = [(item, at.timestamp()) for item, at in reversed(listener.plays_before(start))]
        platform.histories.seed(listener.unit, plays)
    for listener, visit in population.timeline(start, days, seed):
        await _pass_time(platform, clock, visit.at)
        while visit.at >= start + timedelta(days=progress.day + 1):
            progress.day += 1
            on_day(progress)
            if until():
                return progress
        await _visit(platform, listener, visit, seed, progress)
    await _pass_time(platform, clock, start + timedelta(days=days))
    progress.day = days
    on_day(progress)
    return progress


async def _pass_time(platform: Platform, clock: SimulatedClock, until: datetime) -> None:
    """Move the clock, stopping wherever something is due."""
    while True:
        due = platform.control.next_due_at()
        if due is None or due > until:
            break
        clock.move_to(due)
        # In a thread, as a server does it: the durable executor does not run on an event loop.
        await asyncio.to_thread(platform.control.tick, wait_s=60.0)
    clock.move_to(until)


async def _visit(platform: Platform, listener: Listener, visit: Visit, seed: int, progress: Progress) -> None:
    request_id = f"{listener.unit}/{visit.at.isoformat()}"
    page = await platform.delivery.page(
        listener.surface.key, listener.unit, listener.context(visit), request_id=request_id, now=visit.at
    )
    behaviour = behave(listener, page, visit, seed, latency_ms=page["latency_ms"])
    platform.delivery.record(behaviour.events)
    plays = [(play.item, play.at.timestamp()) for play in behaviour.plays if not play.is_skip]
    platform.histories.played(listener.unit, plays)
    progress.n_pages += 1
    progress.n_plays += len(plays)
    progress.n_events += len(behaviour.events)
