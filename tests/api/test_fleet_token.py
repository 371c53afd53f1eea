"""Whoever does not show the fleet's token learns nothing from the feed and tells the fleet nothing."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.bootstrap import Fleet, opened, opened_delivery, short_id
from counterpoint.errors import InvalidInput
from counterpoint.events import Exposure
from counterpoint.settings import read_settings
from counterpoint.storage.snapshots import LastGood, Pacing
from feed_world import NOW, distributing, eventually, put, served, snapshot
from live_platform import START, prepared_settings, settings_at, spec
from memory_documents import MemoryDocuments

TOKEN = "a-token-that-a-whole-fleet-shares"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
REPORT = {"process": "p", "role": "delivery", "started_at": "2026-11-02T08:00:00+00:00", "surfaces": {}}
QUICK = Pacing(heartbeat_s=0.5, first_wait_s=0.02, longest_wait_s=0.2)


@pytest.fixture
def client():
    good = LastGood()
    put(good, snapshot())
    platform = distributing(good)
    platform.settings = SimpleNamespace(fleet_token=TOKEN)
    return AsgiClient(create_app(platform))


@pytest.mark.parametrize("headers", [{}, {"Authorization": TOKEN}, {"Authorization": "Bearer wrong"}])
def test_without_the_token_the_feed_and_the_fleet_are_closed(client, headers):
    for path in ("/v1/feed", "/v1/feed/home", "/v1/feed/events", "/v1/fleet"):
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_of_the_fleet"), path
    assert client.post("/v1/fleet", json=REPORT, headers=headers).status_code == 403
    assert client.post("/v1/surfaces/home/resolve", json={"unit": "u"}).status_code == 200


@pytest.mark.parametrize(("role", "status"), [("control", 403), ("all", 200), ("delivery", 200)])
def test_a_control_plane_takes_events_from_its_fleet_alone_and_who_serves_takes_them_from_applications(role, status):
    platform = distributing(LastGood())
    platform.settings = SimpleNamespace(fleet_token=TOKEN, role=role)
    client = AsgiClient(create_app(platform))
    answer = client.post("/v1/events", json={"events": []})
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["code"] == "not_of_the_fleet"
    assert client.post("/v1/events", json={"events": []}, headers=SHOWN).status_code == 200


def test_with_the_token_they_are_open(client):
    assert client.get("/v1/feed", headers=SHOWN).status_code == 200
    assert client.get("/v1/feed/home", headers=SHOWN).status_code == 200
    assert client.post("/v1/fleet", json=REPORT, headers=SHOWN).status_code == 200
    assert [one["process"] for one in client.get("/v1/fleet", headers=SHOWN).json()["processes"]] == ["p"]


@pytest.mark.parametrize("token", ["short", "with a space in the middle of it all", "ü" * 40, "tab\t" * 10])
def test_a_token_that_protects_nothing_is_refused(token):
    with pytest.raises(InvalidInput) as refused:
        read_settings({"COUNTERPOINT_FLEET_TOKEN": token})
    assert refused.value.code == "weak_key"


def test_the_token_is_not_in_what_settings_print():
    assert TOKEN not in repr(read_settings({"COUNTERPOINT_FLEET_TOKEN": TOKEN}))


def test_what_one_control_process_heard_all_of_them_know():
    kept = MemoryDocuments()
    first, second = Fleet(lambda: NOW, kept), Fleet(lambda: NOW, kept)
    first.report(REPORT)
    second.report({**REPORT, "process": "q"})
    assert [each["process"] for each in first.document()["processes"]] == ["p", "q"]
    assert first.document() == second.document() == Fleet(lambda: NOW, kept).document()


def test_events_of_a_serving_process_reach_the_control_plane_and_only_with_its_token_does_it_follow(tmp_path):
    settings = prepared_settings(tmp_path / "control", role="control", fleet_token=TOKEN)
    with opened(settings, clock=lambda: START) as platform:
        platform.control.submit(surface="home", author="ada", spec=spec(allocation=0.1))
        app = create_app(platform)
        with served(app, platform.snapshots) as server:
            prepared_settings(tmp_path / "own")
            own = replace(settings_at(tmp_path / "own"), role="delivery", control_url=server.url)
            with opened_delivery(own, clock=lambda: START, new_id=short_id, pacing=QUICK) as stranger:
                eventually(lambda: stranger.follower.standing == "waiting")
                assert stranger.snapshots.held("home") is None
            own = replace(own, fleet_token=TOKEN)
            with opened_delivery(own, clock=lambda: START, new_id=short_id, pacing=QUICK) as process:
                eventually(lambda: process.snapshots.held("home") is not None)
                eventually(lambda: len(platform.fleet.document()["processes"]) == 2)
                for number in range(60):
                    process.delivery.resolve("home", f"u{number}", {})
                made = {each.id for each in process.delivery.log.read(Exposure)}
                assert made
                eventually(lambda: {each.id for each in platform.delivery.log.read(Exposure)} == made)
