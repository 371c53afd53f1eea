"""The outermost layer of the API: bounded bodies, text that can be stored, and a count of every answer."""

import json
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from counterpoint.api.refusals import MAX_BODY_BYTES, internal, refusal, too_large
from counterpoint.errors import CounterpointError, InvalidInput
from counterpoint.telemetry import Meters

_HAS_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Guard:
    """Reads a body once, refuses what no route may see, and passes the rest on.

    Args:
        app: What answers.
        meters: Where answers are counted.
    """

    def __init__(self, app: ASGIApp, *, meters: Meters) -> None:
        self._app = app
        self._meters = meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def counted(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._meters.requests.labels(_route(scope), str(message["status"])).inc()
            await send(message)

        try:
            body = await _whole_body(scope, receive)
            _check_text(scope, body)
            _check_type(scope, body)
        except CounterpointError as error:
            await refusal(error)(scope, receive, counted)
            return
        try:
            await self._app(scope, replayed(body, receive), counted)
        except Exception as error:
            # The one broad catch of the process. An answer that has begun cannot become another one: the server
            # closes that connection.
            if begun:
                raise
            await internal(error, scope["path"])(scope, receive, counted)


def replayed(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives `body` once, and then what the connection says."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _whole_body(scope: Scope, receive: Receive) -> bytes:
    if scope["method"] not in _HAS_BODY:
        return b""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > MAX_BODY_BYTES:
            raise too_large()
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > MAX_BODY_BYTES:
            raise too_large()
        if not message.get("more_body", False):
            return b"".join(parts)


def _check_type(scope: Scope, body: bytes) -> None:
    # A cross-site form cannot declare JSON without asking first, so this also keeps other sites' pages from writing.
    if not body or not scope["path"].startswith("/v1/"):
        return
    declared = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    kind = declared.split(b";")[0].strip().lower()
    if kind != b"application/json" and not kind.endswith(b"+json"):
        raise InvalidInput(
            "unsupported_media_type",
            "the body is not declared as JSON",
            where="Content-Type",
            fix="send Content-Type: application/json",
        )


def _check_text(scope: Scope, body: bytes) -> None:
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        raise _unstorable("address")
    if b"\x00" in body:
        raise _unstorable("body")
    # Only escapes can hide what UTF-8 cannot hold, and they are rare: parse those bodies alone.
    if b"\\u0000" in body or b"\\ud" in body or b"\\uD" in body:
        try:
            found = _strings_are_storable(json.loads(body))
        except (ValueError, RecursionError):
            return  # not JSON: the route says so, with the place
        if not found:
            raise _unstorable("body")


def _strings_are_storable(value: Any) -> bool:
    match value:
        case str():
            return "\x00" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
        case dict():
            return all(_strings_are_storable(key) and _strings_are_storable(each) for key, each in value.items())
        case list():
            return all(_strings_are_storable(each) for each in value)
        case _:
            return True


def _unstorable(where: str) -> InvalidInput:
    return InvalidInput(
        "unstorable_text",
        "a null byte or half a character",
        where=where,
        fix="send text without U+0000 and lone surrogates",
    )


def _route(scope: Scope) -> str:
    # Never the path itself: whoever scans for addresses must not make new time series.
    known = scope.get("counterpoint.route") or getattr(scope.get("route"), "path", None)
    return str(known) if known else "unmatched"
