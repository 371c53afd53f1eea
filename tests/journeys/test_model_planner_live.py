"""A platform with a language model: what it read, what it cost and every word exchanged stay with the launch."""

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from counterpoint.api import create_app
from counterpoint.bootstrap import Platform, opened
from counterpoint.cli import main
from counterpoint.settings import read_settings
from counterpoint.web import mount_web
from live_platform import START, prepared_settings
from misbehaving_model import KEY, MODEL, Behaviour, MisbehavingModel, fails, model_server, replies, trickles

TEXT = "Larger covers raise clicks on Home by 2 % for listeners in Sweden."
DRAFT: dict[str, Any] = {
    "outcome": "plan",
    "arms": [{"settings": [{"parameter": "visual.card_size", "value": "large"}]}],
    "audience": 'country == "SE"',
    "primary": "home_ctr",
    "direction": "increase",
    "mde": 0.02,
    "words": {
        "arms": "Larger covers",
        "audience": "listeners in Sweden",
        "primary": "clicks on Home",
        "direction": "raise",
        "effect": "by 2 %",
    },
}


def _environment(folder: Path, url: str, **more: str) -> dict[str, str]:
    given = {"DATA": str(folder), "PLANNER": MODEL, "MODEL_URL": url, "MODEL_KEY": KEY, "MODEL_PRICE": "1/10", **more}
    return {f"COUNTERPOINT_{name}": value for name, value in given.items()}


@contextmanager
def _platform(
    folder: Path, behaviours: Sequence[Behaviour], **more: str
) -> Iterator[tuple[Platform, MisbehavingModel]]:
    prepared_settings(folder)
    with model_server(behaviours) as model:
        settings = read_settings(_environment(folder, model.url, **more))
        assert KEY not in repr(settings)
        with opened(settings, clock=lambda: START) as platform:
            yield platform, model


def _holds_the_key(folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


Live = tuple[Platform, MisbehavingModel]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """One platform for the file; each test says how the model behaves."""
    with _platform(tmp_path_factory.mktemp("live"), [replies(DRAFT)]) as opened_platform:
        yield opened_platform


def _behaving(live: Live, behaviour: Behaviour) -> Live:
    live[1].behaviours[:] = [behaviour]
    live[1].requests.clear()
    live[1].headers.clear()
    return live


def test_a_launch_keeps_what_the_model_was_asked_and_answered_and_the_key_is_nowhere(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    platform, model = _behaving(live, replies(DRAFT))
    with caplog.at_level(logging.DEBUG):
        launch = platform.control.submit(surface="home", author="covers", hypothesis=TEXT)
        kept = platform.control.experiment(launch["experiment"])
    assert model.headers[0]["authorization"] == f"Bearer {KEY}"
    planner = kept["plan"]["planner"]
    assert (planner["model"], planner["answered_by"], planner["rounds"]) == (MODEL, "model", 1)
    assert planner["second_opinion"]["disagreed"] == []
    assert planner["cost_usd"] == pytest.approx(1_000 / 1e6 + 100 * 10 / 1e6)
    (call,) = kept["calls"]
    assert TEXT in call["sent"]
    assert json.loads(call["reply"])["primary"] == "home_ctr"
    assert kept["plan"]["provenance"]["audience"]["words"].lower() in TEXT.lower()
    assert KEY not in json.dumps([launch, kept]) + caplog.text
    assert _holds_the_key(platform.settings.data) == []


def test_a_fallback_is_in_the_plan_document_and_the_launch_goes_on(live: Live) -> None:
    platform, _ = _behaving(live, fails(401))
    planned = platform.control.plan(TEXT, surface="home", owner="covers")
    assert planned["plan"]["outcome"] == "plan"
    assert planned["plan"]["planner"]["answered_by"] == "offline"
    assert planned["plan"]["planner"]["fallback"]["code"] == "model_refused"
    assert planned["calls"][0]["error"]


def test_two_readings_become_one_question(live: Live) -> None:
    other = {**DRAFT, "audience": 'country == "NO"'}
    platform, _ = _behaving(live, replies(other))
    planned = platform.control.plan(TEXT, surface="home", owner="covers")
    assert planned["plan"]["outcome"] == "clarify"
    assert planned["plan"]["missing"] == ["audience"]
    assert planned["plan"]["planner"]["second_opinion"]["disagreed"][0]["field"] == "audience"
    assert "Two readings" in planned["plan"]["question"]


def test_a_record_that_a_client_made_up_is_not_kept(live: Live) -> None:
    platform, _ = _behaving(live, replies(DRAFT))
    planned = platform.control.plan(TEXT, surface="home", owner="covers")
    mine = planned["plan"]["planner"]
    forged = {**planned["plan"], "planner": {**mine, "model": "somebody:else", "cost_usd": 0.0}}
    unknown = {**planned["plan"], "planner": {**mine, "record": "0" * 16}}

    def taken(plan: dict[str, Any]) -> dict[str, Any]:
        release = platform.control.release_store.latest("home")
        assert release is not None
        given = platform.control.planning.spec_of(None, planned["spec"], plan, release=release, owner="x", now=START)
        return given[1] or {}

    assert taken(forged)["planner"] == mine
    assert "planner" not in taken(unknown)


def test_the_web_shows_who_read_it_and_its_form_still_launches(live: Live) -> None:
    norway = {**DRAFT, "audience": 'country == "NO"', "words": {**DRAFT["words"], "audience": "listeners in Norway"}}
    platform, _ = _behaving(live, replies(norway))
    app = create_app(platform)
    mount_web(app, platform)

    async def visit() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8321") as http:
            shown = await http.post("/plans", data={"hypothesis": TEXT.replace("Sweden", "Norway")})
            form = _hidden(shown.text)
            return shown, await http.post("/launches", data={**form, "actor": "covers"})

    shown, launched = asyncio.run(visit())
    assert f"Read by {MODEL}" in shown.text
    assert "everything alike" in shown.text
    assert KEY not in shown.text
    assert launched.status_code == 303
    kept = platform.control.experiment(launched.headers["location"].rpartition("/")[2])
    assert kept["plan"]["planner"]["answered_by"] == "model"


def _hidden(page: str) -> Mapping[str, str]:
    import html

    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: html.unescape(value) for name, value in found}


def test_a_model_that_takes_its_time_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    with _platform(tmp_path, [trickles(0.05)], PLANNER_SECONDS="6") as (platform, model):

        async def visit() -> tuple[bool, int, dict[str, Any]]:
            transport = httpx.ASGITransport(app=create_app(platform))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8321", timeout=60) as http:
                slow = asyncio.create_task(http.post("/v1/plans", json={"hypothesis": TEXT, "owner": "covers"}))
                while model.n_requests == 0 and not slow.done():
                    await asyncio.sleep(0.01)
                quick = await http.get("/v1/surfaces/home")
                was_waiting = not slow.done()
                return was_waiting, quick.status_code, (await slow).json()

        was_waiting, status, planned = asyncio.run(visit())
    assert was_waiting
    assert status == 200
    assert planned["plan"]["planner"]["fallback"]["code"] == "model_timed_out"


def test_the_command_line_says_how_a_plan_came_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    prepared_settings(tmp_path)
    with model_server([replies(DRAFT)]) as model:
        for name, value in _environment(tmp_path, model.url).items():
            monkeypatch.setenv(name, value)
        assert main(["launch", TEXT]) == 0
        printed = capsys.readouterr().out
        assert f"Read by {MODEL}. 1 round, 1,100 tokens, 0.0020 USD" in printed
        key = next(iter(re.findall(r"Launch (\S+):", printed)))
        assert main(["experiment", key]) == 0
        assert f"Read by {MODEL}" in capsys.readouterr().out
