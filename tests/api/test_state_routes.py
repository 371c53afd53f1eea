"""Systems without the command line plan, apply and export a desired state over HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from live_platform import live_platform, spec

ADA = {"X-Counterpoint-Actor": "ada@example.org"}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[AsgiClient]:
    with live_platform(tmp_path / "data") as (platform, _):
        yield AsgiClient(create_app(platform))


def state(*specs: dict[str, Any], **changes: Any) -> dict[str, Any]:
    texts = [{"file": f"{each['key']}.yaml", "spec": each} for each in specs]
    return {"source": "home-specs", "specs": texts, **changes}


def test_a_plan_is_answered_applied_as_it_is_and_refused_a_second_time(client: AsgiClient) -> None:
    plan = client.post("/v1/state/plans", json=state(spec()), headers=ADA)
    assert plan.status_code == 200, plan.text
    assert [item["act"] for item in plan.json()["items"]] == ["launch"]
    done = client.post("/v1/state/applications", json={"plan": plan.json()}, headers=ADA)
    assert done.json()["done"][0]["state"] == "running", done.text
    assert client.get("/v1/launches/podcasts-second").json()["origin"] == "home-specs"
    stale = client.post("/v1/state/applications", json={"plan": plan.json()}, headers=ADA)
    assert stale.status_code == 409
    assert stale.json()["error"]["code"] == "plan_stale"
    assert list(stale.json()["error"]["facts"]["surfaces"]) == ["home"]
    again = client.post("/v1/state/applications", json={"state": state(spec())}, headers=ADA).json()
    assert (again["done"], again["in_sync"]) == ([], True)
    files = client.get("/v1/state?surface=home").json()["files"]
    assert list(files) == ["home/podcasts-second.yaml", "home/config/baseline.yaml"]
    exported = [{"file": path, "spec": text} for path, text in files.items()]
    back = client.post("/v1/state/plans", json={"source": "home-specs", "specs": exported, "prune": True}).json()
    assert (back["n_changes"], back["n_faults"]) == (0, 0)


@pytest.mark.parametrize("body", [{}, {"plan": {}, "state": state(spec())}, {"plan": {"kind": "other"}}])
def test_what_is_neither_a_plan_nor_a_state_is_refused(client: AsgiClient, body: dict[str, Any]) -> None:
    answer = client.post("/v1/state/applications", json=body, headers=ADA)
    assert answer.status_code in (400, 422)


def test_a_surface_that_is_not_there_is_refused(client: AsgiClient) -> None:
    assert client.get("/v1/state?surface=no-such").status_code == 404
    assert client.post("/v1/state/plans", json=state(surfaces=["no-such"])).status_code == 404
