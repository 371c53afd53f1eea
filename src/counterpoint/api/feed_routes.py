"""The routes between processes: snapshots down to those that serve, what they serve back up."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from hmac import compare_digest
from typing import Annotated, Any, Literal, Protocol

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from starlette.responses import Response

from counterpoint.api.answers import answers
from counterpoint.api.ports import Document
from counterpoint.errors import DependencyFailure, Forbidden, NotFound

MAX_STREAMS = 5_000
MAX_BODY_BYTES = 1_000_000
_AGE = "Counterpoint-Age-S"
_OFFER = {"release": 12, "id": "5b1c9e0d7a42f318", "age_s": 0.2}
_SERVED: JsonDict = {"release": 12, "snapshot": "5b1c9e0d7a42f318", "age_s": 0.8, "stale": False}
_REPORT: JsonDict = {
    "process": "delivery-7/4711/5b1c9e",
    "role": "delivery",
    "started_at": "2026-11-02T08:00:00+00:00",
    "surfaces": {"home": _SERVED},
}
_FLEET = {
    "processes": [{**_REPORT, "heard_s": 1.2}],
    "surfaces": {"home": [{"release": 12, "snapshot": "5b1c9e0d7a42f318", "n_processes": 1, "share": 1.0}]},
    "expires_after_s": 20.0,
}


class Feed(Protocol):
    """The last good snapshots of this process."""

    closed: bool

    def surfaces(self) -> tuple[str, ...]:
        """Return the surfaces it has."""
        ...

    def live(self, surface: str) -> Any:
        """Return the snapshot of one: `.data`, `.release` and `.compiled`."""
        ...

    def delta(self, live: Any, base: str) -> bytes | None:
        """Return what makes `live` of the snapshot `base`, as a JSON list; None where the whole is better."""
        ...

    def watch(self, notify: Callable[[], object]) -> Callable[[], None]:
        """Call `notify` after each change, until what is returned is called."""
        ...


class Fleet(Protocol):
    """What the processes of the fleet said last."""

    def report(self, report: Mapping[str, Any]) -> Document:
        """Take what one process says."""
        ...

    def document(self) -> Document:
        """Return the processes, and the share of the fleet on each release."""
        ...


class _Distributing(Protocol):
    @property
    def snapshots(self) -> Feed: ...

    @property
    def fleet(self) -> Fleet | None: ...

    @property
    def clock(self) -> Callable[[], datetime]: ...


class ServedBody(BaseModel):
    """What a process serves of one surface."""

    model_config = ConfigDict(extra="forbid")
    release: int = Field(ge=0)
    snapshot: str = Field(max_length=64)
    age_s: float = Field(ge=0)
    stale: bool = False


class ReportBody(BaseModel):
    """What one process says of itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_REPORT]})
    process: str = Field(min_length=1, max_length=256, description="Unique among the processes of the fleet.")
    role: Literal["all", "delivery", "control", "worker"]
    started_at: str = Field(max_length=64)
    surfaces: dict[str, ServedBody] = Field(max_length=1000)


SurfaceKey = Annotated[str, Path(description="Key of the surface, such as `home`.", max_length=256)]
After = Annotated[int | None, Query(ge=0, description="Wait until there is a later release than this.")]
WaitS = Annotated[float, Query(ge=0, le=60, description="How long to wait at most, seconds.")]
Heartbeat = Annotated[float, Query(ge=0.5, le=60, description="Seconds between signs of life.")]


def feed_routes(platform: object) -> APIRouter:
    """Return the routes of the snapshot feed and of the fleet; none when `platform` distributes nothing."""
    token = getattr(getattr(platform, "settings", None), "fleet_token", None)
    routes = APIRouter(prefix="/v1", dependencies=[Depends(only_fleet(token))] if token else [])
    if not (hasattr(platform, "snapshots") and hasattr(platform, "fleet") and hasattr(platform, "clock")):
        return routes
    distributing: _Distributing = platform
    _add_feed(routes, distributing.snapshots, distributing.clock)
    if distributing.fleet is not None:
        _add_fleet(routes, distributing.fleet)
    return routes


def only_fleet(token: str) -> Callable[[str | None], None]:
    """Return what refuses, with `not_of_the_fleet`, whoever does not show `token`."""
    expected = f"Bearer {token}".encode()

    def check(authorization: Annotated[str | None, Header(max_length=1024)] = None) -> None:
        if authorization is None or not compare_digest(authorization.encode(), expected):
            raise Forbidden(
                "not_of_the_fleet",
                "this is for processes that show the fleet's token",
                where="Authorization",
                fix="start the process with the COUNTERPOINT_FLEET_TOKEN of the control plane",
            )

    return check


def _add_feed(routes: APIRouter, feed: Feed, clock: Callable[[], datetime]) -> None:
    streams: set[object] = set()

    @routes.get(
        "/feed",
        tags=["feed"],
        summary="What is the newest of each surface",
        responses=answers({"surfaces": {"home": _OFFER}}),
    )
    async def list_feed() -> Document:
        return _offers(feed, clock())

    @routes.get(
        "/feed/events",
        tags=["feed"],
        summary="Follow the feed",
        description="Server-sent events. Each carries the whole list of `GET /v1/feed`: one called `snapshot` at once "
        "and after each publish, one called `heartbeat` in between. With `bodies`, one called `body` goes before with "
        "the snapshot itself, unless that is longer than a megabyte. With `deltas`, one called `delta` goes before in "
        "its place where that is much shorter: `pieces` are runs of the snapshot `base`, first byte and length, and "
        "texts; put together they are the bytes whose content address is `id`.",
        response_class=StreamingResponse,
        responses={200: {"description": "The stream.", "content": {"text/event-stream": {}}}},
    )
    async def follow_feed(
        heartbeat_s: Heartbeat = 5.0, bodies: bool = False, deltas: bool = False
    ) -> StreamingResponse:
        if len(streams) >= MAX_STREAMS:
            raise DependencyFailure(
                "too_many_streams", f"{MAX_STREAMS:,} follow already", fix="follow another control process, or poll"
            )
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        stream = _events(feed, clock, heartbeat_s, streams, bodies=bodies, deltas=deltas)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    @routes.get(
        "/feed/{surface}",
        tags=["feed"],
        summary="Take a snapshot",
        description="The snapshot as JSON; its content address is the `ETag`, its release `Counterpoint-Release`, and "
        f"`{_AGE}` says how long ago it was known to be the newest. With `after`, waits for a later release: a long "
        "poll.",
        response_class=Response,
        responses={
            200: {"description": "The snapshot.", "content": {"application/json": {}}},
            304: {"description": "It is the one of `If-None-Match`, still."},
            **{status: each for status, each in answers({}, 404, 422, 503).items() if status != 200},
        },
    )
    async def take_snapshot(
        surface: SurfaceKey,
        after: After = None,
        wait_s: WaitS = 0.0,
        if_none_match: Annotated[str | None, Header(max_length=1024)] = None,
    ) -> Response:
        if after is not None and wait_s > 0:
            await _later(feed, surface, after, wait_s)
        live = feed.live(surface)
        etag = f'"{live.compiled.id}"'
        headers = {
            "ETag": etag,
            "Counterpoint-Release": str(live.release),
            _AGE: f"{live.compiled.age_s(clock()):.3f}",
            "Cache-Control": "no-cache",
        }
        if if_none_match is not None and _matches(if_none_match, etag):
            return Response(status_code=304, headers=headers)
        return Response(live.data, media_type="application/json", headers=headers)


def _add_fleet(routes: APIRouter, fleet: Fleet) -> None:
    @routes.get(
        "/fleet",
        tags=["feed"],
        summary="Who serves what",
        description="Every process that reported lately, and of each surface the share of the fleet on each release.",
        responses=answers(_FLEET),
    )
    def show_fleet() -> Document:
        return fleet.document()

    @routes.post(
        "/fleet",
        tags=["feed"],
        summary="Say what this process serves",
        responses=answers({"expires_after_s": 20.0}, 400, 413, 415, 422),
    )
    def report(body: ReportBody) -> Document:
        return fleet.report(body.model_dump())


def _offers(feed: Feed, now: datetime) -> Document:
    return {"surfaces": {surface: _offer(feed.live(surface), now) for surface in feed.surfaces()}}


def _offer(live: Any, now: datetime) -> Document:
    return {"release": live.release, "id": live.compiled.id, "age_s": round(live.compiled.age_s(now), 3)}


async def _events(
    feed: Feed, clock: Callable[[], datetime], heartbeat_s: float, streams: set[object], *, bodies: bool, deltas: bool
) -> AsyncIterator[bytes]:
    mark = object()
    streams.add(mark)
    changed, stop = _watched(feed)
    name = "snapshot"
    # What was there at the beginning is fetched by whoever lacks it; most who connect again do not.
    sent = {surface: feed.live(surface).compiled.id for surface in feed.surfaces()}
    try:
        while not feed.closed:
            changed.clear()
            for surface in feed.surfaces() if bodies or deltas else ():
                live = feed.live(surface)
                base, sent[surface] = sent.get(surface), live.compiled.id
                if base == live.compiled.id:
                    continue
                # Whoever did not take the base, for whatever reason, fetches the whole when the list names it.
                if base is not None and deltas and (delta := feed.delta(live, base)) is not None:
                    yield _event("delta", surface, live, clock(), {"base": base}, b"pieces", delta)
                elif bodies and len(live.data) <= MAX_BODY_BYTES:
                    yield _event("body", surface, live, clock(), {}, b"snapshot", live.data)
            yield f"event: {name}\ndata: {json.dumps(_offers(feed, clock()))}\n\n".encode()
            try:
                await asyncio.wait_for(changed.wait(), heartbeat_s)
                name = "snapshot"
            except TimeoutError:
                name = "heartbeat"
    finally:
        stop()
        streams.discard(mark)


def _event(name: str, surface: str, live: Any, now: datetime, more: Document, field: bytes, value: bytes) -> bytes:
    # Both values are one line of JSON: in its strings a line's end is written as two characters.
    head = json.dumps({"surface": surface, **_offer(live, now), **more}).removesuffix("}").encode()
    return b"event: " + name.encode() + b"\ndata: " + head + b', "' + field + b'": ' + value + b"}\n\n"


async def _later(feed: Feed, surface: str, after: int, wait_s: float) -> None:
    """Wait until `surface` has a later release than `after`, at most `wait_s` seconds."""
    changed, stop = _watched(feed)
    try:
        async with asyncio.timeout(wait_s):
            while not feed.closed:
                changed.clear()
                if surface not in feed.surfaces():
                    raise NotFound("unknown_surface", "there is no such surface", where="surface")
                if feed.live(surface).release > after:
                    return
                await changed.wait()
    except TimeoutError:
        return
    finally:
        stop()


def _watched(feed: Feed) -> tuple[asyncio.Event, Callable[[], None]]:
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    return changed, feed.watch(lambda: loop.call_soon_threadsafe(changed.set))


def _matches(header: str, etag: str) -> bool:
    return any(each.strip().removeprefix("W/") in (etag, "*") for each in header.split(","))
