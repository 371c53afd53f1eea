"""Records reach the control plane exactly once, whatever dies or lies on the way."""

from datetime import UTC, datetime
from types import SimpleNamespace

import httpx
import msgspec
import pytest

from counterpoint.events import Outcome, ingest
from counterpoint.storage.events import Shipper, open_event_log
from feed_world import eventually

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def outcome(number):
    return Outcome(id=f"o{number}", at=NOW, surface="home", unit="u", name="plays", value=1.0)


class Control:
    """A control plane in memory: a real log behind `POST /v1/events`, and faults in front of it."""

    def __init__(self, folder):
        self.log = open_event_log(folder)
        self.faults = []
        self.seen = []

    def __call__(self, request):
        fault = self.faults.pop(0) if self.faults else None
        self.seen.append((request.headers.get("authorization"), len(request.content)))
        if fault == "down":
            raise httpx.ConnectError("refused")
        if isinstance(fault, int):
            return httpx.Response(fault, json={"error": {"code": "no"}})
        result = ingest(msgspec.json.decode(request.content)["events"], now=NOW)
        stored = self.log.append(result.accepted).n_stored
        if fault == "answer lost":
            raise httpx.ReadError("gone")
        return httpx.Response(200, json={"accepted": stored, "refused": [r.as_document() for r in result.refused]})

    def ids(self):
        return sorted(each.id for each in self.log.read(Outcome))


@pytest.fixture
def world(tmp_path):
    control, log = Control(tmp_path / "control"), open_event_log(tmp_path / "own", outbox=True)
    opened = []

    def shipper(**rest):
        made = Shipper("http://control", log, transport=httpx.MockTransport(control), every_s=0.01, **rest)
        opened.append(made)
        return made

    yield SimpleNamespace(control=control, log=log, shipper=shipper, folder=tmp_path / "own")
    for each in opened:
        each.close()
    log.close()
    control.log.close()


def test_what_is_appended_arrives_once_and_stays_here_too(world):
    world.log.append([outcome(n) for n in range(3)])
    world.log.append([outcome(2)])  # a duplicate here is none of the other side's business
    assert world.shipper().ship() == 3
    assert world.shipper().ship() == 0
    assert world.control.ids() == ["o0", "o1", "o2"]
    assert len(list(world.log.read(Outcome))) == 3


@pytest.mark.parametrize("fault", ["down", "answer lost", 500, 503, 403, 413])
def test_nothing_is_lost_or_doubled_when_a_batch_or_its_answer_is(world, fault):
    world.log.append([outcome(n) for n in range(5)])
    world.control.faults = [fault, fault]
    shipper = world.shipper()
    shipper.start()
    eventually(lambda: world.log.n_outgoing() == 0)
    assert world.control.ids() == [f"o{n}" for n in range(5)]
    assert shipper.n_refused == 0


def test_a_process_that_died_before_it_shipped_ships_in_its_next_life(world):
    world.log.append([outcome(1)])
    world.log.close()
    again = open_event_log(world.folder, outbox=True)
    try:
        assert Shipper("http://control", again, transport=httpx.MockTransport(world.control)).ship() == 1
        assert world.control.ids() == ["o1"]
    finally:
        again.close()


def test_sealing_takes_nothing_out_of_the_outbox(world):
    world.log.append([outcome(n) for n in range(4)])
    assert world.log.seal() == 4
    world.log.append([outcome(9)])
    assert world.shipper().ship() == 5
    assert world.control.ids() == ["o0", "o1", "o2", "o3", "o9"]


def test_a_record_that_is_refused_for_good_holds_up_nothing(world):
    ancient = Outcome(id="old", at=datetime(2020, 1, 1, tzinfo=UTC), surface="home", unit="u", name="plays", value=1.0)
    world.log.append([ancient, outcome(1)])
    shipper = world.shipper()
    assert shipper.ship() == 2
    assert (shipper.n_refused, world.control.ids(), world.log.n_outgoing()) == (1, ["o1"], 0)


def test_batches_stay_below_what_one_request_may_hold(world, monkeypatch):
    monkeypatch.setattr("counterpoint.storage.events.shipping.MAX_BYTES", 1_000)
    world.log.append([outcome(n) for n in range(30)])
    shipper = world.shipper(token="a-token-that-a-whole-fleet-shares")
    while shipper.ship():
        pass
    assert len(world.control.ids()) == 30
    assert max(size for _, size in world.control.seen) < 1_100
    assert {said for said, _ in world.control.seen} == {"Bearer a-token-that-a-whole-fleet-shares"}


def test_a_log_without_an_outbox_keeps_nothing_for_others(tmp_path):
    log = open_event_log(tmp_path)
    log.append([outcome(1)])
    log.close()
    with_one = open_event_log(tmp_path, outbox=True)
    assert with_one.n_outgoing() == 0
    with_one.close()
