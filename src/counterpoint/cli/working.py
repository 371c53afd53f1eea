"""Runs a worker: it answers nobody, so nothing of the servers is loaded, and waiting costs next to nothing."""

import asyncio
import signal
from collections.abc import Callable, Sequence

from counterpoint.bootstrap import Platform, opened, short_id
from counterpoint.cli.chores import Chore, repeat
from counterpoint.settings import Settings
from counterpoint.storage.events import fleet_headers
from counterpoint.storage.snapshots import own_identity, report_of
from counterpoint.telemetry import logger

# What a worker waits for is due in hours: looking more often would cost more than the waiting itself.
_WATCH_S = 2.0
# Stages of rollouts and scheduled changes last hours, checks are made by the minute or the hour.
_REST_S = 5.0
_REPORT_S = 5.0
_WELCOME = "Counterpoint's worker runs: it ramps, looks and decides. Stop with Ctrl-C."


def run_worker(settings: Settings) -> int:
    """Ramp, look and decide until the process is interrupted, and return the exit status."""
    with opened(settings) as platform:
        control = platform.control
        chores: list[Chore] = [
            (platform.refresh, _WATCH_S),
            (control.start_due, _WATCH_S),
            (control.see_to_the_rest, _REST_S),
        ]
        if settings.control_url is not None:
            chores.append((_reporting(settings.control_url, settings.fleet_token, platform), _REPORT_S))
        print(_WELCOME, flush=True)
        asyncio.run(_until_stopped(chores))
    return 0


def _reporting(control_url: str, token: str | None, platform: Platform) -> Callable[[], None]:
    import httpx

    identity = own_identity("worker", new_id=short_id, now=platform.clock())
    report = report_of(identity, {"surfaces": {}})

    def tell() -> None:
        try:
            httpx.post(
                f"{control_url}/v1/fleet", json=report, headers=fleet_headers(token), timeout=5.0, trust_env=False
            )
        except httpx.HTTPError as error:
            logger("fleet").info("report not sent", extra={"reason": type(error).__name__})

    return tell


async def _until_stopped(chores: Sequence[Chore]) -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stopped.set)
    working = [asyncio.create_task(repeat(*chore)) for chore in chores]
    await stopped.wait()
    for task in working:
        task.cancel()
