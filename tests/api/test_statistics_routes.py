"""The routes of statistics answer from a real platform's records, and refuse what makes no sense."""

from collections.abc import Iterator

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.bootstrap import opened
from counterpoint.cli.main import main
from counterpoint.settings import read_settings


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AsgiClient]:
    settings = read_settings({}, data=tmp_path_factory.mktemp("platform"))
    with opened(settings) as platform:
        yield AsgiClient(create_app(platform))


def test_power_without_records_is_not_known_and_says_why(client: AsgiClient) -> None:
    asked = {"metric": "podcast_minutes_7d", "effect": 0.02}
    metrics = client.get("/v1/surfaces/home").json()["metrics"]
    asked["metric"] = next(iter(metrics))
    answer = client.post("/v1/surfaces/home/power", json=asked | {"draw": True})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["known"] in {True, False}
    assert ("svg" in document) == document["known"]
    if not document["known"]:
        assert document["reason"]["code"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"metric": "no_such_metric", "effect": 0.02}, "unknown_metric"),
        ({"metric": "x"}, "invalid_request"),
        ({"metric": "x", "effect": 0.02, "margin": 0.01}, "invalid_request"),
        ({"metric": "x", "effect": -0.02}, "invalid_request"),
        ({"metric": "x", "effect": 0.02, "weights": [1, 0]}, "invalid_request"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(client: AsgiClient, body: dict[str, object], code: str) -> None:
    answer = client.post("/v1/surfaces/home/power", json=body)
    assert answer.status_code in {400, 404, 422}, answer.text
    assert answer.json()["error"]["code"] == code or code == "invalid_request"


def test_the_programme_of_a_new_platform_has_no_rates(client: AsgiClient) -> None:
    document = client.get("/v1/programme").json()
    assert document["total"]["learning_rate"] is None
    assert "home" in document["surfaces"]
    assert document["surfaces"]["home"]["traffic"]["in_use"] == 0
    advised = client.get("/v1/programme", params={"surface": "home"}).json()
    assert [each["code"] for each in advised["advice"]] == ["overlap_unmeasured"]
    assert client.get("/v1/programme", params={"surface": "nowhere"}).status_code == 404


def test_interactions_and_novelty_are_read_over_http(client: AsgiClient) -> None:
    assert client.get("/v1/surfaces/home/interactions").json()["n_pairs"] == 0
    assert client.get("/v1/surfaces/nowhere/interactions").status_code == 404
    assert client.get("/v1/experiments/none/novelty").status_code == 404


def test_the_commands_read_the_same(tmp_path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path), "programme", "--surface", "home"]) == 0
    assert "No experiment ended" in capsys.readouterr().out
    assert main(["--data", str(tmp_path), "interactions"]) == 0
    assert "No two experiments" in capsys.readouterr().out
    assert main(["--data", str(tmp_path), "novelty", "nothing"]) == 2
    assert "nothing" in capsys.readouterr().err
