"""Runs the HTTP server with its ticker, and says where it is and what to try next."""

import asyncio
import gc
import socket
import sys

import uvicorn

from counterpoint.api import create_app
from counterpoint.bootstrap import Platform, opened
from counterpoint.errors import CounterpointError, InvalidInput
from counterpoint.settings import Settings
from counterpoint.telemetry import logger
from counterpoint.web import mount_web

_TICK_S = 0.25
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


def run_server(settings: Settings) -> int:
    """Serve until interrupted, and return the exit status.

    Raises:
        InvalidInput: code `port_in_use` or `bad_address`.
    """
    listener = _bind(settings.host, settings.port)
    with opened(settings) as platform:
        app = create_app(platform)
        mount_web(app, platform)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
        host, port = listener.getsockname()[:2]
        url = f"http://{host}:{port}"
        print(_WELCOME.format(url=url, command=_own_command(), data=settings.data), flush=True)
        # A full collection over the loaded catalogue would stop the serving path for a quarter of a second.
        gc.collect()
        gc.freeze()
        asyncio.run(_serve(server, listener, platform))
    return 0


async def _serve(server: uvicorn.Server, listener: socket.socket, platform: Platform) -> None:
    ticking = asyncio.create_task(_tick(platform))
    try:
        await server.serve(sockets=[listener])
    finally:
        ticking.cancel()


async def _tick(platform: Platform) -> None:
    """Take over what was published or imported, and start what is due."""
    while True:
        try:
            await asyncio.to_thread(platform.refresh)
            await asyncio.to_thread(platform.control.tick)
        except CounterpointError as error:
            logger("server").warning("tick failed", extra={"problem": error.as_document()})
        await asyncio.sleep(_TICK_S)


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


def _own_command() -> str:
    return sys.argv[0] if "/" in sys.argv[0] else "counterpoint"
