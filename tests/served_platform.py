"""A live platform behind real HTTP on a free port, with one agent that has a token; for journeys of outside agents."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn

from counterpoint.api import create_app
from counterpoint.bootstrap import Platform, SimulatedClock, opened, rehearse
from counterpoint.cli.mounting import mount_mcp
from counterpoint.simulation import Population
from live_platform import START, prepared_settings

TOKEN = "a token that only this test's agent has"
MARIA = "maria@example.org"
HYPOTHESIS = (
    "Moving the podcast shelf to second place gets at least 10 % more listeners to play a podcast. "
    "The 95th percentile of load time may get worse by 200 ms, no more. Two weeks, on 80 % of the traffic."
)
_N_DAYS_WITHOUT_WORKER = 3


@contextmanager
def served(folder: Path, *, token: bool = True) -> Iterator[tuple[str, Platform, SimulatedClock]]:
    """Serve a platform on a free port of the loopback interface, to one agent that has a token and much budget."""
    agents = folder / "agents.yaml"
    digest = sha256(TOKEN.encode()).hexdigest()
    proof = f"token_sha256: {digest}, " if token else ""
    agents.write_text(f"agents:\n  scout: {{{proof}largest_share: 0.8}}\n")
    clock = SimulatedClock(START)
    with opened(prepared_settings(folder / "data", agents=agents), clock=clock, buffered=True) as platform:
        app = create_app(platform)
        endpoint = mount_mcp(app, platform, "127.0.0.1")
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))

        async def serve() -> None:
            async with endpoint:
                await server.serve(sockets=[listener])

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", platform, clock
        finally:
            server.should_exit = True
            thread.join()


def until_the_platform_names_a_winner(platform: Platform, clock: SimulatedClock, experiment: str) -> None:
    """Let simulated listeners visit for ten days, and then while no worker runs, which would conclude it by itself."""
    release = platform.control.release_store.latest("home")
    assert release is not None
    population = Population.generate(platform.catalogue.current, release.state.surface, 290, 5)
    asyncio.run(rehearse(platform, clock, population, days=10, seed=5, on_day=_nothing))
    idle: Any = SimpleNamespace(
        control=SimpleNamespace(next_due_at=lambda: None), delivery=platform.delivery, histories=platform.histories
    )
    for day in range(_N_DAYS_WITHOUT_WORKER):
        asyncio.run(rehearse(idle, clock, population, days=1, seed=6 + day, on_day=_nothing))
        if platform.control.results(experiment)["decision"]["ship"] is not None:
            return
    raise AssertionError("no variant won")


def _nothing(progress: object) -> None:
    del progress
