"""Parked writes in the web pages, and who may answer them: a person who signed in, a proxy, and nobody else."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app, examples
from counterpoint.bootstrap import Platform, SimulatedClock, opened
from counterpoint.web import mount_web
from live_platform import START, prepared_settings

TOKENS = {name: name * 10 for name in ("maria", "reader", "gateway", "scout")}
AGENT = {"Authorization": f"Bearer {TOKENS['scout']}"}
MARIA = {"Authorization": f"Bearer {TOKENS['maria']}"}
SERVED = {"resolve_parameters", "compose_page", "record_events", "report"}


def digest(name: str) -> str:
    return sha256(TOKENS[name].encode()).hexdigest()


@pytest.fixture(scope="module")
def clock() -> SimulatedClock:
    return SimulatedClock(START)


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, clock: SimulatedClock) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("people")
    agents = folder / "agents.yaml"
    agents.write_text(
        f"agents:\n  scout: {{token_sha256: {digest('scout')}, concurrent_launches: 20}}\n"
        f"people:\n  maria@example.org: {{token_sha256: {digest('maria')}}}\n"
        f"  reader@example.org: {{token_sha256: {digest('reader')}, scopes: [read]}}\n"
        f"  gateway: {{token_sha256: {digest('gateway')}, proxy: true}}\n"
    )
    with opened(prepared_settings(folder / "data", agents=agents), clock=clock) as platform:
        yield platform


@pytest.fixture(scope="module")
def client(platform: Platform) -> AsgiClient:
    app = create_app(platform)
    mount_web(app, platform)
    return AsgiClient(app)


def signed_in(client: AsgiClient, token: str = TOKENS["maria"]) -> dict[str, str]:
    answer = client.post("/sign-in", data={"token": token, "back": "/parked"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/parked"), answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert token not in cookie
    return {"Cookie": cookie.partition(";")[0]}


def parked(client: AsgiClient, key: str) -> str:
    answer = client.post("/v1/parked-writes/launches", json={"spec": {**examples.SPEC, "key": key}}, headers=AGENT)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def state(client: AsgiClient, write: str) -> Any:
    return client.get(f"/v1/parked-writes/{write}").json()["state"]


def code(answer: httpx.Response) -> str:
    found = re.search(r"Code <code>(\w+)</code>", answer.text)
    return found.group(1) if found else ""


def test_a_person_sees_what_would_change_and_what_is_at_risk_and_says_yes(client: AsgiClient) -> None:
    write = parked(client, "asked-yes")
    cookie = signed_in(client)
    assert f"/parked/{write}" in client.get("/parked", headers=cookie).text
    page = html.unescape(client.get(f"/parked/{write}", headers=cookie).text)
    stored = client.get(f"/v1/parked-writes/{write}").json()
    assert stored["consequence"]["sentence"] in page
    for edit in stored["consequence"]["diff"]:
        assert f"<code>{edit['path']}</code>" in page
    for told in (
        "at most 10 %",
        "at most 20",
        "Pages changed",
        "50 ms worse at most",
        "You are <strong>maria@example.org</strong>",
    ):
        assert told in page, told
    assert client.post(f"/parked/{write}/approval", headers=cookie).headers["location"] == f"/parked/{write}"
    assert client.get(f"/v1/parked-writes/{write}").json()["approved_by"] == ["maria@example.org"]
    assert state(client, write) == "awaiting_confirmation"


def test_a_refusal_needs_a_reason_and_is_for_good(client: AsgiClient) -> None:
    write = parked(client, "asked-no")
    cookie = signed_in(client)
    assert client.post(f"/parked/{write}/rejection", headers=cookie).status_code == 400
    assert state(client, write) == "awaiting_approval"
    client.post(f"/parked/{write}/rejection", data={"reason": "Not this week."}, headers=cookie)
    page = client.get(f"/parked/{write}", headers=cookie).text
    assert "Not this week." in page
    assert "Your answer" not in page
    assert code(client.post(f"/parked/{write}/approval", headers=cookie)) == "not_awaiting_approval"


def test_a_form_without_a_session_writes_nothing_whoever_it_names(client: AsgiClient) -> None:
    write = parked(client, "asked-by-nobody")
    forged = {"Cookie": "counterpoint_session=e30.e30"}
    for headers in ({}, forged, {"X-Counterpoint-Actor": "maria@example.org"}):
        answer = client.post(f"/parked/{write}/approval", data={"actor": "maria@example.org"}, headers=headers)
        assert (answer.status_code, code(answer)) == (401, "token_needed")
        assert "/sign-in" in answer.text
    assert state(client, write) == "awaiting_approval"
    assert (
        code(client.post(f"/parked/{write}/approval", headers=signed_in(client, TOKENS["reader"]))) == "scope_missing"
    )
    for form in ("/plans", "/launches", "/live/checks", "/doctor/x/acceptance", "/launches/x/stop"):
        assert client.post(form, data={"hypothesis": "x", "reason": "x"}).status_code == 401, form


def test_only_people_sign_in_and_only_from_this_site(client: AsgiClient) -> None:
    for token, wanted in (
        ("wrong", "bad_token"),
        (TOKENS["scout"], "not_a_person"),
        (TOKENS["gateway"], "not_a_person"),
    ):
        answer = client.post("/sign-in", data={"token": token})
        assert (code(answer), "set-cookie" in answer.headers) == (wanted, False)
    foreign = client.post("/sign-in", data={"token": TOKENS["maria"]}, headers={"Origin": "http://evil.example.org"})
    assert code(foreign) == "cross_site"
    for back in ("//evil.example.org", "/\\evil.example.org", "http://evil.example.org"):
        answer = client.post("/sign-in", data={"token": TOKENS["maria"], "back": back})
        assert answer.headers["location"] == "/"


def test_a_session_ends_after_its_hours_and_with_its_token(
    client: AsgiClient, platform: Platform, clock: SimulatedClock
) -> None:
    from dataclasses import replace

    sessions = platform.agency.sessions
    session = sessions.begin(TOKENS["maria"])
    later = replace(sessions, clock=lambda: clock() + timedelta(hours=12))
    assert later.identity(session) is None
    exchanged = {"maria@example.org": replace(sessions.rules.people["maria@example.org"], token_sha256="0" * 64)}
    assert replace(sessions, rules=replace(sessions.rules, people=exchanged)).identity(session) is None
    assert replace(sessions, key=b"another").identity(session) is None
    known = sessions.identity(session)
    assert known is not None
    assert known.actor == "maria@example.org"


def test_without_a_token_the_api_only_looks_and_serves(client: AsgiClient) -> None:
    spec = client.get("/openapi.json").json()
    tried = 0
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            if method == "get" or operation["operationId"] in SERVED:
                continue
            for headers in ({"X-Counterpoint-Actor": "maria@example.org"}, {"Authorization": "Bearer wrong"}):
                answer = client.request(method.upper(), re.sub(r"{\w+}", "home", path), json={}, headers=headers)
                assert answer.status_code == 401, f"{path}: {answer.text[:200]}"
            tried += 1
    assert tried > 40
    launch = client.post("/v1/launches", json={"spec": examples.SPEC}, headers={"X-Counterpoint-Actor": "maria@e.org"})
    assert (launch.status_code, launch.json()["error"]["code"]) == (401, "token_needed")
    assert client.get("/v1/launches").status_code == 200
    assert client.post("/v1/surfaces/home/resolve", json={"unit": "u"}).status_code == 200
    assert client.post("/v1/surfaces/home/resolve", json={"unit": 7}).status_code == 422
    assert client.post("/v1/events", json={"events": []}).status_code == 200


def test_the_name_comes_from_the_token_and_only_a_proxy_speaks_for_others(client: AsgiClient) -> None:
    proxy = {"Authorization": f"Bearer {TOKENS['gateway']}"}
    write = parked(client, "asked-of-many")
    said = set()
    for headers, name in (
        ({**MARIA, "X-Counterpoint-Actor": "somebody.else@example.org"}, "maria@example.org"),
        ({**proxy, "X-Counterpoint-Actor": "ada@example.org"}, "ada@example.org"),
        (proxy, "gateway"),
    ):
        answer = client.post(f"/v1/parked-writes/{write}/approvals", json={}, headers=headers)
        said.add(name)
        assert set(answer.json()["approved_by"]) == said, answer.text
    posing = client.get("/v1/agents/budget", headers={**proxy, "X-Counterpoint-Actor": "agent:scout"})
    assert posing.json()["error"]["code"] == "token_needed"
    through = {**proxy, "X-Counterpoint-Actor": "eve@example.org"}
    assert "eve@example.org" in client.get("/sign-in", headers=through).text
    client.post(f"/parked/{write}/approval", headers=through)
    assert "eve@example.org" in client.get(f"/v1/parked-writes/{write}").json()["approved_by"]
