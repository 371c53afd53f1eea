"""A rollout is taken back when its units meet slow pages, or a guardrail's event, otherwise than the others."""

from datetime import timedelta

import pytest

from counterpoint.bootstrap import Edit
from counterpoint.events import Outcome, Served
from live_platform import live_platform

ADA = Edit(actor="ada", reason="fewer shelves")
STAGES = ({"share": 0.1, "hours": 1}, {"share": 0.5, "hours": 2})
KEY = "layout.max_shelves"
EVENT = "empty_or_fallback_pages"
UNITS = [f"u{n}" for n in range(600)]


def page(clock, unit, latency_ms=20.0):
    facts = {"surface": "home", "unit": unit, "request_id": f"r{unit}", "snapshot": "s", "status": "complete"}
    return Served(id=f"p-{unit}-{clock().timestamp()}", at=clock(), latency_ms=latency_ms, **facts)


def empty(clock, unit):
    return Outcome(id=f"o-{unit}-{clock().timestamp()}", at=clock(), surface="home", unit=unit, name=EVENT, value=1.0)


@pytest.fixture
def rolling(tmp_path):
    with live_platform(tmp_path) as (platform, clock):
        proposed = platform.configuring.set_values("home", {KEY: 8}, ADA, stages=STAGES)

        def value(unit):
            return platform.delivery.resolve("home", unit, {}, parameters=[KEY])["values"][KEY]["value"]

        changed = {unit for unit in UNITS if value(unit) == 8}
        assert 30 < len(changed) < 100

        def watched(records):
            clock.move_to(clock() + timedelta(minutes=5))
            platform.delivery.log.append(records(clock, changed))
            clock.move_to(clock() + timedelta(minutes=5))
            platform.control.tick()
            return platform.configuring.change(proposed["id"])

        yield watched


def test_slow_pages_under_the_change_take_it_back(rolling):
    done = rolling(lambda clock, changed: [page(clock, u, 2_500.0 if u in changed else 20.0) for u in UNITS])
    assert done["state"] == "reverted"
    assert "slower than" in done["steps"][-1]["reason"]


def test_a_guardrails_event_under_the_change_takes_it_back(rolling):
    done = rolling(lambda clock, changed: [*(page(clock, u) for u in UNITS), *(empty(clock, u) for u in changed)])
    assert done["state"] == "reverted", done
    assert f"met {EVENT} (home_empty_rate)" in done["steps"][-1]["reason"]


def test_what_all_units_meet_alike_takes_nothing_back(rolling):
    done = rolling(
        lambda clock, changed: [*(page(clock, u, 2_500.0) for u in UNITS), *(empty(clock, u) for u in UNITS)]
    )
    assert done["state"] == "rolling_out"
