"""The client of the feed against a real server on loopback; nothing waits for a time, only for what must happen."""

import asyncio
from datetime import timedelta
from random import Random

import httpx
import pytest
from msgspec.structs import replace
from starlette.responses import PlainTextResponse

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.storage.snapshots import Follower, LastGood, Pacing, SnapshotFiles, follow
from feed_world import HALVES, NOW, Clock, distributing, eventually, put, served, served_feed, snapshot

QUICK = Pacing(
    heartbeat_s=0.5, first_wait_s=0.02, longest_wait_s=0.1, poll_wait_s=1.0, polling_s=30.0, refused_again_s=0.2
)


@pytest.fixture
def source():
    good = LastGood()
    put(good, snapshot(1))
    return good


@pytest.fixture
def following():
    begun = []

    def start(url, good, **options):
        follower = Follower(url, good, clock=options.pop("clock", lambda: NOW), pacing=QUICK, **options)
        follower.start()
        begun.append(follower)
        return follower

    yield start
    for follower in begun:
        follower.close()


def release(good, surface="home"):
    held = good.held(surface)
    return held.release if held else 0


def test_two_followers_converge_on_each_publish_and_on_each_new_surface(source, following):
    with served_feed(source) as server:
        first, second = LastGood(), LastGood()
        following(server.url, first)
        following(server.url, second)
        for number in range(2, 6):
            put(source, snapshot(number))
            eventually(lambda number=number: release(first) == release(second) == number)
        put(source, snapshot(1, surface="search"))
        eventually(lambda: release(first, "search") == release(second, "search") == 1)
        assert first.live("home").data == source.live("home").data


def test_a_follower_survives_the_control_plane_and_catches_up_when_it_is_back(source, following):
    with served_feed(source) as server:
        good = LastGood()
        follower = following(server.url, good)
        eventually(lambda: release(good) == 1)
        server.stop()
        eventually(lambda: follower.standing == "waiting")
        assert good.live("home").release == 1
        put(source, snapshot(2))
        server.start()
        eventually(lambda: release(good) == 2)


def test_where_streams_do_not_pass_long_polls_bring_every_publish(source, following):
    app = create_app(distributing(source))

    async def without_streams(scope, receive, send):
        if scope["type"] == "http" and scope["path"].endswith("/events"):
            await PlainTextResponse("no streams here", status_code=501)(scope, receive, send)
        else:
            await app(scope, receive, send)

    with served(without_streams, source) as server:
        good = LastGood()
        follower = following(server.url, good)
        eventually(lambda: follower.standing == "polling")
        for number in (2, 3):
            put(source, snapshot(number))
            eventually(lambda number=number: release(good) == number)
        put(source, snapshot(7, surface="search"))
        eventually(lambda: release(good, "search") == 7)


def test_an_older_snapshot_that_the_feed_offers_is_refused_and_named(source, following):
    good = LastGood()
    put(good, snapshot(9))
    with served_feed(source) as server:
        following(server.url, good)
        eventually(lambda: good.problems)
        assert good.problems["home"]["code"] == "snapshot_older"
        assert good.live("home").release == 9
        put(source, snapshot(10))
        eventually(lambda: release(good) == 10)
        assert not good.problems


def test_what_is_altered_on_the_way_is_refused_until_it_arrives_whole(source, following):
    app = create_app(distributing(source))
    tampering = True

    async def through_a_bad_wire(scope, receive, send):
        async def altered(message):
            if tampering and message["type"] == "http.response.body":
                message = {**message, "body": message.get("body", b"").replace(b"Good morning", b"Good evening")}
            await send(message)

        drops_length = scope["type"] == "http" and scope["path"] == "/v1/feed/home"
        await app(scope, receive, altered if drops_length else send)

    with served(through_a_bad_wire, source) as server:
        good = LastGood()
        following(server.url, good)
        eventually(lambda: good.problems)
        assert good.problems["home"]["code"] == "wrong_digest"
        assert release(good) == 0
        tampering = False
        eventually(lambda: release(good) == 1)


@pytest.mark.parametrize("is_altered", [False, True], ids=["whole", "altered on the way"])
def test_what_changed_comes_with_the_stream_and_the_whole_is_fetched_only_where_that_does_not_fit(
    source, following, is_altered
):
    app = create_app(distributing(source))
    many = tuple(replace(HALVES, key=f"e{place}", salt=f"e{place}") for place in range(5))
    put(source, snapshot(2, experiments=many))
    seen = []

    async def watched(scope, receive, send):
        async def noted(message):
            body = message.get("body", b"")
            seen.append("delta" if body.startswith(b"event: delta") else scope["path"])
            if is_altered and seen[-1] == "delta":
                message = {**message, "body": body.replace(b"Good evening", b"Bad evening")}
            await send(message)

        await app(scope, receive, noted if scope["type"] == "http" else send)

    with served(watched, source) as server:
        good = LastGood()
        following(server.url, good)
        eventually(lambda: release(good) == 2)
        seen.clear()
        parameters = tuple(
            replace(each, baseline="Good evening") if each.key == "title" else each for each in snapshot(3).parameters
        )
        put(source, snapshot(3, experiments=many, parameters=parameters))
        eventually(lambda: release(good) == 3)
        assert good.live("home").data == source.live("home").data
        assert "delta" in seen
        assert ("/v1/feed/home" in seen) is is_altered
        assert not good.problems


def test_heartbeats_confirm_with_the_age_that_the_control_plane_itself_has(source, following):
    clock = Clock()
    with served_feed(source, clock) as server:
        good = LastGood()
        following(server.url, good, clock=clock)
        eventually(lambda: release(good) == 1)
        clock.advance(40)  # the control plane's own database has not answered since
        put(source, snapshot(2), at=clock.now - timedelta(seconds=7))
        eventually(lambda: release(good) == 2)
        assert good.live("home").compiled.age_s(clock()) == 7.0


def test_a_follower_that_starts_while_the_control_plane_is_down_serves_from_disk(tmp_path, source, following):
    kept = LastGood(SnapshotFiles(tmp_path))
    put(kept, snapshot(6))
    good = LastGood(SnapshotFiles(tmp_path))
    good.restore(NOW)
    follower = following("http://127.0.0.1:1", good)
    eventually(lambda: follower.standing == "waiting")
    assert (good.live("home").release, good.live("home").origin) == (6, "disk")


def test_whatever_the_feed_sends_following_goes_on(following):
    answers = iter([b"", b"data: [1,2", b"data: {}\n\n", b'data: {"surfaces":{"../x":{"release":1,"id":"a"}}}\n\n'])
    paths = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        body = next(answers, b"data: \xff\n\n")
        return httpx.Response(200, content=body, headers={"content-type": "text/event-stream"})

    async def main():
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(transport=transport, base_url="http://control") as client:
            task = asyncio.create_task(follow(client, LastGood(), clock=lambda: NOW, chance=Random(1), pacing=QUICK))
            while len(paths) < 8:
                await asyncio.sleep(0.01)
                assert not task.done()
            task.cancel()

    asyncio.run(main())
    assert set(paths) <= {"/v1/feed/events", "/v1/feed"}


def test_waits_between_attempts_are_spread_and_bounded(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)
        if len(waits) == 12:
            raise asyncio.CancelledError

    def refuse(request):
        raise httpx.ConnectError("nobody there")

    async def main():
        monkeypatch.setattr("counterpoint.storage.snapshots.following.asyncio.sleep", sleep)
        async with httpx.AsyncClient(transport=httpx.MockTransport(refuse), base_url="http://control") as client:
            await follow(client, LastGood(), clock=lambda: NOW, chance=Random(4), pacing=Pacing())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert max(waits) <= 10.0
    assert waits[0] <= 0.25
    assert len(set(waits)) == len(waits)
    assert max(waits[6:]) > 2.0


def test_a_follower_tells_the_fleet_what_it_serves_at_once_after_a_change(source, following):
    platform = distributing(source)
    with served(create_app(platform), source) as server:
        good = LastGood()

        def report():
            served_now = {
                "home": {"release": release(good), "snapshot": "5b1c9e0d7a42f318", "age_s": 0.0, "stale": False}
            }
            return {"process": "p1", "role": "delivery", "started_at": NOW.isoformat(), "surfaces": served_now}

        following(server.url, good, report=report, report_every_s=3600.0)
        eventually(lambda: [one["release"] for one in platform.fleet.document()["surfaces"].get("home", [])] == [1])
        put(source, snapshot(2))
        eventually(lambda: [one["release"] for one in platform.fleet.document()["surfaces"]["home"]] == [2])


def test_a_process_that_follows_can_be_followed(source, following):
    with served_feed(source) as server:
        middle = LastGood()
        following(server.url, middle)
        with served_feed(middle) as relay:
            far = LastGood()
            following(relay.url, far)
            put(source, snapshot(3))
            eventually(lambda: release(far) == 3)
            assert AsgiClient(create_app(distributing(far))).get("/v1/feed/home").content == source.live("home").data
