"""How every failure leaves the API: one status and one error document each, never a traceback."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

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

MAX_BODY_BYTES = 1_000_000
_MAX_FIELDS = 50  # a list of a thousand wrong entries is not answered by a book
_STATUS: Mapping[type[CounterpointError], int] = {
    InvalidInput: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    CannotCompute: 422,
    DependencyFailure: 503,
    PlatformFault: 500,
}
# Codes for which the protocol has a status of its own.
_STATUS_OF_CODE = {
    "bad_token": 401,
    "body_too_large": 413,
    "host_not_allowed": 421,
    "invalid_request": 422,
    "method_not_allowed": 405,
    "token_needed": 401,
    "unsupported_media_type": 415,
}
_LOG = logger("api")


def status_of(error: CounterpointError) -> int:
    """Return the HTTP status that `error` leaves with: by its code when the protocol names one, else by its class."""
    if error.code in _STATUS_OF_CODE:
        return _STATUS_OF_CODE[error.code]
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 500)


def refusal(error: CounterpointError) -> Response:
    """Return the answer that carries `error`."""
    headers = {"Retry-After": "1"} if error.retryable else None
    return Response(
        msgspec.json.encode({"error": error.as_document()}, enc_hook=str),
        status_code=status_of(error),
        headers=headers,
        media_type="application/json",
    )


def internal(error: Exception, path: str) -> Response:
    """Log what nobody expected, and return an answer that gives nothing of it away."""
    _LOG.error("unexpected", extra={"path": path}, exc_info=error)
    fault = PlatformFault(
        "internal", "something went wrong inside Counterpoint", where=path, fix="try again, and report it with the time"
    )
    return refusal(fault)


def install(app: FastAPI) -> None:
    """Make `app` answer every failure in the one error shape; the `Guard` does so for what nobody expected."""

    async def known(_: Request, error: Exception) -> Response:
        assert isinstance(error, CounterpointError)  # noqa: S101 - what the line below registers it for
        if isinstance(error, PlatformFault):
            _LOG.error("fault", extra={"code": error.code}, exc_info=error)
        return refusal(error)

    async def misshapen(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - likewise
        return refusal(_misshapen(error.errors()))

    async def protocol(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - likewise
        answer = refusal(_protocol(request, error))
        answer.headers.update(error.headers or {})
        return answer

    app.add_exception_handler(CounterpointError, known)
    app.add_exception_handler(RequestValidationError, misshapen)
    app.add_exception_handler(HTTPException, protocol)


def unknown_route(known: Sequence[BaseRoute], request: Request) -> CounterpointError:
    """Return why none of the `known` routes answers: the method is wrong, or there is no such path."""
    allowed: set[str] = set()
    for route in known:
        # A catch-all would hide that the path exists under another method.
        if route.matches(request.scope)[0] is Match.PARTIAL:
            allowed |= set(getattr(route, "methods", None) or ())
    if allowed:
        return _method_not_allowed(request, ", ".join(sorted(allowed)))
    return NotFound(
        "unknown_route", "there is no such address", where=request.url.path, fix="see /docs for all of them"
    )


def _method_not_allowed(request: Request, allowed: str) -> CounterpointError:
    return InvalidInput(
        "method_not_allowed", f"{request.method} is not offered", where=request.url.path, fix=f"use {allowed}"
    )


def _misshapen(errors: Sequence[Any]) -> CounterpointError:
    for error in errors:
        if error["type"] == "json_invalid":
            reason = error.get("ctx", {}).get("error", "it ends too early")
            return InvalidInput(
                "malformed_json", f"the body is not JSON: {reason}", where="body", fix="send one JSON object"
            )
    fields = [
        {"path": _path(error["loc"]), "message": error["msg"], "type": error["type"]} for error in errors[:_MAX_FIELDS]
    ]
    first = fields[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return InvalidInput(
        "invalid_request",
        f"{_lowered(first['message'])}{more}",
        where=first["path"],
        fix="see facts.fields for the fields at fault and /docs for the form",
        facts={"fields": fields},
    )


def _protocol(request: Request, error: HTTPException) -> CounterpointError:
    where = request.url.path
    match error.status_code:
        case 404:
            return NotFound("unknown_route", "there is no such address", where=where, fix="see /docs for all of them")
        case 405:
            return _method_not_allowed(request, (error.headers or {}).get("Allow", "another method"))
        case 413:
            return too_large()
        case status if status < 500:
            return InvalidInput("malformed_body", "the body cannot be read", where=where, fix="send one JSON object")
        case status:
            return PlatformFault("internal", HTTPStatus(status).phrase.lower(), where=where)


def too_large() -> CounterpointError:
    """Return the refusal of a body that is longer than the API reads."""
    return InvalidInput(
        "body_too_large",
        f"the body is longer than {MAX_BODY_BYTES:,} bytes",
        where="body",
        fix="send it in several requests",
        facts={"max_bytes": MAX_BODY_BYTES},
    )


def _path(location: Sequence[Any]) -> str:
    return ".".join(str(part) for part in location) or "body"


def _lowered(message: str) -> str:
    return message[:1].lower() + message[1:]
