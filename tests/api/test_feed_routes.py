import asyncio
import json
import threading

import httpx
import pytest
from msgspec.structs import replace

from api.asgi_client import AsgiClient
from api.fake_platform import FakePlatform
from counterpoint.api import create_app
from counterpoint.config import encode_snapshot, snapshot_id
from counterpoint.storage.snapshots import Follower, LastGood
from feed_world import NOW, Clock, distributing, eventually, put, served_feed, snapshot

REPORT = {
    "process": "host/1/abc",
    "role": "delivery",
    "started_at": NOW.isoformat(),
    "surfaces": {"home": {"release": 4, "snapshot": "5b1c9e0d7a42f318", "age_s": 0.5, "stale": False}},
}


@pytest.fixture
def good():
    made = LastGood()
    put(made, snapshot(4))
    return made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def client(good, clock):
    return AsgiClient(create_app(distributing(good, clock)))


def test_the_feed_gives_the_bytes_that_were_published_under_their_address(client, clock):
    clock.advance(2.5)
    answer = client.get("/v1/feed/home")
    assert answer.status_code == 200
    assert answer.content == encode_snapshot(snapshot(4))
    assert answer.headers["etag"] == f'"{snapshot_id(snapshot(4))}"'
    assert answer.headers["counterpoint-release"] == "4"
    assert answer.headers["counterpoint-age-s"] == "2.500"


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_what_the_caller_has_is_not_sent_again(client, form):
    answer = client.get("/v1/feed/home", headers={"If-None-Match": form.format(snapshot_id(snapshot(4)))})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["counterpoint-age-s"] == "0.000"


def test_another_address_gets_the_snapshot(client):
    assert client.get("/v1/feed/home", headers={"If-None-Match": '"0000"'}).status_code == 200


def test_a_long_poll_behind_the_release_answers_at_once(client):
    answer = client.get("/v1/feed/home", params={"after": 3, "wait_s": 60})
    assert answer.headers["counterpoint-release"] == "4"


def test_a_long_poll_without_a_publish_ends_with_what_is_there(client):
    etag = {"If-None-Match": f'"{snapshot_id(snapshot(4))}"'}
    answer = client.get("/v1/feed/home", params={"after": 4, "wait_s": 0.05}, headers=etag)
    assert answer.status_code == 304


def test_a_long_poll_ends_with_the_publish_that_it_waited_for(client, good):
    watching = threading.Event()
    watch = good.watch

    def noted(notify):
        stop = watch(notify)
        watching.set()
        return stop

    good.watch = noted
    publish = threading.Thread(target=lambda: (watching.wait(10), put(good, snapshot(5))))
    publish.start()
    answer = client.get("/v1/feed/home", params={"after": 4, "wait_s": 30})
    publish.join()
    assert answer.headers["counterpoint-release"] == "5"


@pytest.mark.parametrize("path", ["/v1/feed/search", "/v1/feed/search?after=1&wait_s=5"])
def test_a_surface_that_is_not_there_is_404_without_waiting(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_surface")


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=1&wait_s=1e9", "after=1&wait_s=nan", "wait_s=-1"])
def test_a_wait_out_of_bounds_is_refused_with_its_place(client, query):
    answer = client.get(f"/v1/feed/home?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_request"


def test_without_any_snapshot_the_feed_says_try_again():
    client = AsgiClient(create_app(distributing(LastGood())))
    assert client.get("/v1/feed").json() == {"surfaces": {}}
    answer = client.get("/v1/feed/home")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_snapshot_yet")


def test_the_list_names_release_address_and_age_of_each_surface(client, clock):
    clock.advance(3)
    offer = {"release": 4, "id": snapshot_id(snapshot(4)), "age_s": 3.0}
    assert client.get("/v1/feed").json() == {"surfaces": {"home": offer}}


def test_the_stream_says_what_there_is_then_each_publish_and_beats_in_between(good):
    async def main(url):
        events = []
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
            client.stream("GET", "/v1/feed/events", params={"heartbeat_s": 0.5}) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    events.append(line.removeprefix("event: "))
                elif line.startswith("data:"):
                    events.append(json.loads(line.removeprefix("data:"))["surfaces"]["home"]["release"])
                if len(events) == 2:
                    await asyncio.to_thread(put, good, snapshot(5))
                if events[-2:] == ["heartbeat", 5]:
                    return events
        return events

    with served_feed(good) as server:
        events = asyncio.run(main(server.url))
        eventually(lambda: not good._watchers)  # whoever leaves is not told any more
    assert events[:4] == ["snapshot", 4, "snapshot", 5]


def test_a_stream_with_bodies_carries_each_new_snapshot_before_the_list_that_names_it(good):
    odd = replace(snapshot(5).parameters[1], baseline="two\nlines\u2028 and \x85 \x1c more\r")
    odd_one = snapshot(5, parameters=(odd,))

    async def main(url):
        names, body = [], b""
        async with (
            httpx.AsyncClient(base_url=url, trust_env=False) as client,
            client.stream("GET", "/v1/feed/events", params={"heartbeat_s": 60, "bodies": 1}) as answer,
        ):
            async for chunk in answer.aiter_bytes():
                body += chunk
                names = [line for line in body.split(b"\n") if line.startswith(b"event:")]
                if len(names) == 1 and good.live("home").release == 4:
                    await asyncio.to_thread(put, good, odd_one)
                if len(names) == 3 and body.endswith(b"\n\n"):
                    break
        return names, body

    with served_feed(good) as server:
        names, body = asyncio.run(main(server.url))
        follower_good = LastGood()
        follower = Follower(server.url, follower_good, clock=lambda: NOW)
        follower.start()
        eventually(lambda: follower_good.held("home"))
        put(good, replace(odd_one, release=6))
        eventually(lambda: follower_good.live("home").release == 6)
        follower.close()
    assert names == [b"event: snapshot", b"event: body", b"event: snapshot"]
    (carried,) = [line for line in body.split(b"\n") if b'"snapshot": {' in line]
    assert encode_snapshot(odd_one) in carried
    assert follower_good.live("home").data == good.live("home").data


def test_a_server_that_stops_lets_go_of_its_streams(good):
    with served_feed(good) as server:
        listening = threading.Event()

        def listen():
            with httpx.stream(
                "GET", f"{server.url}/v1/feed/events?heartbeat_s=60", timeout=30, trust_env=False
            ) as answer:
                for _ in answer.iter_lines():
                    listening.set()

        thread = threading.Thread(target=listen)
        thread.start()
        assert listening.wait(10)
        server.stop()  # fails when the server is still there after 10 seconds
        thread.join(10)
        assert not thread.is_alive()
        server.start()


def test_the_fleet_shows_the_share_of_serving_processes_on_each_release(client):
    for number, release in enumerate((4, 4, 4, 3)):
        served = {"home": {**REPORT["surfaces"]["home"], "release": release}}
        answer = client.post("/v1/fleet", json={**REPORT, "process": f"p{number}", "surfaces": served})
        assert answer.status_code == 200
    client.post("/v1/fleet", json={**REPORT, "process": "c", "role": "control"})
    fleet = client.get("/v1/fleet").json()
    assert [(one["release"], one["n_processes"], one["share"]) for one in fleet["surfaces"]["home"]] == [
        (4, 3, 0.75),
        (3, 1, 0.25),
    ]
    assert len(fleet["processes"]) == 5


def test_a_process_that_reports_again_is_counted_once_and_one_that_falls_silent_expires(client, clock):
    client.post("/v1/fleet", json=REPORT)
    clock.advance(15)
    client.post("/v1/fleet", json=REPORT)
    client.post("/v1/fleet", json={**REPORT, "process": "other"})
    assert [one["n_processes"] for one in client.get("/v1/fleet").json()["surfaces"]["home"]] == [2]
    clock.advance(15)
    client.post("/v1/fleet", json=REPORT)
    clock.advance(10)
    assert [one["process"] for one in client.get("/v1/fleet").json()["processes"]] == [REPORT["process"]]


@pytest.mark.parametrize(
    "change",
    [
        {"role": "king"},
        {"process": ""},
        {"surfaces": {"home": {"release": -1, "snapshot": "x", "age_s": 0}}},
        {"surfaces": {"home": {"release": 1, "snapshot": "x" * 65, "age_s": 0}}},
        {"surfaces": []},
        {"extra": 1},
    ],
)
def test_a_report_out_of_form_is_refused(client, change):
    answer = client.post("/v1/fleet", json={**REPORT, **change})
    assert answer.status_code == 422


def test_a_fleet_is_bounded(client, monkeypatch):
    monkeypatch.setattr("counterpoint.delivery.fleet.MAX_PROCESSES", 2)
    for name in ("a", "b"):
        assert client.post("/v1/fleet", json={**REPORT, "process": name}).status_code == 200
    answer = client.post("/v1/fleet", json={**REPORT, "process": "c"})
    assert answer.json()["error"]["code"] == "fleet_full"
    assert client.post("/v1/fleet", json={**REPORT, "process": "a"}).status_code == 200


def test_a_platform_that_distributes_nothing_has_no_feed():
    assert AsgiClient(create_app(FakePlatform())).get("/v1/feed").status_code == 404
