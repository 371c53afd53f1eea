"""Who calls a tool: the agent that a token proves, or the one that this process was started for."""

from collections.abc import Callable
from dataclasses import dataclass

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import AccessToken

from counterpoint.bootstrap import AgentRules
from counterpoint.errors import Forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One agent and what it may ask for.

    Attributes:
        scopes: `read` to look, `write` to ask for changes.
    """

    actor: str
    scopes: tuple[str, ...] = ("read", "write")


Who = Callable[[], Caller]
"""Returns who makes the present call."""


def always(actor: str, rules: AgentRules) -> Who:
    """Return that it is always the same agent, with the scopes that the agents file gives it."""
    known = rules.agents.get(actor)
    caller = Caller(actor=actor) if known is None else Caller(actor=actor, scopes=known.scopes)
    return lambda: caller


def by_token() -> Caller:
    """Return the agent that the present request's token proves.

    Raises:
        Forbidden: code `token_needed`.
    """
    token = get_access_token()
    if token is None:
        raise Forbidden("token_needed", "no token proves who asks", where="Authorization", fix="send Bearer TOKEN")
    return Caller(actor=token.client_id, scopes=tuple(token.scopes))


def allowed(who: Who, scope: str) -> str:
    """Return the actor of the present call, which may do what needs `scope`.

    Raises:
        Forbidden: code `scope_missing`.
    """
    caller = who()
    if scope not in caller.scopes:
        raise Forbidden(
            "scope_missing",
            f"{caller.actor} has {', '.join(caller.scopes) or 'no scope'}, and this needs {scope}",
            where="token",
            fix="ask whoever keeps the agents file for a token with that scope",
        )
    return caller.actor


class TokenBook:
    """Verifies bearer tokens against the digests in the agents file; a `TokenVerifier` of the protocol's kit."""

    def __init__(self, rules: AgentRules) -> None:
        self._rules = rules

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return whom a token proves, or None."""
        agent = self._rules.agent_with(token)
        if agent is None:
            return None
        return AccessToken(token=token, client_id=agent.actor, scopes=list(agent.scopes))
