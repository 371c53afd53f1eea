"""Ingest accepts what is well formed and says of the rest what is wrong and where."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.events import MAX_BATCH, ClockBounds, Exposure, Outcome, ingest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "kind": "outcome", "id": "a", "at": "2026-03-01T00:00:00Z",
    "surface": "home", "unit": "u", "name": "saves", "value": 1,
}  # fmt: skip
SERVED = {k: v for k, v in GOOD.items() if k not in {"name", "value"}} | {
    "kind": "served", "request_id": "r", "snapshot": "s", "status": "complete", "latency_ms": 3
}  # fmt: skip


def body(*events: Any) -> bytes:
    return json.dumps({"events": events}).encode()


@pytest.mark.parametrize(
    ("event", "code", "path"),
    [
        (GOOD | {"kind": "clicked"}, "unknown_kind", "events[1].kind"),
        ({k: v for k, v in GOOD.items() if k != "kind"}, "missing_field", "events[1].kind"),
        ({k: v for k, v in GOOD.items() if k != "unit"}, "missing_field", "events[1].unit"),
        (GOOD | {"colour": "red"}, "unknown_field", "events[1].colour"),
        (GOOD | {"unit": 7}, "wrong_type", "events[1].unit"),
        (GOOD | {"unit": ""}, "out_of_bounds", "events[1].unit"),
        (GOOD | {"unit": "u" * 257}, "out_of_bounds", "events[1].unit"),
        (GOOD | {"at": "yesterday"}, "wrong_type", "events[1].at"),
        (GOOD | {"at": "2026-03-01T00:00:00"}, "wrong_type", "events[1].at"),
        (GOOD | {"at": "2026-03-01T00:06:00Z"}, "in_future", "events[1].at"),
        (GOOD | {"at": "2026-02-21T23:59:59Z"}, "too_old", "events[1].at"),
        (GOOD | {"at": "9999-12-31T23:59:59-23:59"}, "in_future", "events[1].at"),
        (GOOD | {"value": "1"}, "wrong_type", "events[1].value"),
        (GOOD | {"value": 2e12}, "out_of_bounds", "events[1].value"),
        (SERVED | {"status": "splendid"}, "out_of_bounds", "events[1].status"),
        (SERVED | {"latency_ms": -1}, "out_of_bounds", "events[1].latency_ms"),
        (SERVED | {"attributes": {"country": [1]}}, "wrong_type", "events[1].attributes[...]"),
        ("text", "wrong_type", "events[1]"),
        (None, "wrong_type", "events[1]"),
    ],
)
def test_a_bad_record_is_refused_with_its_code_and_place_and_costs_no_other(event: Any, code: str, path: str) -> None:
    result = ingest(body(GOOD, event, GOOD | {"id": "b"}), NOW)
    assert [e.id for e in result.accepted] == ["a", "b"]
    assert [(r.code, r.path) for r in result.refused] == [(code, path)]
    in_memory = ingest([GOOD, event, GOOD | {"id": "b"}], NOW)
    assert [(r.code, r.path) for r in in_memory.refused] == [(code, path)]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_no_number_is_refused_even_when_it_never_was_json(value: float) -> None:
    assert ingest([GOOD | {"value": value}], NOW).refused[0].code == "not_finite"
    assert ingest([SERVED | {"latency_ms": value}], NOW).refused[0].code in {"not_finite", "out_of_bounds"}


def test_an_exposure_before_its_enrolment_is_refused() -> None:
    exposure = Exposure(
        id="e", at=NOW, surface="home", unit="u", experiment="x", variant="control", parameter="a.b",
        snapshot="s", release=1, request_id="r", enrolled_at=NOW + timedelta(seconds=1),
    )  # fmt: skip
    assert ingest([exposure], NOW).refused[0].code == "enrolled_after_exposure"


def test_the_same_id_twice_in_a_batch_is_one_record_but_two_kinds_may_share_it() -> None:
    result = ingest(body(GOOD, GOOD, SERVED), NOW)
    assert (len(result.accepted), result.n_duplicates, result.refused) == (2, 1, ())


def test_a_bare_list_is_a_batch_and_zones_are_understood() -> None:
    result = ingest(json.dumps([GOOD | {"at": "2026-03-01T02:00:00+02:00"}]).encode(), NOW)
    assert isinstance(result.accepted[0], Outcome)
    assert result.accepted[0].at == NOW


def test_wider_clock_bounds_accept_what_the_default_refuses() -> None:
    late = GOOD | {"at": "2026-01-01T00:00:00Z"}
    assert ingest(body(late), NOW).refused
    assert ingest(body(late), NOW, bounds=ClockBounds(max_late=timedelta(days=90))).accepted


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "malformed_json"),
        (b"{", "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b"3", "malformed_batch"),
        (b"{}", "malformed_batch"),
        (b'{"events": 3}', "malformed_batch"),
        (b'{"events": [], "more": 1}', "malformed_batch"),
        (b"[" + b"1," * MAX_BATCH + b"1]", "batch_too_large"),
    ],
)
def test_a_body_that_is_no_batch_is_one_error(raw: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ingest(raw, NOW)
    assert caught.value.code == code


def test_bytes_that_are_no_text_refuse_their_record_alone() -> None:
    raw = b'{"events": [' + json.dumps(GOOD).encode() + b', {"kind": "outcome", "id": "\xff"}]}'
    result = ingest(raw, NOW)
    assert [r.code for r in result.refused] == ["malformed_json"]
    assert len(result.accepted) == 1


def test_the_document_counts_every_record_of_the_batch() -> None:
    document = ingest(body(GOOD, GOOD, GOOD | {"id": "b", "unit": 3}), NOW).as_document()
    assert document["accepted"] + document["duplicates"] + len(document["refused"]) == 3


def test_a_record_of_the_day_before_yesterday_is_accepted_and_counted_as_late() -> None:
    late = GOOD | {"id": "late", "at": "2026-02-27T00:00:00Z"}
    result = ingest(body(GOOD, late), NOW)
    assert (len(result.accepted), result.n_late) == (2, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "\ud800"},
        {"unit": "a\udfff"},
        {"value": 10**400},
        {"at": "2026-03-01T00:00:00\ud800"},
        {"kind": "\ud800"},
    ],
)
def test_what_could_not_be_written_is_refused_and_costs_no_other(change: dict[str, Any]) -> None:
    result = ingest([GOOD, GOOD | {"id": "x"} | change], NOW)
    assert [e.id for e in result.accepted] == ["a"]
    assert len(result.refused) == 1
    json.dumps(result.as_document(), ensure_ascii=False).encode()


def test_attributes_of_any_size_are_kept() -> None:
    (event,) = ingest(body(SERVED | {"attributes": {"n": 10**30, "x": 1e300}}), NOW).accepted
    assert event.attributes["n"] == 10**30  # type: ignore[union-attr]
