"""The page of what is live where: what is held, what drifted, what was left behind, and what a person can do."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from api.asgi_client import AsgiClient
from api.fake_platform import FakePlatform
from counterpoint.api import create_app, live_routes
from counterpoint.web import mount_web

EXAMPLE: dict[str, Any] = live_routes._LIVE
DOWN = {
    **live_routes._FINDING,
    "backend": "unleash",
    "code": "backend_down",
    "path": "",
    "message": "unleash does not answer: it answered 503",
    "fix": "nothing yet: it is asked again",
    "expected": None,
    "found": None,
}


@dataclass
class FakeBacking:
    calm: bool = False
    asked: list[Any] = field(default_factory=list)

    def document(self, surface: str | None = None) -> dict[str, Any]:
        if self.calm:
            return {**EXAMPLE, "still_live": [], "findings": []}
        return {**EXAMPLE, "findings": [*EXAMPLE["findings"], DOWN]}

    def check(self) -> list[dict[str, Any]]:
        self.asked.append("check")
        return []

    def reapply(self, backend: str, *, surface: str | None = None, actor: str, reason: str) -> list[str]:
        self.asked.append(("reapply", backend, surface, actor, reason))
        return ["podcasts.shelf_position"]

    def adopt(self, backend: str, *, surface: str | None = None, actor: str, reason: str) -> list[str]:
        self.asked.append(("adopt", backend, surface, actor, reason))
        return ["podcasts.shelf_position"]


def site(backing: FakeBacking) -> Any:
    platform: Any = FakePlatform()
    platform.live = platform.drift = backing
    app = create_app(platform)
    mount_web(app, platform)
    return app


@pytest.fixture
def backing() -> FakeBacking:
    return FakeBacking()


@pytest.fixture
def client(backing: FakeBacking) -> AsgiClient:
    return AsgiClient(site(backing))


def test_the_page_names_what_each_backend_holds_and_links_from_the_navigation(client):
    text = client.get("/live").text
    for part in ("release 12", "podcasts-second", "flags", "9f2c4e", "2 Nov 2026, 08:00 UTC", "1 process serves"):
        assert part in text, part
    assert 'href="/live" aria-current="page"' in text
    assert 'href="/live"' in client.get("/").text


def test_what_could_not_be_reverted_stands_on_top_before_what_drifted(client):
    text = client.get("/live").text
    assert text.index("Still live on unleash") < text.index("flags was changed by hand") < text.index("Baseline")
    assert "undo it there by hand" in text


def test_drift_shows_what_should_be_what_is_and_since_when(client):
    text = client.get("/live").text
    for part in ("ENABLED", "DISABLED", "2 Nov 2026, 09:12 UTC", "Put back what should be there", "Keep what is there"):
        assert part in text, part
    assert "it answered 503" in text


def test_a_calm_installation_says_so(backing, client):
    backing.calm = True
    text = client.get("/live").text
    assert "Everything holds what it should" in text
    assert "Put back" not in text


def test_putting_back_and_adopting_need_a_reason_and_name_who_says_so(backing, client):
    form = {"surface": "home", "actor": "grace", "reason": "an accident"}
    for answer, verb in (("reapplication", "reapply"), ("adoption", "adopt")):
        response = client.post(f"/live/flags/{answer}", data=form)
        assert (response.status_code, response.headers["location"]) == (303, "/live")
        assert backing.asked[-1] == (verb, "flags", "home", "grace", "an accident")
    n = len(backing.asked)
    assert client.post("/live/flags/adoption", data={**form, "reason": ""}).status_code == 400
    assert client.post("/live/flags/burning", data=form).status_code == 404
    assert client.post("/live/checks", data={}, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    assert len(backing.asked) == n
    assert client.post("/live/checks", data={}).status_code == 303
    assert backing.asked[-1] == "check"


def test_what_was_not_looked_at_is_not_said_to_be_well(backing, client, monkeypatch):
    backing.calm = True
    unseen = {**EXAMPLE, "still_live": [], "findings": []}
    monkeypatch.setattr(
        backing, "document", lambda: json.loads(json.dumps(unseen).replace('"drifted"', '"not checked yet"'))
    )
    text = client.get("/live").text
    assert "Nothing is known to differ" in text
    assert "Everything holds what it should" not in text
