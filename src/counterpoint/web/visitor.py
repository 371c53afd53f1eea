"""Who is behind a request: somebody who signed in, somebody a proxy names, or anybody while nobody has a token."""

from typing import Any

from starlette.requests import Request

from counterpoint.control.agency import Identity, identify, writer
from counterpoint.errors import CounterpointError
from counterpoint.web.forms import ACTOR_HEADER, ANONYMOUS
from counterpoint.web.ports import Document

COOKIE = "counterpoint_session"
_BEARER = "bearer "


def actor_of(request: Request, fields: dict[str, str]) -> str:
    """Return who acts: who signed in, or, while nobody has a token, whom a proxy, the form or nobody names.

    Raises:
        Forbidden: code `token_needed`, `bad_token` or `scope_missing`.
    """
    known = _identity(request)
    if known is not None:
        return writer(known)
    return request.headers.get(ACTOR_HEADER) or fields.get("actor") or ANONYMOUS


def visitor(request: Request) -> Document:
    """Return what every page knows of who looks at it: whether one has to sign in, who did, and where they are."""
    # Only what can be opened again is somewhere to come back to.
    here = request.url.path if request.method == "GET" else "/"
    try:
        known = _identity(request)
    except CounterpointError:
        return {"must_sign_in": True, "actor": None, "here": here}
    actor = known.actor if known is not None and known.is_proven else None
    return {"must_sign_in": known is not None, "actor": actor, "here": here}


def sessions_of(request: Request) -> Any:
    """Return what begins and checks sessions; None while nobody needs one."""
    sessions = getattr(getattr(request.app.state.platform, "agency", None), "sessions", None)
    return sessions if sessions is not None and sessions.are_needed else None


def _identity(request: Request) -> Identity | None:
    """Return who a token or a session proves, or that nothing does; None while names are taken on trust."""
    sessions = sessions_of(request)
    if sessions is None:
        return None
    said = request.headers.get("Authorization", "")
    if said.lower().startswith(_BEARER):
        return identify(sessions.rules, token=said[len(_BEARER) :], named=request.headers.get(ACTOR_HEADER))
    known: Identity | None = sessions.identity(request.cookies.get(COOKIE, ""))
    return known or Identity(actor=ANONYMOUS, is_proven=False)
