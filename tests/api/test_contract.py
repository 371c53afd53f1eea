"""The fake platform and the real one answer the same calls with documents of the same form, which OpenAPI shows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from api.asgi_client import AsgiClient
from api.fake_platform import FakePlatform
from counterpoint.api import create_app, examples
from counterpoint.bootstrap import opened
from counterpoint.settings import read_settings
from counterpoint.web import mount_web

HYPOTHESIS = examples.PLAN["hypothesis"]
# Maps whose keys are data, not part of the form.
DATA = {"values", "config", "provenance", "exposed", "facts", "evidence", "parameters", "metrics", "set", "seconds"}


@pytest.fixture(scope="module", params=["fake", "real"])
def client(request, tmp_path_factory) -> Iterator[AsgiClient]:
    if request.param == "fake":
        yield serving(FakePlatform())
        return
    settings = read_settings({}, data=tmp_path_factory.mktemp("platform"))
    with opened(settings) as platform:
        yield serving(platform)


def serving(platform: Any) -> AsgiClient:
    app = create_app(platform)
    mount_web(app, platform)
    return AsgiClient(app)


@pytest.fixture(scope="module")
def launched(client: AsgiClient) -> dict[str, Any]:
    answer = client.post("/v1/launches", json=examples.LAUNCH, headers={"X-Counterpoint-Actor": "maria@example.org"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "running", answer.text
    return answer.json()


def lacks(example: Any, document: Any, path: str = "") -> list[str]:
    """Return the paths that the example has and the document has not."""
    match example, document:
        case dict(), dict():
            missing = [f"{path}.{key}" for key in example if key not in document]
            for key, value in example.items():
                if key in document and not (key in DATA and isinstance(value, dict)):
                    missing += lacks(value, document[key], f"{path}.{key}")
            return missing
        case [first, *_], [other, *_]:
            return lacks(first, other, f"{path}[0]")
        case _:
            return []


def same_form(example: dict[str, Any], response: Any) -> dict[str, Any]:
    assert response.status_code in {200, 201}, response.text
    assert lacks(example, response.json()) == []
    return response.json()


def test_a_plan_is_answered_in_the_documented_form(client):
    planned = same_form(examples.PLANNED, client.post("/v1/plans", json=examples.PLAN))
    assert planned["plan"]["arms"] == [{"podcasts.shelf_position": 2}]


def test_a_spec_is_validated_in_the_documented_form(client):
    same_form(examples.VALIDATED, client.post("/v1/validations", json=examples.VALIDATION))


def test_past_experiments_are_answered_in_the_documented_form(client):
    same_form({**examples.PAST, "experiments": []}, client.get("/v1/past?surface=home&words=podcasts"))


def test_a_search_for_nothing_is_refused(client):
    refused = client.get("/v1/past?surface=home")
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "nothing_to_search"


def test_a_launch_is_readable_by_its_id_and_by_its_experiment(client, launched):
    assert lacks(examples.LAUNCHED, launched) == []
    by_id = same_form(examples.LAUNCHED, client.get(f"/v1/launches/{launched['id']}"))
    by_key = same_form(examples.LAUNCHED, client.get(f"/v1/launches/{launched['experiment']}"))
    assert by_id["id"] == by_key["id"]
    assert launched["id"] in [each["id"] for each in client.get("/v1/launches").json()["launches"]]


def test_an_experiment_and_its_scorecard_have_the_documented_form(client, launched):
    key = launched["experiment"]
    listed = client.get("/v1/experiments?surface=home").json()["experiments"]
    short = next(each for each in listed if each["key"] == key)
    assert lacks(examples.EXPERIMENT, short) == []
    assert client.get(f"/v1/experiments/{key}").json()["spec"]["key"] == key
    same_form(examples.RESULTS, client.get(f"/v1/experiments/{key}/results"))


def test_a_page_and_a_value_have_the_documented_form(client, launched):
    page = same_form(examples.PAGE_ANSWER, client.post("/v1/surfaces/home/page", json=examples.PAGE))
    assert page["unit"] == examples.PAGE["unit"]
    resolved = same_form(examples.RESOLVED, client.post("/v1/surfaces/home/resolve", json=examples.RESOLVE))
    assert set(resolved["values"]) == {"podcasts.shelf_position"}


def test_a_surface_says_what_can_be_changed_and_measured(client):
    surface = client.get("/v1/surfaces/home").json()
    assert surface["parameters"]["podcasts.shelf_position"]["value"] == 6
    assert surface["metrics"]["podcast_minutes_7d"]["better"] == "higher"
    assert client.get("/v1/surfaces").json() == {"surfaces": ["home"]}


def test_events_are_taken_and_a_bad_one_is_named(client):
    now = datetime.now(UTC).isoformat()  # the real platform refuses what comes from the future
    batch = {"events": [examples.EVENTS["events"][0] | {"at": now}, {"kind": "outcome"}]}
    answer = same_form(examples.INGESTED, client.post("/v1/events", json=batch))
    assert [each["index"] for each in answer["refused"]] == [1]


def test_releases_the_audit_log_and_readiness_have_the_documented_form(client, launched):
    same_form({"releases": [examples.RELEASE]}, client.get("/v1/releases?surface=home"))
    assert client.get("/v1/audit?surface=home").json()["entries"]
    assert same_form(examples.READY, client.get("/readyz"))["ready"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/surfaces/hoem", None, 404),
        ("GET", "/v1/experiments/nope", None, 404),
        ("GET", "/v1/experiments/nope/results", None, 404),
        ("GET", "/v1/launches/nope", None, 404),
        ("GET", "/v1/releases?surface=hoem", None, 404),
        ("POST", "/v1/surfaces/hoem/page", {"unit": "u"}, 404),
        ("POST", "/v1/surfaces/home/resolve", {"unit": "u", "parameters": ["nope"]}, 404),
        ("POST", "/v1/plans", {"hypothesis": "x", "surface": "hoem"}, 404),
        ("POST", "/v1/validations", {"spec": "nonsense"}, 400),
        ("POST", "/v1/launches/nope/stop", {"reason": "x"}, 404),
    ],
)
def test_what_does_not_exist_is_refused_alike(client, method, path, body, status):
    answer = client.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["blame"] == "caller"


def test_every_page_of_the_site_can_be_drawn(client, launched):
    key = launched["experiment"]
    paths = ["/", f"/experiments/{key}", f"/experiments/{key}/standing", "/surfaces/home", "/surfaces/home/config"]
    variants = [variant["key"] for variant in launched["spec"]["variants"]]
    paths.append(f"/surfaces/home?view={key}:{variants[0]}&beside={key}:{variants[1]}")
    for path in paths:
        assert client.get(path).status_code == 200, path
    planned = client.post("/plans", data={"hypothesis": HYPOTHESIS, "surface": "home"})
    assert planned.status_code == 200
    assert "podcasts.shelf_position = 2" in planned.text


@pytest.mark.parametrize(("goal", "state"), [("pause", {"paused"}), ("resume", {"running"})])
def test_a_launch_is_steered_with_a_reason(client, launched, goal, state):
    answer = client.post(f"/v1/launches/{launched['id']}/{goal}", json={"reason": "to see whether it can"})
    assert answer.json()["state"] in state, answer.text
