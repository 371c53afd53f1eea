"""Every event log keeps the promises of the port."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.events import EventLog, Exposure, Impression, Outcome, Served
from counterpoint.storage.events import open_event_log

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["memory", "files", "files sealed by every append"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    made: EventLog = MemoryEventLog()
    if request.param != "memory":
        made = open_event_log(tmp_path / "events", seal_at=50_000 if request.param == "files" else 1)
    yield made
    made.close()


def outcome(n: int, at: datetime = T0, **changes: object) -> Outcome:
    fields = {"id": f"o{n}", "at": at, "surface": "home", "unit": f"u{n}", "name": "saves", "value": n / 3} | changes
    return Outcome(**fields)  # type: ignore[arg-type]


EXPOSURE = Exposure(
    id="e", at=T0, surface="home", unit="u", experiment="x", variant="control", parameter="a.b",
    snapshot="s", release=4, request_id="r", enrolled_at=T0 - timedelta(hours=1),
)  # fmt: skip
IMPRESSION = Impression(
    id="i",
    at=T0,
    surface="home",
    unit="u",
    request_id="r",
    shelf="made_for_you",
    shelf_position=2,
    item="t:1",
    position=3,
)
SERVED = Served(
    id="p", at=T0, surface="home", unit="ü\0☃", request_id="r", snapshot="s", status="degraded", latency_ms=12.5,
    attributes={"country": "SE", "sessions_28d": 3, "share": 0.1, "listens_podcasts": True}, forced=True,
)  # fmt: skip


@pytest.mark.parametrize("event", [EXPOSURE, IMPRESSION, SERVED, outcome(1)], ids=lambda e: type(e).__name__)
def test_a_record_comes_back_as_it_was_appended(log: EventLog, event: Exposure) -> None:
    log.append([event])
    assert list(log.read(type(event))) == [event]
    types = {k: type(v) for k, v in getattr(next(log.read(type(event))), "attributes", {}).items()}
    assert types in ({}, {"country": str, "sessions_28d": int, "share": float, "listens_podcasts": bool})


def test_a_record_sent_again_is_counted_as_a_duplicate_and_not_stored(log: EventLog) -> None:
    assert log.append([outcome(1), outcome(2)]).n_stored == 2
    again = log.append([outcome(2), outcome(3), outcome(3)])
    assert (again.n_stored, again.n_duplicates) == (1, 2)
    assert sorted(e.id for e in log.read(Outcome)) == ["o1", "o2", "o3"]


def test_an_id_belongs_to_its_kind(log: EventLog) -> None:
    log.append([outcome(1, id="same")])
    assert log.append([msgspec.structs.replace(EXPOSURE, id="same")]).n_stored == 1


def test_a_range_includes_its_start_and_excludes_its_end(log: EventLog) -> None:
    log.append([outcome(n, T0 + timedelta(seconds=n)) for n in range(5)])
    found = log.read(Outcome, since=T0 + timedelta(seconds=1), until=T0 + timedelta(seconds=3))
    assert sorted(e.id for e in found) == ["o1", "o2"]


def test_microseconds_and_other_zones_keep_their_instant(log: EventLog) -> None:
    at = datetime(2026, 3, 1, 3, 0, 0, 123_457, tzinfo=timezone(-timedelta(hours=9)))
    log.append([outcome(1, at)])
    assert next(log.read(Outcome)).at == at


def test_every_record_is_in_exactly_one_segment(log: EventLog) -> None:
    for start in range(0, 30, 10):
        log.append([outcome(n) for n in range(start, start + 10)])
    segments = log.segments(Outcome)
    ids = [e.id for e in segments.tail] + [i for f in segments.files for i in pq.read_table(f)["id"].to_pylist()]
    assert sorted(ids) == sorted(f"o{n}" for n in range(30))


def test_reading_a_kind_that_was_never_appended_yields_nothing(log: EventLog) -> None:
    log.append([outcome(1)])
    assert list(log.read(Served)) == []
