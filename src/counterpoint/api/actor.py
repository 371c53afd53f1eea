"""Who writes: whom a token proves, else the header that names the actor of a change."""

from typing import Annotated

from fastapi import Depends, Header, Request

from counterpoint.control.agency import Identity, allowed, identify, writer

HEADER = "X-Counterpoint-Actor"
_BEARER = "bearer "
_LOOKS = frozenset({"GET", "HEAD", "OPTIONS"})
_OPEN = frozenset({"resolve_parameters", "compose_page", "record_events", "report", "nothing_here"})
"""What writes in nobody's name: serving and its records, and what a fleet's own token is asked for."""


def identity_of(
    request: Request,
    actor: Annotated[
        str | None,
        Header(
            alias=HEADER,
            description="Who makes the change, for the audit log and for approvals; `anonymous@localhost` when left "
            "out. A program that decides by itself is `agent:NAME`. Taken on trust until people have tokens; from then "
            "on believed of a proxy alone, which proves itself with its own.",
            examples=["maria@example.org"],
        ),
    ] = None,
    authorization: Annotated[
        str | None, Header(description="`Bearer TOKEN` of an agent, a person or a proxy that the agents file names.")
    ] = None,
) -> Identity:
    """Return who makes a request.

    Raises:
        InvalidInput: code `bad_actor`, when it could not be stored or read.
        Forbidden: code `bad_token`, when a token proves nobody; `token_needed`, when an agent is named that has one.
    """
    shows = authorization is not None and authorization.lower().startswith(_BEARER)
    token = authorization[len(_BEARER) :] if authorization is not None and shows else None
    return identify(request.app.state.agent_rules, token=token, named=actor)


Known = Annotated[Identity, Depends(identity_of)]


def actor_of(identity: Known) -> str:
    """Return the actor of a request that writes.

    Raises:
        Forbidden: code `token_needed` or `scope_missing`.
    """
    return writer(identity)


def reader_of(identity: Known) -> str:
    """Return the actor of a request that only looks.

    Raises:
        Forbidden: code `scope_missing`.
    """
    return allowed(identity, "read")


def no_strangers(request: Request) -> None:
    """Refuse whatever is more than looking to somebody without a token, once people have tokens.

    It stands before every route, so that one which forgets to ask who writes is closed and not open.

    Raises:
        Forbidden: code `token_needed` or `bad_token`.
    """
    rules = request.app.state.agent_rules
    if rules is None or not rules.knows_people or request.method in _LOOKS:
        return
    if getattr(request.scope.get("route"), "name", None) in _OPEN:
        return
    known = identity_of(request, request.headers.get(HEADER), request.headers.get("Authorization"))
    if not known.is_proven:
        writer(known)
