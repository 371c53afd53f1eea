"""A thread that follows a control plane's feed and tells it what this process serves."""

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

import httpx

from counterpoint.storage.snapshots.following import Pacing, Standing, follow
from counterpoint.storage.snapshots.last_good import LastGood
from counterpoint.telemetry import logger

REPORT_EVERY_S = 5.0


class Follower:
    """Follows in the background, so that it serves processes with and without an event loop of their own.

    Args:
        url: Address of the control plane, such as `http://control:8321`.
        report: Returns what this process serves, for `POST /v1/fleet`; None reports nothing.
        token: The fleet's token, when it has one.
        transport: What carries the requests; the network when None.
    """

    def __init__(
        self,
        url: str,
        good: LastGood,
        *,
        clock: Callable[[], datetime],
        report: Callable[[], dict[str, Any]] | None = None,
        pacing: Pacing | None = None,
        report_every_s: float = REPORT_EVERY_S,
        token: str | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url
        self.standing: Standing = "connecting"
        self._good = good
        self._clock = clock
        self._report = report
        self._pacing = pacing
        self._report_every_s = report_every_s
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._transport = transport
        self._chance = Random()  # noqa: S311 - spreads reconnects, keeps no secret
        self._thread = threading.Thread(target=self._run, name="snapshot-follower", daemon=True)
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to follow; returns when the thread runs, not when a snapshot is there."""
        self._thread.start()
        self._started.wait()

    def close(self) -> None:
        """Stop following; what was taken stays."""
        if self._loop is not None and self._work is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._work.cancel)
            self._thread.join(5.0)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            return

    async def _main(self) -> None:
        self._loop, self._work = asyncio.get_running_loop(), asyncio.current_task()
        self._started.set()
        # The way to the control plane is internal: a proxy for the outer world has no part in it.
        async with (
            httpx.AsyncClient(
                base_url=self.url, headers=self._headers, trust_env=False, transport=self._transport
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(
                follow(
                    client,
                    self._good,
                    clock=self._clock,
                    chance=self._chance,
                    pacing=self._pacing,
                    stand=self._stand,
                )
            )
            if self._report is not None:
                group.create_task(self._report_forever(client, self._report))

    async def _report_forever(self, client: httpx.AsyncClient, report: Callable[[], dict[str, Any]]) -> None:
        loop, changed = asyncio.get_running_loop(), asyncio.Event()
        stop = self._good.watch(lambda: loop.call_soon_threadsafe(changed.set))
        try:
            while True:
                changed.clear()
                try:
                    answer = await client.post("/v1/fleet", json=report(), timeout=5.0)
                    if answer.is_error:
                        logger("fleet").warning("report refused", extra={"answer": answer.text[:300]})
                except httpx.HTTPError as error:
                    logger("fleet").info("report not sent", extra={"reason": type(error).__name__})
                try:
                    # A change is told at once, so that the share of a release is known while it spreads.
                    await asyncio.wait_for(changed.wait(), self._report_every_s * (0.8 + 0.4 * self._chance.random()))
                except TimeoutError:
                    continue
        finally:
            stop()

    def _stand(self, standing: Standing) -> None:
        self.standing = standing
