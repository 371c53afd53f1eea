"""Signing in to the pages with one's token, and the wrapper that closes a form to whoever did not."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from counterpoint.web.forms import read_form, required
from counterpoint.web.problems import Endpoint
from counterpoint.web.rendering import render
from counterpoint.web.visitor import COOKIE, actor_of, sessions_of

_LASTS_S = 12 * 3600


def only_known(endpoint: Endpoint) -> Endpoint:
    """Return `endpoint` closed to whoever has not signed in, once people have tokens."""

    async def answer(request: Request) -> Response:
        actor_of(request, {})
        return await endpoint(request)

    return answer


async def show_sign_in(request: Request) -> Response:
    """Show the form that takes a token."""
    return render(request, "sign_in.html", {"back": _within(request.query_params.get("back", "/"))})


async def sign_in(request: Request) -> Response:
    """Begin a session, and go back to where somebody came from."""
    fields = await read_form(request)
    response = RedirectResponse(_within(fields.get("back", "/")), status_code=303)
    sessions = sessions_of(request)
    if sessions is not None:
        session = sessions.begin(required(fields, "token", "paste the token that you were given"))
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, session, max_age=_LASTS_S, httponly=True, samesite="strict", secure=secure)
    return response


async def sign_out(request: Request) -> Response:
    """Forget the session in this browser."""
    await read_form(request)
    response = RedirectResponse("/", status_code=303)
    response.delete_cookie(COOKIE)
    return response


def _within(address: str) -> str:
    # Never away from here: "//evil.example.org" and "/\\evil.example.org" are other sites to a browser.
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if plain else "/"
