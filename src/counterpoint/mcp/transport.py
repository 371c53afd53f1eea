"""How the MCP server is reached: over standard input and output, or over HTTP at /mcp beside the API."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import ASGIApp

from counterpoint.agents import AGENT_PREFIX
from counterpoint.bootstrap import Agency
from counterpoint.errors import Forbidden, InvalidInput
from counterpoint.mcp.server import create_mcp
from counterpoint.vocabulary import KEY_RULE, is_key

PATH = "/mcp"
LOCAL_AGENT = "agent:local"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_BOUND_TO_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The MCP endpoint.

    Attributes:
        app: Answers requests to `PATH`; mount it there, its own path included.
    """

    app: ASGIApp
    _lifespan: Any

    def running(self) -> AbstractAsyncContextManager[None]:
        """Return what must be entered while requests are answered; once."""
        manager: AbstractAsyncContextManager[None] = self._lifespan()
        return manager


def open_endpoint(agency: Agency, *, host: str) -> Endpoint:
    """Return the endpoint of a process that listens on `host`.

    Names in the Host and Origin headers are checked always, so that no page of another site can reach it through a
    browser: those of the loopback interface, and `hosts` of the agents file.

    Raises:
        Forbidden: code `tokens_needed`, when it could be reached from elsewhere and no agent has a token.
    """
    if not agency.rules.asks_for_tokens and host not in _BOUND_TO_LOOPBACK:
        raise Forbidden(
            "tokens_needed",
            f"agents would be let in from elsewhere without a token, on {host}",
            where="agents",
            fix="give each a token in the agents file (docs/guides/agents.md), or bind to 127.0.0.1",
        )
    server = create_mcp(agency, actor=None if agency.rules.asks_for_tokens else LOCAL_AGENT)
    names = (*_LOOPBACK, *agency.rules.hosts)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        transport_security=TransportSecuritySettings(
            enable_dns_rebinding_protection=True,
            allowed_hosts=[*(f"{name}:*" for name in names), *names],
            allowed_origins=[
                f"{scheme}://{name}{port}" for scheme in ("http", "https") for name in names for port in ("", ":*")
            ],
        ),
    )
    return Endpoint(app=app, _lifespan=lambda: _running(server.session_manager))


@asynccontextmanager
async def _running(manager: Any) -> AsyncIterator[None]:
    async with manager.run():
        yield


def actor_named(name: str) -> str:
    """Return the actor that an agent called `name` is.

    Raises:
        InvalidInput: code `bad_actor`.
    """
    plain = name.removeprefix(AGENT_PREFIX)
    if not is_key(plain):
        raise InvalidInput("bad_actor", f"{name[:60]!r} is no name of an agent", where="--as", fix=KEY_RULE)
    return f"{AGENT_PREFIX}{plain}"


async def serve_stdio(agency: Agency, *, actor: str) -> None:
    """Answer one agent over standard input and output, until it closes them; nothing else may be printed meanwhile."""
    await create_mcp(agency, actor=actor).run_stdio_async()
