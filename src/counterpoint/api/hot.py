"""Fast answers for resolve, page and events: msgspec in front of the FastAPI routes that do the same.

A body that is not exactly right is replayed to the FastAPI route, which names every field at fault; so there is one
place that refuses, and nothing here is visible but the time it saves.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeAlias
from uuid import uuid4

import msgspec
from msgspec import Meta
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from counterpoint.api.guard import replayed
from counterpoint.api.ports import Delivery, Document
from counterpoint.api.refusals import refusal
from counterpoint.config import MAX_PERMIT_CHARS
from counterpoint.errors import CounterpointError

Identifier = Annotated[str, Meta(min_length=1, max_length=256)]
Key = Annotated[str, Meta(max_length=128)]
OtherUnit = Annotated[str, Meta(max_length=256)]
"""An identifier of a device, an account; empty where the application has none."""
Permit = Annotated[str, Meta(min_length=1, max_length=MAX_PERMIT_CHARS)]
Value: TypeAlias = bool | int | float | str
MAX_EVENTS = 10_000


class ResolveRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bodies.ResolveBody`, for speed."""

    unit: Identifier
    context: dict[str, Value] = {}
    parameters: list[str] | None = None
    forced: dict[str, str] = {}
    permit: Permit | None = None
    units: dict[Key, OtherUnit] = {}


class PageRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bodies.PageBody`, for speed."""

    unit: Identifier
    context: dict[str, Value] = {}
    forced: dict[str, str] = {}
    permit: Permit | None = None
    units: dict[Key, OtherUnit] = {}
    request_id: Identifier | None = None


class EventsRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`bodies.EventsBody`, for speed."""

    events: Annotated[list[dict[str, Any]], Meta(max_length=MAX_EVENTS)]


_RESOLVE = msgspec.json.Decoder(ResolveRequest)
_PAGE = msgspec.json.Decoder(PageRequest)
_EVENTS = msgspec.json.Decoder(EventsRequest)
_ENCODER = msgspec.json.Encoder()
_PREFIX = "/v1/surfaces/"
Answer: TypeAlias = Callable[[], Awaitable[Document]]


class HotPaths:
    """Answers well-formed requests to the hot paths and passes everything else on.

    Args:
        app: The FastAPI application.
        delivery: The serving path.
        takes_events: False leaves event records to the FastAPI route, which asks who sends them.
    """

    def __init__(self, app: ASGIApp, *, delivery: Delivery, takes_events: bool = True) -> None:
        self._app = app
        self._delivery = delivery
        self._takes_events = takes_events

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        route = _hot_route(scope["path"])
        if route is None or not _says_json(scope) or (route[0] == "events" and not self._takes_events):
            await self._app(scope, receive, send)
            return
        message = await receive()  # the guard gives the whole body at once
        body: bytes = message.get("body", b"")
        try:
            answer = self._parsed(*route, body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            await self._app(scope, replayed(body, receive), send)
            return
        scope["counterpoint.route"] = _PREFIX + "{surface}/" + route[0] if route[1] else "/v1/events"
        try:
            response = Response(_ENCODER.encode(await answer()), media_type="application/json")
        except CounterpointError as error:
            response = refusal(error)
        await response(scope, receive, send)

    def _parsed(self, what: str, surface: str, body: bytes) -> Answer:
        match what:
            case "resolve":
                ask = _RESOLVE.decode(body)
                return lambda: resolve(self._delivery, surface, ask)
            case "page":
                wish = _PAGE.decode(body)
                return lambda: page(self._delivery, surface, wish)
            case _:
                batch = _EVENTS.decode(body)
                return lambda: run_in_threadpool(self._delivery.ingest, batch.events)


async def resolve(delivery: Delivery, surface: str, ask: ResolveRequest) -> Document:
    """Return the values asked for; in a thread, because the exposures are written down before the answer leaves."""
    return await run_in_threadpool(
        delivery.resolve,
        surface,
        ask.unit,
        ask.context,
        parameters=ask.parameters,
        forced=ask.forced,
        permit=ask.permit,
        units=ask.units,
    )


async def page(delivery: Delivery, surface: str, wish: PageRequest) -> Document:
    """Return the page asked for, under the caller's request id or a new one."""
    return await delivery.page(
        surface,
        wish.unit,
        wish.context,
        forced=wish.forced,
        permit=wish.permit,
        units=wish.units,
        request_id=wish.request_id or uuid4().hex,
    )


def _hot_route(path: str) -> tuple[str, str] | None:
    if path == "/v1/events":
        return ("events", "")
    if not path.startswith(_PREFIX):
        return None
    surface, _, what = path[len(_PREFIX) :].partition("/")
    return (what, surface) if surface and what in {"resolve", "page"} else None


def _says_json(scope: Scope) -> bool:
    # A browser's cross-site form cannot say JSON: what does not is left to FastAPI, which refuses it.
    for name, value in scope["headers"]:
        if name == b"content-type":
            return bool(value.split(b";")[0].strip().lower() == b"application/json")
    return False
