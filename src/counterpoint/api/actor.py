"""Who writes: the agent that a token proves, else the header that names the actor of a change."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from counterpoint.agents import is_agent
from counterpoint.errors import Forbidden, InvalidInput

ANONYMOUS = "anonymous@localhost"
HEADER = "X-Counterpoint-Actor"
_MAX_LENGTH = 128
_BEARER = "bearer "


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who makes a request.

    Attributes:
        scopes: What a token allows; None for somebody who is taken at their word.
    """

    actor: str
    scopes: tuple[str, ...] | None = None


def identity_of(
    request: Request,
    actor: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description="Who makes the change, for the audit log and for approvals; `anonymous@localhost` when left "
            "out. A program that decides by itself is `agent:NAME`. Taken on trust: put a proxy in front that "
            "authenticates people and sets it.",
            examples=["maria@example.org"],
        ),
    ] = None,
    authorization: Annotated[
        str | None, Header(description="`Bearer TOKEN` of an agent that the agents file gives one.")
    ] = None,
) -> Identity:
    """Return who makes a request.

    Raises:
        InvalidInput: code `bad_actor`, when it could not be stored or read.
        Forbidden: code `bad_token`, when a token proves nobody and nobody else is named; `token_needed`, when an agent
            is named that has to prove itself.
    """
    rules = request.app.state.agent_rules
    token = authorization[len(_BEARER) :] if authorization and authorization.lower().startswith(_BEARER) else None
    if rules is not None and rules.asks_for_tokens and token is not None:
        known = rules.agent_with(token.strip())
        if known is not None:
            return Identity(actor=known.actor, scopes=tuple(known.scopes))
        if actor is None:
            raise Forbidden("bad_token", "the token proves nobody", where="Authorization", fix="ask for another one")
    name = _named(ANONYMOUS if actor is None else actor)
    if rules is not None and is_agent(name):
        known = rules.agents.get(name.lower())
        if known is not None and known.token_sha256 is not None:
            raise Forbidden("token_needed", f"{name} proves itself", where="Authorization", fix="send Bearer TOKEN")
    return Identity(actor=name)


Known = Annotated[Identity, Depends(identity_of)]


def actor_of(identity: Known) -> str:
    """Return the actor of a request that writes.

    Raises:
        Forbidden: code `scope_missing`, when the token does not allow writing.
    """
    return _allowed(identity, "write")


def reader_of(identity: Known) -> str:
    """Return the actor of a request that only looks.

    Raises:
        Forbidden: code `scope_missing`.
    """
    return _allowed(identity, "read")


def _allowed(identity: Identity, scope: str) -> str:
    if identity.scopes is not None and scope not in identity.scopes:
        raise Forbidden(
            "scope_missing",
            f"{identity.actor} has {', '.join(identity.scopes)}, and this needs {scope}",
            where="token",
            fix="ask whoever keeps the agents file for a token with that scope",
        )
    return identity.actor


def _named(actor: str) -> str:
    if not actor.strip() or len(actor) > _MAX_LENGTH or not actor.isprintable():
        raise InvalidInput(
            "bad_actor",
            "that is not a name",
            where=HEADER,
            fix=f"send 1 to {_MAX_LENGTH} printable characters, such as an e-mail address",
        )
    return actor.strip()
