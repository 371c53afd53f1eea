"""Holdouts and the time of launches are shown as pages, on a real platform."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.bootstrap import Edit, Platform, SimulatedClock
from counterpoint.web import mount_web
from live_platform import live_platform, spec

ADA = Edit(actor="ada", reason="the quarter")
SAYS = {"X-Counterpoint-Actor": "ada"}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock, AsgiClient]]:
    with live_platform(tmp_path) as (platform, clock):
        app = create_app(platform)
        mount_web(app, platform)
        yield platform, clock, AsgiClient(app)


def test_a_holdout_is_shown_through_its_life_and_read_over_http(
    opened: tuple[Platform, SimulatedClock, AsgiClient],
) -> None:
    platform, clock, client = opened
    assert "None. See what one would show" in client.get("/surfaces/home/holdouts").text
    end = clock() + timedelta(days=28)
    asked = client.get(f"/v1/surfaces/home/holdout-power?share=0.05&ends_at={end:%Y-%m-%dT%H:%M:%SZ}")
    assert asked.json()["reason"]["code"] == "no_history", asked.text
    platform.configuring.aside.start_holdout("home", "q4", share=0.05, ends_at=end, edit=ADA)
    assert "Runs" in client.get("/surfaces/home/holdouts").text
    early = client.post("/v1/surfaces/home/holdouts/q4/read", json={"reason": "curious"}, headers=SAYS)
    assert early.json()["error"]["code"] == "holdout_runs"
    clock.move_to(end)
    page = client.get("/surfaces/home/holdouts").text
    assert "Has ended: blocks launches" in page
    assert "must" not in page
    read = client.post("/v1/surfaces/home/holdouts/q4/read", json={"reason": "its end"}, headers=SAYS)
    assert (read.json()["phase"], read.json()["readout"]["verdict"]) == ("read", "not_known"), read.text
    page = client.get("/surfaces/home/holdouts").text
    assert "Too little was recorded" in page
    assert "Read once by ada" in page
    assert len(client.get("/v1/surfaces/home/holdout-readouts").json()["readouts"]) == 1
    history = client.get("/v1/surfaces/home/holdouts/q4/history").json()["releases"]
    assert [each["reason"] for each in history] == ["its end", "the quarter"]


def test_where_the_time_of_launches_went_is_shown(opened: tuple[Platform, SimulatedClock, AsgiClient]) -> None:
    platform, _, client = opened
    assert "No launch yet" in client.get("/timings").text
    platform.control.submit(surface="home", author="ada", spec=spec())
    page = client.get("/timings").text
    assert "By backend" in page
    assert "podcasts-second" in page
    found = client.get("/v1/timings?surface=home").json()
    assert found["n_launches"] == 1
    assert {row["name"] for row in found["steps"]} >= {"validate", "apply", "verify"}
    assert {row["name"] for row in found["backends"]} >= {"apply surface", "verify surface"}
    assert client.get("/v1/timings?since=2999-01-01T00:00:00Z").json()["n_launches"] == 0
    assert client.get("/v1/timings?surface=no-such").status_code == 404
