"""Who writes: the header that names the actor of a change."""

from typing import Annotated

from fastapi import Header

from counterpoint.errors import InvalidInput

ANONYMOUS = "anonymous@localhost"
HEADER = "X-Counterpoint-Actor"
_MAX_LENGTH = 128


def actor_of(
    actor: Annotated[
        str,
        Header(
            alias=HEADER,
            description="Who makes the change, for the audit log and for approvals. Taken on trust: put a proxy in "
            "front that authenticates people and sets it.",
            examples=["maria@example.org"],
        ),
    ] = ANONYMOUS,
) -> str:
    """Return the actor of a request.

    Raises:
        InvalidInput: code `bad_actor`, when it could not be stored or read.
    """
    if not actor.strip() or len(actor) > _MAX_LENGTH or not actor.isprintable():
        raise InvalidInput(
            "bad_actor",
            "that is not a name",
            where=HEADER,
            fix=f"send 1 to {_MAX_LENGTH} printable characters, such as an e-mail address",
        )
    return actor.strip()
