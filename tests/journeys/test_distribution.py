"""The journey of a snapshot: published by a control plane, served by processes that outlive it."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.bootstrap import SimulatedClock, opened, opened_delivery, short_id
from counterpoint.bootstrap.delivering import NoShelves
from counterpoint.cli import main
from counterpoint.errors import InvalidInput
from counterpoint.events import Exposure, Outcome
from counterpoint.settings import control_url, read_settings
from counterpoint.storage.events import open_event_log
from counterpoint.storage.snapshots import LastGood, Pacing
from feed_world import distributing, eventually, served
from live_platform import START, own_home, prepared_settings, settings_at, spec

QUICK = Pacing(heartbeat_s=0.5, first_wait_s=0.02, longest_wait_s=0.2)
KEY = "podcasts.shelf_position"


@contextmanager
def delivering(folder, url, clock):
    settings = replace(settings_at(folder), role="delivery", control_url=url)
    with opened_delivery(settings, clock=clock, new_id=short_id, pacing=QUICK) as process:
        yield process


def release(process):
    held = process.snapshots.held("home")
    return held.release if held else 0


def treated(process):
    """Return a unit that this process puts into the treatment."""
    for number in range(500):
        answer = process.delivery.resolve("home", f"u{number}", {}, parameters=[KEY])
        if answer["values"][KEY]["variant"] == "treatment":
            return f"u{number}"
    raise AssertionError("nobody is in the treatment")


def test_deliveries_converge_on_each_publish_and_serve_on_when_the_control_plane_is_gone(tmp_path):
    clock = SimulatedClock(START)
    own = own_home(tmp_path, "staleness: {max_age_s: 3600, policy: refuse}")
    with ExitStack() as open_parts:
        platform = open_parts.enter_context(
            opened(prepared_settings(tmp_path / "control", role="control", surfaces=(own,)), clock=clock)
        )
        server = open_parts.enter_context(served(create_app(platform), platform.snapshots))
        for name in ("a", "b"):
            prepared_settings(tmp_path / name)
        first, second = (
            open_parts.enter_context(delivering(tmp_path / name, server.url, clock)) for name in ("a", "b")
        )
        eventually(lambda: release(first) == release(second) == platform.snapshots.live("home").release)

        # A launch arrives at both, and both decide alike.
        launch = platform.control.submit(surface="home", author="ann", spec=spec(allocation=0.1))
        assert launch["state"] == "running", launch
        published = platform.snapshots.live("home")
        eventually(lambda: release(first) == release(second) == published.release)
        unit = treated(first)
        answers = [each.delivery.resolve("home", unit, {}) for each in (first, second, platform)]
        assert answers[0]["values"] == answers[1]["values"] == answers[2]["values"]
        assert {each["snapshot"]["id"] for each in answers} == {published.compiled.id}

        # The fleet says who serves it.
        eventually(
            lambda: (
                [(one["release"], one["n_processes"]) for one in platform.fleet.document()["surfaces"].get("home", [])]
                == [(published.release, 2)]
            )
        )

        # The kill switch arrives at both, and nobody is exposed any more.
        platform.control.move("podcasts-second", "pause", actor="ann", reason="it hurts")
        paused = platform.snapshots.live("home").release
        assert paused > published.release
        eventually(lambda: release(first) == release(second) == paused)
        for each in (first, second):
            value = each.delivery.resolve("home", unit, {}, parameters=[KEY])
            assert value["values"][KEY]["reason"] == "DISABLED"
            assert value["exposures"] == []
        platform.control.move("podcasts-second", "resume", actor="ann", reason="it did not")
        last = platform.snapshots.live("home").release
        eventually(lambda: release(first) == release(second) == last)

        # The control plane dies. The others serve on: pages, exposures, events, from memory.
        server.stop()
        page = asyncio.run(first.delivery.page("home", unit, {}, request_id="after"))
        assert page["status"] == "complete"
        assert page["snapshot"]["release"] == last
        assert [one.experiment for one in first.delivery.log.read(Exposure) if one.request_id == "after"]
        status = first.delivery.status()
        assert (status["ready"], status["stale"]) == (True, False)

        # Beyond the declared age the declared policy holds, and readiness says so.
        clock.move_to(START.replace(hour=START.hour + 2))
        answer = AsgiClient(create_app(first)).get("/readyz")
        assert (answer.status_code, answer.json()["stale"]) == (503, True)
        refused = AsgiClient(create_app(first)).post("/v1/surfaces/home/resolve", json={"unit": unit})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "snapshot_too_old")

        # It comes back: both recover by themselves.
        platform.control.published()
        server.start()
        eventually(lambda: first.delivery.status()["ready"] and second.delivery.status()["ready"])

    # A delivery that starts while everything else is down serves what its disk has.
    with delivering(tmp_path / "a", server.url, clock) as again:
        assert release(again) == last
        assert again.snapshots.live("home").origin == "disk"
        assert again.delivery.resolve("home", unit, {}, parameters=[KEY])["values"][KEY]["variant"] == "treatment"

    # And one whose file was damaged starts, refuses it by name, and says that it is not ready.
    kept = tmp_path / "a" / "snapshots" / "home.snapshot"
    kept.write_bytes(kept.read_bytes()[:-100])
    with delivering(tmp_path / "a", server.url, clock) as damaged:
        answer = AsgiClient(create_app(damaged)).get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["problems"]["home"]["code"] == "corrupt_snapshot"


def test_a_process_that_only_serves_says_where_everything_else_is(tmp_path):
    prepared_settings(tmp_path)
    with delivering(tmp_path, "http://127.0.0.1:1", SimulatedClock(START)) as process:
        answer = AsgiClient(create_app(process)).get("/v1/experiments")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_this_role")
        assert "http://127.0.0.1:1" in answer.json()["error"]["fix"]
        assert not list(tmp_path.glob("*.sqlite-journal"))


def test_a_delivery_without_an_address_says_what_to_give(tmp_path):
    with (
        pytest.raises(InvalidInput) as found,
        opened_delivery(settings_at(tmp_path), clock=lambda: START, new_id=short_id),
    ):
        pass
    assert found.value.code == "no_control_url"


def test_a_process_without_a_database_has_no_generated_shelf():
    assert asyncio.run(NoShelves().generated("u1", "calm")) is None


@contextmanager
def running(folder, *words):
    """Run `counterpoint serve` as a process of its own, and yield it with its address."""
    command = [sys.executable, "-c", "from counterpoint.cli import main; raise SystemExit(main())"]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERPOINT_")}
    process = subprocess.Popen(
        [*command, "--data", str(folder), "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        env=environ,
        text=True,
    )
    try:
        said = ""
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", said)):
            line = process.stdout.readline()
            assert line, said
            said += line
        yield process, found.group()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_a_delivery_process_serves_on_when_the_control_process_is_killed_and_after_its_own_restart(tmp_path):
    for name in ("control", "delivery"):
        prepared_settings(tmp_path / name)
    with httpx.Client(timeout=30, trust_env=False) as http:

        def page(url):
            return http.post(f"{url}/v1/surfaces/home/page", json={"unit": "u1", "context": {"country": "SE"}})

        with running(tmp_path / "control", "--role", "control") as (control, control_url):
            serve = ("--role", "delivery", "--control", control_url)
            with running(tmp_path / "delivery", *serve) as (delivery, url):
                eventually(lambda: http.get(f"{url}/readyz").status_code == 200)
                control.send_signal(signal.SIGKILL)
                control.wait()
                assert page(url).json()["status"] == "complete"
                delivery.send_signal(signal.SIGKILL)
                delivery.wait()
            with running(tmp_path / "delivery", *serve) as (delivery, url):
                assert http.get(f"{url}/readyz").json()["surfaces"]["home"]["origin"] == "disk"
                assert page(url).json()["status"] == "complete"
                delivery.send_signal(signal.SIGTERM)
                assert delivery.wait(15) in (0, -signal.SIGTERM)


def test_the_command_fleet_prints_the_share_of_each_release(capsys):
    good = LastGood()
    platform = distributing(good)
    for number, at in enumerate((12, 12, 12, 11)):
        home = {"release": at, "snapshot": "5b1c9e0d7a42f318", "age_s": 3.0, "stale": at == 11}
        platform.fleet.report(
            {"process": f"p{number}", "role": "delivery", "started_at": "", "surfaces": {"home": home}}
        )
    with served(create_app(platform), good) as server:
        assert main(["fleet", "--control", server.url]) == 0
    said = capsys.readouterr().out
    assert "release 12: 75% (3 processes)" in said
    assert "release 11: 25% (1 process)" in said
    assert "home 11 (stale)" in said


def test_the_command_fleet_says_when_nobody_answers(capsys):
    assert main(["fleet", "--control", "http://127.0.0.1:1"]) == 1
    assert "[control_unreachable]" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["control:8321", "ftp://control", "http://", "http://a:b", "http://a/?q=1", "x" * 999])
def test_what_is_no_address_of_a_control_plane_is_refused(url):
    for read in (lambda: control_url(url), lambda: read_settings({"COUNTERPOINT_CONTROL_URL": url})):
        with pytest.raises(InvalidInput) as found:
            read()
        assert found.value.code == "bad_setting"


def test_a_role_that_there_is_not_is_refused_with_those_there_are():
    with pytest.raises(InvalidInput, match="delivery"):
        read_settings({"COUNTERPOINT_ROLE": "king"})


def test_the_command_export_writes_flags_and_names_what_it_leaves_out(tmp_path, capsys):
    prepared_settings(tmp_path)
    with opened(settings_at(tmp_path), clock=SimulatedClock(START)) as platform:
        launch = platform.control.submit(surface="home", author="ann", spec=spec())
        assert launch["state"] == "running", launch
        assert platform.snapshots.live("home").compiled.candidates
    assert main(["--data", str(tmp_path), "export", "flagd"]) == 0
    written = capsys.readouterr()
    flags = json.loads(written.out)["flags"]
    assert KEY not in flags
    assert len(flags) > 10
    assert f"left out {KEY}" in written.err


@pytest.mark.slow
def test_every_event_that_a_killed_process_acknowledged_reaches_the_control_plane_once(tmp_path):
    for name in ("control", "delivery"):
        prepared_settings(tmp_path / name)
    acknowledged = []

    def send(http, url, upto):
        for number in range(len(acknowledged), upto, 4):
            now = datetime.now(UTC).isoformat()
            batch = [
                {"kind": "outcome", "id": f"o{number + n}", "at": now, "surface": "home", "unit": "u1",
                 "name": "saves", "value": 1}
                for n in range(4)
            ]  # fmt: skip
            answer = http.post(f"{url}/v1/events", json={"events": batch})
            assert (answer.status_code, answer.json()["accepted"]) == (200, 4), answer.text
            acknowledged.extend(each["id"] for each in batch)

    def arrived():
        log = open_event_log(tmp_path / "control" / "events")
        return [each.id for each in log.read(Outcome) if each.name == "saves" and each.unit == "u1"]

    with (
        httpx.Client(timeout=30, trust_env=False) as http,
        running(tmp_path / "control", "--role", "control") as (_, control_url),
    ):
        serve = ("--role", "delivery", "--control", control_url)
        with running(tmp_path / "delivery", *serve) as (delivery, url):
            send(http, url, 200)
            eventually(arrived)
            send(http, url, 400)
            # While it ships: some of what it acknowledged is under way, some has not left yet.
            delivery.send_signal(signal.SIGKILL)
            delivery.wait()
        assert set(arrived()) <= set(acknowledged)
        with running(tmp_path / "delivery", *serve) as (delivery, url):
            send(http, url, 440)
            eventually(lambda: len(arrived()) >= len(acknowledged), within_s=60)
        assert sorted(arrived()) == sorted(acknowledged)
