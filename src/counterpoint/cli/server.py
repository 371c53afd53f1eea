"""Runs one process that answers HTTP in its role, and says where it is and what to try next."""

import asyncio
import gc
import shlex
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from counterpoint.api import Hosts, create_app
from counterpoint.bootstrap import Platform, Staleness, opened, opened_delivery, short_id, utc_now
from counterpoint.cli.chores import Chore, repeat
from counterpoint.cli.mounting import mount_mcp
from counterpoint.errors import CounterpointError, InvalidInput
from counterpoint.settings import Settings
from counterpoint.telemetry import logger
from counterpoint.web import mount_web

_FEED_S = 0.2
_TICK_S = 0.25
_GRACE_S = 5
_WELCOME = """\
Counterpoint is ready.

  Web      {url}/
  Home     {url}/surfaces/home
  API      {url}/docs

Try next, in another terminal:
  {command} demo
  {command} launch "Larger covers raise clicks on Home by 2 % for listeners in Sweden"
  {command} experiments

Everything is kept in {data}. Stop with Ctrl-C; nothing is lost, however it stops.
"""
_AGENTS_WELCOME = "Counterpoint answers agents at {url}/mcp. Stop with Ctrl-C."
_ROLE_WELCOME = {
    "control": "Counterpoint's control plane is ready at {url}; it ramps and decides nothing until a worker runs.",
    "delivery": "Counterpoint serves at {url}, with snapshots from {control} and from {data}.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """One process that answers HTTP.

    Attributes:
        closing: Lets go of connections that would never end by themselves.
        warm: Makes the first answers as quick as the later ones, in the background.
        agents: What must be entered while agents are answered.
    """

    app: Any
    chores: Sequence[Chore]
    closing: Callable[[], None]
    warm: Callable[[], None] | None = None
    agents: AbstractAsyncContextManager[None] = field(default_factory=nullcontext)


def run_server(settings: Settings, *, tighter: Staleness | None = None, only_agents: bool = False) -> int:
    """Run the process of `settings.role` until it is interrupted, and return the exit status.

    Args:
        tighter: What this process promises about a snapshot's age beyond what its surface declares.
        only_agents: Answer agents at /mcp and nobody else.

    Raises:
        InvalidInput: code `port_in_use`, `bad_address` or `no_control_url`.
    """
    listener = _bind(settings.host, settings.port)
    with listener, _for_agents(settings) if only_agents else _opened(settings, tighter) as process:
        config = uvicorn.Config(
            process.app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=_GRACE_S,
        )
        # Before the address is printed: who reads it may connect at once, and waits until the server takes over.
        listener.listen(config.backlog)
        host, port = listener.getsockname()[:2]
        words = _AGENTS_WELCOME if only_agents else _ROLE_WELCOME.get(settings.role, _WELCOME)
        url = f"http://{host}:{port}"
        command = _own_command(settings)
        print(words.format(url=url, command=command, data=settings.data, control=settings.control_url), flush=True)
        # A full collection over the loaded catalogue would stop the serving path for a quarter of a second.
        gc.collect()
        gc.freeze()
        asyncio.run(_serve(_Server(config, process.closing), listener, process))
    return 0


class _Server(uvicorn.Server):
    """Lets go of streams when it is asked to stop: those who follow the feed would otherwise keep it from stopping."""

    def __init__(self, config: uvicorn.Config, closing: Callable[[], None]) -> None:
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._closing()
        super().handle_exit(sig, frame)


@contextmanager
def _opened(settings: Settings, tighter: Staleness | None) -> Iterator[_Process]:
    if settings.role == "delivery":
        with opened_delivery(settings, clock=utc_now, new_id=short_id, tighter=tighter) as parts:
            served = _at_its_hosts(create_app(parts), settings, ())
            yield _Process(app=served, chores=((parts.refresh, 1.0),), closing=parts.snapshots.close)
        return
    with opened(settings, tighter=tighter) as platform:
        # Its models are loaded before anybody asks for a page.
        platform.delivery.world()
        app = create_app(platform)
        agents = mount_mcp(app, platform, settings.host)
        mount_web(app, platform)
        chores = [(platform.control.published, _FEED_S), (platform.refresh, _TICK_S)]
        if settings.role == "all":
            chores.append((platform.control.tick, _TICK_S))
        yield _Process(
            app=_at_its_hosts(app, settings, platform.agency.rules.hosts),
            chores=chores,
            closing=platform.snapshots.close,
            warm=platform.control.warm,
            agents=agents,
        )


def _at_its_hosts(app: FastAPI, settings: Settings, hosts: Sequence[str]) -> Hosts:
    return Hosts(app, bound=settings.host, allowed=(*settings.allowed_hosts, *hosts))


@contextmanager
def _for_agents(settings: Settings) -> Iterator[_Process]:
    with opened(settings) as platform:
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        agents = mount_mcp(app, platform, settings.host, must=True)
        yield _Process(
            app=app, chores=_chores(platform), closing=lambda: None, warm=platform.control.warm, agents=agents
        )


def _chores(platform: Platform) -> tuple[Chore, ...]:
    return (
        (platform.control.published, _FEED_S),
        (platform.refresh, _TICK_S),
        (platform.control.tick, _TICK_S),
    )


async def beside(platform: Platform, work: Coroutine[Any, Any, None]) -> None:
    """Do `work` while the platform's chores are done, so that what it launches goes on."""
    chores = [asyncio.create_task(repeat(*chore)) for chore in _chores(platform)]
    try:
        await work
    finally:
        for each in chores:
            each.cancel()


async def _serve(server: uvicorn.Server, listener: socket.socket, process: _Process) -> None:
    working = [asyncio.create_task(repeat(*chore)) for chore in process.chores]
    if process.warm is not None:
        working.append(asyncio.create_task(_once(process.warm)))
    try:
        async with process.agents:
            await server.serve(sockets=[listener])
    finally:
        for each in working:
            each.cancel()


async def _once(chore: Callable[[], object]) -> None:
    try:
        await asyncio.to_thread(chore)
    except CounterpointError as error:
        logger("server").warning("not warmed", extra={"problem": error.as_document()})


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InvalidInput(
            "port_in_use",
            f"cannot listen there ({error.strerror})",
            where=f"{host}:{port}",
            fix="stop what uses the port, or choose another: counterpoint serve --port 8322",
        ) from error
    return listener


def _own_command(settings: Settings) -> str:
    # Whoever chose a folder has to choose it again, or the next command looks into another one.
    name = sys.argv[0] if "/" in sys.argv[0] else "counterpoint"
    return name if settings.data == Path(".counterpoint") else f"{name} --data {shlex.quote(str(settings.data))}"
