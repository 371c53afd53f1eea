"""Puts the tools for agents beside the HTTP API of a process."""

from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING

from counterpoint.errors import Forbidden
from counterpoint.telemetry import logger

if TYPE_CHECKING:
    from fastapi import FastAPI

    from counterpoint.bootstrap import Platform


def mount_mcp(
    app: "FastAPI", platform: "Platform", host: str, *, must: bool = False
) -> AbstractAsyncContextManager[None]:
    """Let `app` answer agents at /mcp too, and return what must be entered while it answers.

    Bound where others can reach it, and with no agent that has a token, it stays closed and the log says so.

    Args:
        must: Raise when it would stay closed.

    Raises:
        Forbidden: code `tokens_needed`, when it `must` be open.
    """
    from starlette.routing import Route

    from counterpoint.mcp import PATH, open_endpoint

    try:
        endpoint = open_endpoint(platform.agency, host=host)
    except Forbidden as error:
        if must:
            raise
        logger("server").warning("no tools for agents", extra={"problem": error.as_document()})
        return nullcontext()
    app.router.routes.append(Route(PATH, endpoint=endpoint.app))
    return endpoint.running()
