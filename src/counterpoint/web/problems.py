"""How failures look to a person: a page, or a part of one, with the code, the sentence and what to do."""

import re
from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from counterpoint.errors import (
    CannotCompute,
    Conflict,
    CounterpointError,
    DependencyFailure,
    Forbidden,
    InvalidInput,
    NotFound,
    PlatformFault,
)
from counterpoint.telemetry import logger
from counterpoint.web.rendering import render, wants_part

_LOG = logger("web")
_STATUS: Mapping[type[CounterpointError], int] = {
    InvalidInput: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    CannotCompute: 422,
    DependencyFailure: 503,
}
_STATUS_OF_CODE = {"bad_token": 401, "token_needed": 401}
_TOLD = 60
_ENDLESS = re.compile(rf"\S{{{2 * _TOLD},}}")
Endpoint = Callable[[Request], Awaitable[Response]]


def guarded(endpoint: Endpoint) -> Endpoint:
    """Return `endpoint` such that every failure is shown, and the unexpected is logged and shown as ours."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except CounterpointError as error:
            return problem(request, error)
        except HTTPException:
            raise
        except Exception as error:
            _LOG.error("unexpected", extra={"path": request.url.path}, exc_info=error)
            fault = PlatformFault(
                "internal", "something went wrong inside Counterpoint", fix="try again, and report it with the time"
            )
            return problem(request, fault)

    return answer


def problem(request: Request, error: CounterpointError) -> Response:
    """Return the page that shows `error`."""
    status = _STATUS_OF_CODE.get(error.code) or next(
        (status for kind, status in _STATUS.items() if isinstance(error, kind)), 500
    )
    template = "problem_part.html" if wants_part(request) else "problem.html"
    return render(
        request, template, {"error": error.as_document(), "what": _what(error), "status": status}, status=status
    )


def _what(error: CounterpointError) -> str:
    what = f"{error.where}: {error.what}" if error.where else error.what
    # What somebody sent is told so that they know it again, not whole: a form may hold thousands of characters.
    return _ENDLESS.sub(lambda word: f"{word[0][:_TOLD]}…", what)


async def no_such_page(request: Request, error: Exception) -> Response:
    """Return the page for an address or a method that leads nowhere."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        wrong = InvalidInput("method_not_allowed", "this address is not read that way", where=request.url.path)
        response = problem(request, wrong)
        response.status_code = 405
        return response
    lost = NotFound(
        "unknown_page", "there is no such page", where=request.url.path, fix="start at the list of experiments"
    )
    return problem(request, lost)
