"""Home Config over HTTP, on a real platform: change, review, stages, history, holdouts, surfaces, and refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from live_platform import live_platform

CHANGES = "/v1/surfaces/home/config/changes"
ADA = {"X-Counterpoint-Actor": "ada"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsgiClient]:
    folder: Path = tmp_path_factory.mktemp("config-routes")
    with live_platform(folder) as (platform, _):
        yield AsgiClient(create_app(platform))


def posted(client: AsgiClient, path: str, status: int = 200, **body: Any) -> Any:
    answer = client.post(path, json=body, headers=ADA)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_change_is_looked_at_made_followed_blamed_and_reverted(client):
    looked = posted(client, CHANGES, 201, values={"layout.max_shelves": 9}, reason="look", dry_run=True)
    assert looked["state"] == "dry_run"
    made = posted(client, CHANGES, 201, values={"layout.max_shelves": 9}, reason="fewer", at_once=True)
    assert client.get(f"/v1/changes/{made['id']}").json()["author"] == "ada"
    config = client.get("/v1/surfaces/home/config").json()
    assert config["values"]["layout.max_shelves"]["value"] == 9
    blamed = client.get("/v1/surfaces/home/config/blame/layout.max_shelves").json()
    assert (blamed["author"], blamed["reason"], blamed["before"]) == ("ada", "fewer", 12)
    posted(client, "/v1/surfaces/home/config/revert", number=made["release"], reason="no")
    assert client.get("/v1/surfaces/home/config/compare").json()["parameters"] == []
    number = made["release"]
    parts = client.get("/v1/surfaces/home/config/diff", params={"before": number}).json()["parts"]
    assert [part["path"] for part in parts] == ["baseline/layout.max_shelves"]
    history = client.get("/v1/surfaces/home/config/history", params={"parameter": "layout.max_shelves"}).json()
    assert [row["reason"] for row in history["releases"][:2]] == ["no", "fewer"]


def test_a_rollout_of_values_and_rules_is_taken_back_over_http(client):
    rules = [{"key": "se", "audience": 'country == "SE"', "set": {"layout.density": "compact"}}]
    made = posted(
        client,
        CHANGES,
        201,
        values={"layout.shortcuts_count": 4},
        rules=rules,
        reason="both",
        stages=[{"share": 0.2, "hours": 1}],
    )
    (rollout,) = client.get("/v1/surfaces/home/config").json()["rollouts"]
    assert rollout["parameters"] == ["layout.density", "layout.shortcuts_count"]
    assert rollout["share"] == 0.2
    posted(client, f"/v1/surfaces/home/rollouts/{made['id']}/abort", reason="no")
    assert client.get(f"/v1/changes/{made['id']}").json()["state"] == "reverted"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"values": {"nothing.like_it": 1}, "reason": "x"}, 404, "unknown_parameter"),
        ({"values": {"layout.max_shelves": 99}, "reason": "x"}, 400, "out_of_bounds"),
        ({"values": {"layout.max_shelves": "nine"}, "reason": "x"}, 400, "wrong_type"),
        ({"values": {"layout.max_shelves": 8}, "reason": ""}, 422, "invalid_request"),
        ({"values": {"layout.max_shelves": 8}, "reason": "  "}, 400, "blank"),
        ({"values": {"layout.max_shelves": 8}, "reason": "x", "expected_release": 10_000}, 409, "stale_base"),
        ({"values": {"layout.max_shelves": 12}, "reason": "x"}, 409, "nothing_changes"),
        ({"rules": [{"key": "x"}], "reason": "x"}, 400, "malformed_rules"),
        (
            {"values": {"layout.max_shelves": 8}, "reason": "x", "not_before": "2030-01-01T00:00"},
            422,
            "invalid_request",
        ),
        (
            {"values": {"layout.max_shelves": 8}, "reason": "x", "stages": [{"share": 0, "hours": 1}]},
            422,
            "invalid_request",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_code_and_nothing_is_published(client, body, status, code):
    before = client.get("/v1/surfaces/home/config").json()["release"]
    answer = client.post(CHANGES, json=body, headers=ADA)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    assert client.get("/v1/surfaces/home/config").json()["release"] == before


def test_a_holdout_and_a_domain_are_started_read_and_released(client):
    end = "2027-01-01T00:00:00Z"
    posted(client, "/v1/surfaces/home/holdouts", 201, key="q4", share=0.02, ends_at=end, reason="quarter")
    (row,) = client.get("/v1/surfaces/home/holdouts").json()["holdouts"]
    assert (row["key"], row["owner"], row["expired"]) == ("q4", "ada", False)
    assert client.get("/v1/surfaces/home/holdouts/q4").json()["units"] == {"status_quo": 0, "shipped_only": 0}
    assert client.get("/v1/surfaces/home/holdouts/q4/readout").json()["readout"]["ended"] is False
    posted(client, "/v1/surfaces/home/holdouts/q4/renew", ends_at="2027-02-01T00:00:00Z", reason="longer")
    posted(client, "/v1/surfaces/home/holdouts/q4/release", reason="read")
    posted(client, "/v1/surfaces/home/domains", 201, key="genrec", share=0.1, reason="programme")
    assert client.get("/v1/surfaces/home/domains").json()["domains"][0]["share"] == 0.1
    posted(client, "/v1/surfaces/home/domains/genrec/release", reason="over")
    assert client.get("/v1/surfaces/home/holdouts/nope").status_code == 404


def test_a_surface_is_checked_before_it_is_added(client):
    text = "surface: tiny\nunit: user_id\n"
    found = posted(client, "/v1/surface-checks", text=text)
    assert found["publishable"] is False
    assert {"parameters", "metrics", "guardrails"} <= {i["code"] for i in found["items"] if i["status"] == "missing"}
    broken = posted(client, "/v1/surface-checks", text="surface: [")
    assert broken["ready"] is False
