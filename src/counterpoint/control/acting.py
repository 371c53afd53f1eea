"""Who may write at once: people. What an agent wants to write is parked first, whichever door it comes by."""

from counterpoint.agents import AGENT_PREFIX, is_agent
from counterpoint.errors import Forbidden, InvalidInput

MAX_LENGTH = 128


def people_only(actor: str) -> None:
    """Refuse an agent.

    Raises:
        Forbidden: code `park_first`.
    """
    if is_agent(actor):
        raise Forbidden(
            "park_first",
            f"{actor} is an agent, and what an agent writes is parked until it is approved and confirmed",
            where="actor",
            fix="park it: POST /v1/parked-writes, or the MCP tools launch_experiment, stop_experiment and the like",
        )


def as_stored(actor: str) -> None:
    """Let anybody pass: for the one caller that carries out parked writes, which has asked everything already."""
    del actor


def a_person(actor: str, *, doing: str) -> str:
    """Return the name of somebody who is no agent.

    Raises:
        Forbidden: code `agents_do_not_approve`.
        InvalidInput: code `bad_actor`.
    """
    named = _named(actor)
    if is_agent(named):
        raise Forbidden(
            "agents_do_not_approve", f"{named} is an agent and cannot {doing}", where="actor", fix="ask a person"
        )
    return named


def an_agent(actor: str) -> str:
    """Return the name of an agent.

    Raises:
        Forbidden: code `not_an_agent`.
        InvalidInput: code `bad_actor`.
    """
    named = _named(actor)
    if not is_agent(named):
        raise Forbidden(
            "not_an_agent",
            f"{named} is no agent, and people write without parking",
            where="actor",
            fix=f"act as {AGENT_PREFIX}NAME, or use the route that does it at once",
        )
    return named


def _named(actor: str) -> str:
    name = actor.strip()
    if not name or len(name) > MAX_LENGTH or not name.isprintable():
        raise InvalidInput("bad_actor", "that is not a name", where="actor", fix=f"give 1 to {MAX_LENGTH} characters")
    return name
