"""The hot paths answer exactly as the FastAPI routes behind them, whatever is sent."""

import pytest

from api.asgi_client import AsgiClient
from api.fake_platform import FakePlatform
from counterpoint.api import create_app, hot

PATHS = ["/v1/surfaces/home/resolve", "/v1/surfaces/home/page", "/v1/surfaces/hoem/page", "/v1/events"]
BODIES = [
    b'{"unit": "u"}',
    b'{"unit": "u", "context": {"country": "SE", "tenure_days": 3, "x": 1.5, "ok": true}}',
    b'{"unit": "u", "parameters": null, "forced": {}}',
    b'{"unit": "u", "forced": {"podcasts-second-se": "third"}, "request_id": "r"}',
    b'{"unit": "u", "forced": {"podcasts-second-se": "nope"}, "request_id": "r"}',
    b'{"unit": "u", "parameters": ["nope"]}',
    b'{"unit": ""}',
    b'{"unit": 3}',
    b'{"unit": "u", "context": {"a": null}}',
    b'{"unit": "u", "context": {"a": 18446744073709551616}}',
    b'{"unit": "u", "context": {"a": 1e999}}',
    b'{"unit": "u", "context": {"a": NaN}}',
    b'{"unit": "u", "unknown": 1}',
    b'{"unit": "u", "request_id": ""}',
    b'{"events": []}',
    b'{"events": [{"id": "1", "kind": "outcome"}, {}]}',
    b'{"events": [1]}',
    b'{"events": {}}',
    b"{}",
    b"[]",
    b"null",
    b'{"unit": "u"',
    b"\xff",
    b"",
]


def ask(client: AsgiClient, path: str, body: bytes) -> tuple[int, dict]:
    answer = client.post(path, content=body, headers={"content-type": "application/json"})
    document = answer.json()
    if document.get("request_id") != "r":
        document.pop("request_id", None)  # a new one each time
    return answer.status_code, document


@pytest.mark.parametrize("path", PATHS)
def test_the_hot_path_and_the_route_behind_it_give_the_same_answer(path, monkeypatch):
    client = AsgiClient(create_app(FakePlatform()), raise_server_exceptions=False)
    quick = [ask(client, path, body) for body in BODIES]
    monkeypatch.setattr(hot, "_hot_route", lambda path: None)
    slow = [ask(client, path, body) for body in BODIES]
    for body, one, other in zip(BODIES, quick, slow, strict=True):
        assert one == other, body
    assert any(status == 200 for status, _ in quick) or "hoem" in path
    assert any(status == 422 for status, _ in quick)


def test_a_well_formed_request_never_reaches_the_slow_route(monkeypatch):
    client = AsgiClient(create_app(FakePlatform()), raise_server_exceptions=False)
    fast = client.post("/v1/surfaces/home/page", json={"unit": "u"})
    assert fast.status_code == 200
    # With the decoder gone only the FastAPI route is left, so the answer above came from in front of it.
    monkeypatch.setattr(hot.HotPaths, "_parsed", lambda *_: pytest.fail("the hot path was asked"))
    with pytest.raises(pytest.fail.Exception):
        AsgiClient(create_app(FakePlatform())).post("/v1/surfaces/home/page", json={"unit": "u"})
