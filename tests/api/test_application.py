"""Every route answers with the platform's document, and every bad request with one error shape."""

import json

import pytest

from api import fake_documents as documents
from api.asgi_client import AsgiClient
from api.fake_platform import FakePlatform
from counterpoint.api import create_app

SHAPE = {"code", "blame", "retryable", "message", "where", "fix", "facts"}


@pytest.fixture
def platform() -> FakePlatform:
    return FakePlatform()


@pytest.fixture
def client(platform: FakePlatform) -> AsgiClient:
    return AsgiClient(create_app(platform), raise_server_exceptions=False)


def refused(response, status: int, code: str) -> dict:
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == SHAPE
    assert error["code"] == code
    assert "Traceback" not in response.text
    return error


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/v1/surfaces", "surfaces"),
        ("/v1/surfaces/home", "parameters"),
        ("/v1/launches", "launches"),
        ("/v1/launches/podcasts-second-se", "timeline"),
        ("/v1/experiments", "experiments"),
        ("/v1/experiments/podcasts-second-se", "spec"),
        ("/v1/experiments/podcasts-second-se/results", "metrics"),
        ("/v1/releases?surface=home", "releases"),
        ("/v1/audit?surface=home", "entries"),
        ("/healthz", "status"),
        ("/readyz", "ready"),
    ],
)
def test_every_document_can_be_read(client, path, key):
    response = client.get(path)
    assert response.status_code == 200
    assert key in response.json()


def test_a_surface_is_resolved_with_the_context_that_was_sent(client, platform):
    body = {"unit": "u1", "context": {"country": "SE", "n": 3}, "parameters": ["podcasts.shelf_position"]}
    answer = client.post("/v1/surfaces/home/resolve", json=body)
    assert answer.json()["values"]["podcasts.shelf_position"]["value"] == 2
    assert platform.delivery.asked == [("resolve", "u1", {"country": "SE", "n": 3}, ["podcasts.shelf_position"], {})]


def test_a_forced_variant_moves_the_shelf_on_the_page(client):
    def second_shelf(forced: dict) -> str:
        page = client.post("/v1/surfaces/home/page", json={"unit": "u", "forced": forced}).json()
        return page["shelves"][1]["key"]

    assert second_shelf({"podcasts-second-se": "second"}) == "podcasts"
    assert second_shelf({}) != "podcasts"


def test_a_page_has_the_callers_request_id_or_a_new_one(client):
    def request_id(extra: dict) -> str:
        return client.post("/v1/surfaces/home/page", json={"unit": "u", **extra}).json()["request_id"]

    assert request_id({"request_id": "r-9"}) == "r-9"
    assert request_id({}) != request_id({})


def test_a_bad_event_does_not_refuse_its_neighbours(client):
    answer = client.post("/v1/events", json={"events": [{"id": "1"}, {}]}).json()
    assert (answer["accepted"], answer["refused"][0]["index"]) == (1, 1)


def test_a_launch_is_made_in_the_name_of_the_actor_header(client, platform):
    answer = client.post("/v1/launches", json={"hypothesis": "x"}, headers={"X-Counterpoint-Actor": "maria"})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/launches/{documents.LAUNCH['id']}"
    assert platform.control.asked[-1][1] == "maria"
    client.post("/v1/launches", json={"spec": {"key": "a"}})
    assert platform.control.asked[-1][1] == "anonymous@localhost"


@pytest.mark.parametrize("goal", ["pause", "resume", "hold", "restart", "stop", "kill", "archive"])
def test_a_launch_is_moved_with_a_reason(client, platform, goal):
    answer = client.post(f"/v1/launches/podcasts-second-se/{goal}", json={"reason": "why not"})
    assert answer.status_code == 200
    assert platform.control.asked[-1] == ("move", "podcasts-second-se", goal, "anonymous@localhost", "why not")


def test_nobody_approves_a_launch_of_their_own(client):
    own = {"X-Counterpoint-Actor": "maria@example.org"}
    refused(client.post("/v1/launches/podcasts-second-se/approvals", json={}, headers=own), 409, "own_launch")
    assert client.post("/v1/launches/podcasts-second-se/approvals", json={"note": "ok"}).status_code == 200


def test_not_being_ready_is_a_503_with_the_reason_in_it(client, platform):
    platform.delivery.ready = False
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (503, False)


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/surfaces/hoem", None, 404, "unknown_surface"),
        ("POST", "/v1/surfaces/hoem/page", {"unit": "u"}, 404, "unknown_surface"),
        ("POST", "/v1/surfaces/home/page", {"unit": "down"}, 503, "content_down"),
        ("POST", "/v1/surfaces/home/page", {"unit": "boom"}, 500, "internal"),
        ("POST", "/v1/surfaces/home/page", {"unit": ""}, 422, "invalid_request"),
        ("POST", "/v1/surfaces/home/page", {"unit": "u", "uint": 1}, 422, "invalid_request"),
        ("POST", "/v1/surfaces/home/resolve", {"unit": "u", "parameters": ["nope"]}, 404, "unknown_parameter"),
        ("POST", "/v1/launches", {}, 422, "invalid_request"),
        ("POST", "/v1/launches", {"hypothesis": "a", "spec": {}}, 422, "invalid_request"),
        ("POST", "/v1/launches", {"spec": {"key": "taken"}}, 409, "launch_exists"),
        ("POST", "/v1/launches/nope/stop", {"reason": "x"}, 404, "unknown_launch"),
        ("POST", "/v1/validations", {"spec": "nonsense"}, 400, "bad_yaml"),
        ("GET", "/v1/releases", None, 422, "invalid_request"),
        ("GET", "/v1/nothing", None, 404, "unknown_route"),
        ("GET", "/nothing", None, 404, "unknown_route"),
        ("DELETE", "/v1/launches", None, 405, "method_not_allowed"),
        ("GET", "/v1/plans", None, 405, "method_not_allowed"),
    ],
)
def test_every_refusal_has_one_shape_and_a_stable_code(client, method, path, body, status, code):
    refused(client.request(method, path, json=body), status, code)


def test_an_unexpected_failure_tells_the_caller_nothing_and_the_log_everything(client, caplog):
    answer = client.post("/v1/surfaces/home/page", json={"unit": "boom"})
    assert "secret" not in answer.text
    assert "secret" in caplog.text


def test_every_field_at_fault_is_named(client):
    body = {"unit": 3, "context": {"a": []}, "more": 1}
    error = refused(client.post("/v1/surfaces/home/resolve", json=body), 422, "invalid_request")
    paths = " ".join(field["path"] for field in error["facts"]["fields"])
    assert "body.unit" in paths
    assert "body.context.a" in paths
    assert "body.more" in paths


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("path", ["/v1/surfaces/home/page", "/v1/events", "/v1/plans"])
@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b'{"unit": ', JSON, 400, "malformed_json"),
        (b'{"\xff": 1}', JSON, 400, "malformed_body"),
        (b"[" * 100_000, JSON, 400, "malformed_body"),
        (b"", JSON, 422, "invalid_request"),
        (b"[]", JSON, 422, "invalid_request"),
        (b'{"unit": "a\\u0000b"}', JSON, 400, "unstorable_text"),
        (b'{"unit": "\\ud800"}', JSON, 400, "unstorable_text"),
        (b'{"unit": "a\x00b"}', JSON, 400, "unstorable_text"),
        (b'{"unit": "' + b"x" * 1_000_001 + b'"}', JSON, 413, "body_too_large"),
        (b'{"unit": "u"}', {"content-type": "text/plain"}, 415, "unsupported_media_type"),
        (b"unit=u", {"content-type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
    ],
    ids=["cut", "not-utf8", "deep", "empty", "list", "null", "surrogate", "raw-null", "large", "text", "form"],
)
def test_a_body_that_cannot_be_read_is_refused_in_one_sentence(client, path, content, headers, status, code):
    refused(client.post(path, content=content, headers=headers), status, code)


def test_a_body_without_a_length_is_cut_off_all_the_same(client):
    async def chunks():
        for _ in range(30):
            yield b" " * 50_000

    refused(client.post("/v1/events", content=chunks(), headers=JSON), 413, "body_too_large")


def test_an_escaped_backslash_is_not_a_null_byte(client):
    answer = client.post("/v1/surfaces/home/page", content=b'{"unit": "a\\\\u0000"}', headers=JSON)
    assert answer.json()["unit"] == "a\\u0000"


def test_a_null_byte_in_the_address_is_refused(client):
    refused(client.get("/v1/experiments/a%00b"), 400, "unstorable_text")
    refused(client.get("/v1/releases?surface=a%00b"), 400, "unstorable_text")


@pytest.mark.parametrize("name", ["", "a" * 129, "tab\tname"])
def test_an_actor_that_cannot_be_stored_is_refused(client, name):
    answer = client.post("/v1/launches", json={"hypothesis": "x"}, headers={"X-Counterpoint-Actor": name})
    refused(answer, 400, "bad_actor")


def test_answers_are_counted_by_route_and_never_by_path(client, platform):
    client.get("/v1/experiments/podcasts-second-se")
    client.post("/v1/surfaces/home/page", json={"unit": "u"})
    client.post("/v1/surfaces/home/page", json={})
    client.get("/v1/experiments/nope-1")
    client.get("/some/scan.php")
    text = client.get("/metrics").text
    assert 'route="/v1/experiments/{key}",status="200"} 1.0' in text
    assert 'route="/v1/experiments/{key}",status="404"} 1.0' in text
    assert 'route="/v1/surfaces/{surface}/page",status="200"} 1.0' in text
    assert 'route="/v1/surfaces/{surface}/page",status="422"} 1.0' in text
    assert 'route="unmatched",status="404"} 1.0' in text
    assert "scan.php" not in text


def test_a_thousand_wrong_entries_are_answered_by_a_page_not_by_a_book(client):
    error = refused(client.post("/v1/events", json={"events": ["x"] * 1_000}), 422, "invalid_request")
    assert "and 999 more" in error["message"]
    assert len(error["facts"]["fields"]) == 50


def test_what_was_sent_is_not_sent_back_whole(client):
    error = refused(client.get("/v1/" + "x" * 9_000), 404, "unknown_route")
    assert len(error["message"]) <= 2_000
    assert f"{'x' * 100}…" in error["message"]
    assert "x" * 300 not in error["message"]


def test_numbers_that_json_has_not_are_refused(client):
    content = b'{"unit": "u", "context": {"x": NaN}}'
    error = refused(client.post("/v1/surfaces/home/page", content=content, headers=JSON), 422, "invalid_request")
    assert json.dumps(error, allow_nan=False)
