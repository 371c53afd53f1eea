"""Follows the feed of a control plane: server-sent events, and long polls where those do not pass."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Literal, NoReturn, TypeAlias

import httpx
import msgspec

from counterpoint.errors import CounterpointError, DependencyFailure
from counterpoint.storage.snapshots.deltas import MAX_BYTES, Piece
from counterpoint.storage.snapshots.last_good import LastGood
from counterpoint.telemetry import logger
from counterpoint.vocabulary import is_key

AGE_HEADER = "Counterpoint-Age-S"
Standing: TypeAlias = Literal["connecting", "streaming", "polling", "waiting"]


class Offer(msgspec.Struct, frozen=True):
    """What the feed says of one surface: which snapshot is the newest, and how long ago that was known for sure."""

    release: int
    id: str
    age_s: float = 0.0


class _Feed(msgspec.Struct, frozen=True):
    surfaces: dict[str, Offer]


class _Body(msgspec.Struct, frozen=True):
    surface: str
    id: str
    snapshot: msgspec.Raw
    age_s: float = 0.0


class _Delta(msgspec.Struct, frozen=True):
    surface: str
    id: str
    base: str
    pieces: list[Piece]
    age_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How patient a follower is; all in seconds.

    Attributes:
        heartbeat_s: How often the stream has to give a sign of life; after three without one it is given up.
        first_wait_s: Longest wait after a first failure; doubles with each failure that follows.
        longest_wait_s: Where doubling ends.
        poll_wait_s: How long one long poll waits.
        polling_s: How long polls replace a stream that does not pass, before it is tried again.
        refused_again_s: How long a snapshot that was refused is not fetched again.
    """

    heartbeat_s: float = 2.0
    first_wait_s: float = 0.25
    longest_wait_s: float = 10.0
    poll_wait_s: float = 20.0
    polling_s: float = 60.0
    refused_again_s: float = 10.0


@dataclass(slots=True, kw_only=True)
class _Following:
    client: httpx.AsyncClient
    good: LastGood
    clock: Callable[[], datetime]
    pacing: Pacing
    stand: Callable[[Standing], None]
    refused: dict[tuple[str, str], float] = field(default_factory=dict)


async def follow(
    client: httpx.AsyncClient,
    good: LastGood,
    *,
    clock: Callable[[], datetime],
    chance: Random,
    pacing: Pacing | None = None,
    stand: Callable[[Standing], None] = lambda _: None,
) -> NoReturn:
    """Take every snapshot that the feed at `client.base_url` announces, for ever; nothing that happens ends it.

    Args:
        chance: Spreads the reconnects of a fleet that lost its control plane at the same moment.
        stand: Told how it stands whenever that changes.
    """
    pacing = pacing or Pacing()
    one = _Following(client=client, good=good, clock=clock, pacing=pacing, stand=stand)
    n_failed = n_mute = 0
    while True:
        heard = False
        try:
            if n_mute < 2:
                async for _ in _streamed(one):
                    heard, n_failed, n_mute = True, 0, 0
            else:
                await _polled(one)
                n_failed = n_mute = 0
                continue
        except httpx.ConnectError as error:
            _log("control plane not reached", error)
        except (httpx.HTTPError, httpx.InvalidURL, DependencyFailure) as error:
            # It answers, or holds its tongue, but no event passes: a proxy may be in the way.
            n_mute += 0 if heard or n_mute >= 2 else 1
            _log("feed interrupted", error)
        except Exception:
            # The boundary of this thread: whatever the feed sends, the last good snapshots must go on being renewed.
            logger("snapshots").exception("feed failed unexpectedly")
        n_failed += 1
        stand("waiting")
        longest = min(pacing.longest_wait_s, pacing.first_wait_s * 2.0 ** min(n_failed - 1, 16))
        await asyncio.sleep(longest * (0.1 + 0.9 * chance.random()))


async def _streamed(one: _Following) -> AsyncIterator[None]:
    """Take what the stream announces, yielding after each event; ends when the stream does."""
    one.stand("connecting")
    beat = one.pacing.heartbeat_s
    timeout = httpx.Timeout(5.0, read=3 * beat)
    async with one.client.stream(
        "GET",
        "/v1/feed/events",
        params={"heartbeat_s": beat, "bodies": True, "deltas": True},
        headers={"Accept": "text/event-stream"},
        timeout=timeout,
    ) as response:
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            raise DependencyFailure("no_stream", f"the feed does not stream (status {response.status_code})")
        _check_status(response)
        name = b""
        async for line in _lines(response):
            if line.startswith(b"event:"):
                name = line.removeprefix(b"event:").strip()
            elif line.startswith(b"data:"):
                one.stand("streaming")
                data = line.removeprefix(b"data:").strip()
                if name == b"body":
                    await _arrived(one, data)
                elif name == b"delta":
                    await _changed(one, data)
                else:
                    await _handle(one, _decoded(data))
                yield


async def _lines(response: httpx.Response) -> AsyncIterator[bytes]:
    # Split at line feeds alone: httpx would also split at characters that a snapshot's strings may hold.
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_BYTES:
            raise DependencyFailure("strange_feed", "the feed sends a line without end")
        for line in lines:
            yield line


async def _polled(one: _Following) -> None:
    """Take what long polls bring, for as long as `Pacing.polling_s` says."""
    until = time.monotonic() + one.pacing.polling_s
    while time.monotonic() < until:
        answer = await one.client.get("/v1/feed", timeout=5.0)
        _check_status(answer)
        one.stand("polling")
        offers = _decoded(answer.content)
        await _handle(one, offers)
        if not offers:
            await asyncio.sleep(min(1.0, one.pacing.poll_wait_s))
        else:
            # New surfaces are found by asking for the whole list again, once all have been waited for.
            polls = [asyncio.create_task(_poll(one, surface)) for surface in offers]
            try:
                await asyncio.gather(*polls)
            finally:
                for poll in polls:
                    poll.cancel()


async def _poll(one: _Following, surface: str) -> None:
    held = one.good.held(surface)
    wait_s = one.pacing.poll_wait_s
    await _fetch(one, surface, params={"after": held.release if held else 0, "wait_s": wait_s}, timeout=wait_s + 5.0)


async def _handle(one: _Following, offers: Mapping[str, Offer]) -> None:
    for surface, offer in offers.items():
        held = one.good.held(surface)
        if held is not None and held.compiled.id == offer.id:
            one.good.confirm(surface, offer.id, _ago(one.clock(), offer.age_s))
        elif time.monotonic() >= one.refused.get((surface, offer.id), 0.0):
            await _fetch(one, surface, params={}, timeout=10.0)


async def _fetch(one: _Following, surface: str, *, params: Mapping[str, float], timeout: float) -> None:
    held = one.good.held(surface)
    headers = {"If-None-Match": f'"{held.compiled.id}"'} if held else {}
    answer = await one.client.get(f"/v1/feed/{surface}", params=dict(params), headers=headers, timeout=timeout)
    offered, age_s = answer.headers.get("etag", "").strip('"'), _seconds(answer.headers.get(AGE_HEADER))
    if answer.status_code == httpx.codes.NOT_MODIFIED:
        one.good.confirm(surface, offered, _ago(one.clock(), age_s))
        return
    _check_status(answer)
    taken = await _take(one, surface, answer.content, offered, age_s)
    if params and not taken:  # a poll that is answered at once would be asked again at once
        await asyncio.sleep(one.pacing.refused_again_s)


async def _arrived(one: _Following, data: bytes) -> None:
    """Take a snapshot that came with the stream; one that cannot be read is fetched when the list names it."""
    try:
        body = msgspec.json.decode(data, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        _log("strange body", error)
        return
    if is_key(body.surface):
        await _take(one, body.surface, bytes(body.snapshot), body.id, max(0.0, min(body.age_s, 1e9)))


async def _changed(one: _Following, data: bytes) -> None:
    """Take what changed since the snapshot that is served; where it does not fit, the whole is fetched by the list."""
    try:
        delta = msgspec.json.decode(data, type=_Delta)
        now, age_s = one.clock(), max(0.0, min(delta.age_s, 1e9))
        await asyncio.to_thread(
            one.good.patch,
            delta.surface,
            delta.pieces,
            base=delta.base,
            expected_id=delta.id,
            now=now,
            age_s=age_s,
        )
        one.refused.clear()
    except (msgspec.DecodeError, UnicodeDecodeError, CounterpointError) as error:
        _log("delta not taken", error)


async def _take(one: _Following, surface: str, data: bytes, offered: str, age_s: float) -> bool:
    try:
        # In a thread: compiling a large snapshot must not stop what else this loop does.
        now = one.clock()
        await asyncio.to_thread(one.good.take, surface, data, expected_id=offered, now=now, age_s=age_s)
        one.refused.clear()
    except CounterpointError as error:
        one.good.refused(surface, error)
        one.refused[surface, offered] = time.monotonic() + one.pacing.refused_again_s
        return False
    return True


def _decoded(data: bytes) -> dict[str, Offer]:
    try:
        offers = msgspec.json.decode(data, type=_Feed).surfaces
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DependencyFailure("strange_feed", f"the feed cannot be read ({str(error)[:200]})") from error
    return {surface: offer for surface, offer in offers.items() if is_key(surface)}


def _check_status(answer: httpx.Response) -> None:
    if answer.status_code != httpx.codes.OK:
        raise DependencyFailure("feed_refused", f"the control plane answers {answer.status_code}")


def _seconds(text: str | None) -> float:
    try:
        return max(0.0, min(float(text or 0.0), 1e9))
    except ValueError:
        return 0.0


def _ago(now: datetime, age_s: float) -> datetime:
    return now - timedelta(seconds=max(0.0, min(age_s, 1e9)))


def _log(what: str, error: Exception) -> None:
    logger("snapshots").info(what, extra={"reason": f"{type(error).__name__}: {error}"[:300]})
