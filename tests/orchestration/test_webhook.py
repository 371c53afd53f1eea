"""The signed webhook: what is signed, what is tried again and for how long, and what the receiver may answer."""

import json
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from contracts.backend_rigs import ROOT, SECRET, SPEC, loaded
from counterpoint.errors import Conflict, CounterpointError, DependencyFailure, Forbidden, InvalidInput
from counterpoint.orchestration import Desired, Diff, Goal
from counterpoint.orchestration.backends import HEADER, Patience, WebhookBackend, is_signed, signature
from experiment_examples import NOW

DESIRED = Desired(launch_id="l", spec=SPEC, goal=Goal.START, stage=0, actor="a", reason="r", now=NOW)


class Script:
    """Answers in order, then the last again; keeps what it was asked and how long it was waited."""

    def __init__(self, *answers):
        self.answers, self.asked, self.waited, self.now = list(answers), [], [], 0.0

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sleep(self, seconds):
        self.waited.append(seconds)
        self.now += seconds


def backend(script, budget_s=10.0, **changes):
    patience = Patience(budget_s=budget_s, sleep=script.sleep, stopwatch=lambda: script.now)
    client = httpx.Client(transport=httpx.MockTransport(script))
    return WebhookBackend("hook", client, "http://hook.test/", SECRET, clock=lambda: NOW, patience=patience, **changes)


def said(status, document=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={} if document is None else document, headers=named)


FINE = said(200, {"detail": {"id": 7}})


def test_every_attempt_is_signed_over_its_time_and_the_very_bytes_and_carries_the_key():
    script = Script(said(500), FINE)
    hook = backend(script)
    receipt = hook.apply(DESIRED, _planned(hook), "key-1")
    assert receipt.detail["answered"] == {"id": 7}
    for request in script.asked:
        assert is_signed(request.headers[HEADER], request.content, key=SECRET, now=NOW)
        assert request.headers["Idempotency-Key"] == "key-1"
        assert json.loads(request.content)["desired"]["spec"]["key"] == "e1"
        assert SECRET.decode() not in request.content.decode() + str(request.headers)


def _planned(hook):
    return Diff(backend=hook.name, edits=())


@pytest.mark.parametrize(
    ("header", "body", "key", "seconds"),
    [
        ("good", b"{ }", SECRET, 0),
        ("good", b"{}", b"another", 0),
        ("good", b"{}", SECRET, 301),
        ("good", b"{}", SECRET, -301),
        ("t=,v1=", b"{}", SECRET, 0),
        ("t=-1,v1=00", b"{}", SECRET, 0),
        ("t=" + "9" * 400 + ",v1=00", b"{}", SECRET, 0),
        ("v1=00", b"{}", SECRET, 0),
        ("", b"{}", SECRET, 0),
        ("t=1é,v1=é", b"{}", SECRET, 0),
    ],
)
def test_what_is_altered_old_or_malformed_is_not_signed(header, body, key, seconds):
    header = signature(b"{}", key=SECRET, at=NOW) if header == "good" else header
    now = NOW + timedelta(seconds=seconds)
    assert not is_signed(header, body, key=key, now=now)
    example = loaded("webhook_receiver", ROOT / "examples" / "webhook_receiver.py")
    assert not example.is_signed(header, body, key, now.timestamp())


def test_the_example_accepts_what_the_library_signs_to_the_edge_of_the_window():
    example = loaded("webhook_receiver", ROOT / "examples" / "webhook_receiver.py")
    header = signature(b"{}", key=SECRET, at=NOW)
    for seconds in (-300, 0, 300):
        assert example.is_signed(header, b"{}", SECRET, NOW.timestamp() + seconds)
        assert is_signed(header, b"{}", key=SECRET, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("trouble", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), said(503), said(429)])
def test_what_may_pass_is_tried_again_with_growing_patience_until_the_budget_is_spent(trouble):
    script = Script(trouble)
    with pytest.raises(DependencyFailure) as raised:
        backend(script, budget_s=2.0).plan(DESIRED)
    assert script.waited == pytest.approx([0.2, 0.4, 0.8])
    assert len(script.asked) == 4
    assert raised.value.code == "backend_down"
    assert script.now <= 2.0


def test_a_retry_after_is_waited_for_and_one_beyond_the_budget_is_not():
    script = Script(said(503, Retry_After="3"), said(429, Retry_After=_date(2)), FINE)
    backend(script).apply(DESIRED, _planned(backend(script)), "k")
    assert script.waited == [3.0, 2.0]
    script = Script(said(503, Retry_After="60"))
    with pytest.raises(DependencyFailure) as raised:
        backend(script).apply(DESIRED, _planned(backend(script)), "k")
    assert script.waited == []
    assert raised.value.facts["retry_after_s"] == 60.0


def _date(seconds):
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (said(409), Conflict, "webhook_refused"),
        (said(401), Forbidden, "backend_token"),
        (said(422), InvalidInput, "backend_refused"),
        (said(302), InvalidInput, "backend_refused"),
        (httpx.Response(200, text="<html>"), DependencyFailure, "backend_unreadable"),
        (httpx.Response(200, json=[]), DependencyFailure, "backend_unreadable"),
        (said(200, {"edits": [3]}), DependencyFailure, "backend_unreadable"),
    ],
)
def test_what_will_not_pass_is_not_tried_again(answer, kind, code):
    script = Script(answer)
    with pytest.raises(CounterpointError) as raised:
        backend(script).plan(DESIRED)
    assert (type(raised.value), raised.value.code, len(script.asked)) == (kind, code, 1)


def test_a_receiver_that_forgets_to_say_whether_it_differs_has_not_verified():
    hook = backend(Script(FINE, said(200, {})))
    receipt = hook.apply(DESIRED, _planned(hook), "k")
    with pytest.raises(DependencyFailure, match="differs"):
        hook.verify(receipt)


def test_a_surface_that_is_none_of_its_business_is_not_told():
    script = Script(FINE)
    hook = backend(script, surfaces=frozenset({"search"}))
    receipt = hook.apply(DESIRED, hook.plan(DESIRED), "k")
    assert hook.verify(receipt) is None
    hook.revert(receipt, actor="a", reason="r", now=NOW)
    assert script.asked == []


def test_a_reminder_is_signed_and_carries_its_key():
    script = Script(said(500), said(200))
    backend(script).remind("home", "q4", "data: read it", idempotency_key="remind:home:q4:2026-12-31")
    for request in script.asked:
        assert is_signed(request.headers[HEADER], request.content, key=SECRET, now=NOW)
        assert request.headers["Idempotency-Key"] == "remind:home:q4:2026-12-31"
    told = json.loads(script.asked[-1].content)
    assert (told["call"], told["surface"], told["holdout"], told["reminder"]) == (
        "remind",
        "home",
        "q4",
        "data: read it",
    )
