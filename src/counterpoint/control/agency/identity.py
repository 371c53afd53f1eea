"""Who makes a request: whom a token proves, else whom somebody names, as far as names are believed here."""

from dataclasses import dataclass

from counterpoint.agents import is_agent
from counterpoint.control.agency.agent_rules import AgentRules, Scope
from counterpoint.errors import Forbidden, InvalidInput

ANONYMOUS = "anonymous@localhost"
MAX_NAME = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who makes a request.

    Attributes:
        scopes: What a token allows; None for somebody who is taken at their word.
        is_proven: Whether a write may be made in that name: a token proves it, or nobody here has one.
    """

    actor: str
    scopes: tuple[Scope, ...] | None = None
    is_proven: bool = True


def identify(rules: AgentRules | None, *, token: str | None, named: str | None) -> Identity:
    """Return who makes a request.

    Args:
        rules: Who has a token; None where nobody can.
        token: The token that came with the request.
        named: Whom the request names; believed of everybody while no person has a token, then of proxies alone.

    Raises:
        InvalidInput: code `bad_actor`, when the name could not be stored or read.
        Forbidden: code `bad_token`, when a token proves nobody; `token_needed`, when an agent is named that has one.
    """
    rules = AgentRules() if rules is None else rules
    name = None if named is None else _named(named)
    if token is not None and rules.asks_for_tokens:
        holder = rules.holder_of(token.strip())
        if holder is not None and (name is None or not holder.speaks_for_others):
            return Identity(actor=holder.actor, scopes=holder.scopes)
        if holder is not None and name is not None:
            return Identity(actor=_believed(name, rules), scopes=holder.scopes)
        if name is None or rules.knows_people:
            raise Forbidden("bad_token", "the token proves nobody", where="Authorization", fix="ask for another one")
    return Identity(actor=_believed(name or ANONYMOUS, rules), is_proven=not rules.knows_people)


def writer(identity: Identity) -> str:
    """Return the actor of a request that writes.

    Raises:
        Forbidden: code `token_needed`, when nothing proves who it is; `scope_missing`, when the token only reads.
    """
    if not identity.is_proven:
        raise token_needed("whoever writes here proves who they are")
    return allowed(identity, "write")


def allowed(identity: Identity, scope: Scope) -> str:
    """Return the actor of a request that needs `scope`.

    Raises:
        Forbidden: code `scope_missing`.
    """
    if identity.scopes is not None and scope not in identity.scopes:
        raise Forbidden(
            "scope_missing",
            f"{identity.actor} has {', '.join(identity.scopes)}, and this needs {scope}",
            where="token",
            fix="ask whoever keeps the agents file for a token with that scope",
        )
    return identity.actor


def token_needed(what: str) -> Forbidden:
    """Return the refusal of somebody who did not prove who they are."""
    return Forbidden("token_needed", what, where="Authorization", fix="send Bearer TOKEN")


def _believed(name: str, rules: AgentRules) -> str:
    if is_agent(name):
        known = rules.agents.get(name.lower())
        if known is not None and known.token_sha256 is not None:
            raise token_needed(f"{name} proves itself")
    return name


def _named(actor: str) -> str:
    if not actor.strip() or len(actor) > MAX_NAME or not actor.isprintable():
        raise InvalidInput(
            "bad_actor",
            "that is not a name",
            where="X-Counterpoint-Actor",
            fix=f"send 1 to {MAX_NAME} printable characters, such as an e-mail address",
        )
    return actor.strip()
