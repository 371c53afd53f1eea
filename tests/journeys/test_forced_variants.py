"""The journey of a forced variant: permitted by somebody who may, seen by one unit, counted by nobody."""

import shutil
from dataclasses import replace
from datetime import timedelta

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app, hot
from counterpoint.bootstrap import opened, opened_delivery, short_id
from counterpoint.cli import main
from counterpoint.errors import Forbidden
from counterpoint.events import Exposure, Served
from feed_world import eventually, served
from live_platform import START, live_platform, own_home, prepared_settings, settings_at, spec

FORCED = {"podcasts-second": "treatment"}
KEY = "podcasts.shelf_position"
POLICY = 'forcing: {actors: ["*@localhost"], hours: 24}'
TOKEN = "a-token-that-a-whole-fleet-shares"


def test_on_the_shipped_surface_nobody_may_force(tmp_path):
    with live_platform(tmp_path) as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=spec())
        with pytest.raises(Forbidden, match="may not force"):
            platform.forcing.permit("home", unit="u", forced=FORCED, actor="anonymous@localhost", reason="look")


def ask(client, what, **body):
    answer = client.post(f"/v1/surfaces/home/{what}", json={"unit": "tester", **body})
    document = answer.json()
    return answer.status_code, document.get("error", {}).get("code"), document


@pytest.mark.parametrize("way", ["hot path", "route"])
def test_only_a_permit_shows_a_variant_and_nothing_of_it_is_counted(tmp_path, monkeypatch, way):
    if way == "route":
        monkeypatch.setattr(hot, "_hot_route", lambda path: None)
    with live_platform(tmp_path, policy=POLICY) as (platform, clock):
        platform.control.submit(surface="home", author="ada", spec=spec())
        client = AsgiClient(create_app(platform))
        for what in ("resolve", "page"):
            assert ask(client, what, forced=FORCED)[:2] == (403, "no_permit")
            assert ask(client, what, permit="made.up")[:2] == (403, "bad_permit")
            assert ask(client, what, permit="")[0] == 422
        wish = {"unit": "tester", "forced": FORCED, "reason": "look at it", "hours": 2}
        stranger = client.post("/v1/surfaces/home/permits", json=wish, headers={"X-Counterpoint-Actor": "eve@evil"})
        assert (stranger.status_code, stranger.json()["error"]["code"]) == (403, "may_not_force")
        made = client.post("/v1/surfaces/home/permits", json=wish, headers={"X-Counterpoint-Actor": "qa@localhost"})
        assert made.status_code == 201
        permit = made.json()["permit"]

        for forced in ({}, FORCED):
            status, _, resolved = ask(client, "resolve", permit=permit, forced=forced)
            assert (status, resolved["forced"], resolved["exposures"]) == (200, FORCED, [])
            assert resolved["values"][KEY]["value"] == 2
            status, _, page = ask(client, "page", permit=permit, forced=forced)
            assert (status, page["forced"], page["counted"]) == (200, FORCED, False)
        assert ask(client, "resolve", permit=permit, unit="other")[:2] == (403, "permit_for_another")
        assert ask(client, "page", permit=permit, forced={"podcasts-second": "control"})[1] == "permit_for_another"
        clock.move_to(START + timedelta(hours=2))
        assert ask(client, "resolve", permit=permit)[:2] == (403, "permit_expired")

        log = platform.delivery.log
        assert [*log.read(Exposure), *log.read(Served)] == []
        assert "counterpoint_pages_total{" not in client.get("/metrics").text
        (entry,) = [each for each in platform.control.audit("home") if each["action"] == "permit_forcing"]
        assert (entry["actor"], entry["reason"]) == ("qa@localhost", "look at it")
        assert entry["after"] == {
            "unit": "tester",
            "forced": FORCED,
            "until": (START + timedelta(hours=2)).isoformat(),
        }


def test_a_process_that_only_serves_checks_permits_while_the_control_plane_is_down(tmp_path):
    settings = prepared_settings(
        tmp_path / "control", role="control", fleet_token=TOKEN, surfaces=(own_home(tmp_path, POLICY),)
    )
    with opened(settings, clock=lambda: START) as platform:
        platform.control.submit(surface="home", author="ada", spec=spec())
        made = platform.forcing.permit("home", unit="tester", forced=FORCED, actor="qa@localhost", reason="look")
        for name, token, expected in (("knows", TOKEN, (200, None)), ("lacks", None, (403, "cannot_check_permit"))):
            with served(create_app(platform), platform.snapshots) as server:
                prepared_settings(tmp_path / name)
                if token is None:  # the feed is closed to it: it has what is on disk
                    shutil.copytree(tmp_path / "knows" / "snapshots", tmp_path / name / "snapshots")
                own = replace(settings_at(tmp_path / name), role="delivery", control_url=server.url, fleet_token=token)
                with opened_delivery(own, clock=lambda: START, new_id=short_id) as process:
                    eventually(lambda held=process.snapshots.held: held("home") is not None)
                    server.stop()
                    client = AsgiClient(create_app(process))
                    assert ask(client, "resolve", permit=made["permit"])[:2] == expected
                    assert ask(client, "page", permit=made["permit"])[:2] == expected
                    assert list(process.delivery.log.read(Exposure)) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"forced": {"nothing": "treatment"}}, "unknown_experiment"),
        ({"forced": {"podcasts-second": "fourth"}}, "unknown_variant"),
        ({"forced": {}}, "nothing_forced"),
        ({"hours": 25.0}, "permit_too_long"),
        ({"hours": float("nan")}, "permit_too_long"),
        ({"reason": " "}, "blank"),
        ({"unit": ""}, "blank"),
        ({"surface": "hoem"}, "unknown_surface"),
        ({"actor": "eve@evil"}, "may_not_force"),
    ],
)
def test_a_permit_that_cannot_be_made_is_refused_by_name_and_not_audited(tmp_path, changes, code):
    wish = {"surface": "home", "unit": "u", "forced": FORCED, "actor": "qa@localhost", "reason": "look", **changes}
    with live_platform(tmp_path, policy=POLICY) as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=spec())
        with pytest.raises(Exception) as caught:
            platform.forcing.permit(wish.pop("surface"), **wish)
        assert caught.value.code == code
        assert not [each for each in platform.control.audit("home") if each["action"] == "permit_forcing"]


def test_the_command_makes_a_permit(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COUNTERPOINT_SURFACES", str(own_home(tmp_path, POLICY)))
    with live_platform(tmp_path, policy=POLICY) as (platform, _):
        platform.control.submit(surface="home", author="ada", spec=spec())
    words = ["--data", str(tmp_path), "force", "podcasts-second=treatment", "--unit", "u", "--reason", "look"]
    assert main([*words, "--by", "eve@evil"]) == 2
    assert "[may_not_force]" in capsys.readouterr().err
    assert main([*words, "--by", "qa@localhost"]) == 0
    assert "." in capsys.readouterr().out.splitlines()[0]
