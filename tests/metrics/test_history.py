"""Recorded traffic tells what was recorded, and says Unknown beyond that."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.config import Attribute, Metric, Surface
from counterpoint.events import Event, Outcome, Served
from counterpoint.experiments import MetricHistory, TrafficHistory, UnitsPerDay, Unknown
from counterpoint.metrics import RecordedTraffic
from counterpoint.vocabulary import AttributeType
from metrics.metrics_world import METRICS, SURFACE, T0, events

NOW = T0 + timedelta(days=28)
DECLARED = Surface(
    key="home",
    description="Home",
    unit="user_id",
    attributes={"country": Attribute(key="country", type=AttributeType.STRING)},
    layers={},
    parameters={},
    metrics=SURFACE.metrics,
)


def traffic(records: list[Event], now: datetime = NOW) -> TrafficHistory:
    log = MemoryEventLog()
    log.append(records)
    return RecordedTraffic(log, lambda _: DECLARED, lambda: now)


def visit(unit: str, day: float, country: str = "SE", **changes: object) -> Served:
    fields = {
        "id": f"{unit}.{day}", "at": T0 + timedelta(days=day), "surface": "home", "unit": unit, "request_id": "r",
        "snapshot": "s", "status": "complete", "latency_ms": 10.0, "attributes": {"country": country},
    }  # fmt: skip
    return Served(**(fields | changes))  # type: ignore[arg-type]


def test_arrivals_are_distinct_units_per_day_and_newcomers_by_day() -> None:
    records = [visit("a", 0), visit("a", 0.5), visit("b", 0.1), visit("a", 1.2), visit("c", 1.3), visit("d", 2.9, "NO")]
    found = traffic(records, T0 + timedelta(days=3)).units_per_day("home", audience='country == "SE"')
    assert isinstance(found, UnitsPerDay)
    assert found.n_days == 3
    assert found.per_day_new == (2.0, 1.0, 0.0)
    assert found.first_day == pytest.approx(4 / 3)


def test_forced_pages_and_other_surfaces_are_no_arrivals() -> None:
    records = [visit("a", 0), visit("b", 0, forced=True), visit("c", 0, surface="search")]
    found = traffic(records, T0 + timedelta(days=1)).units_per_day("home", audience="true")
    assert isinstance(found, UnitsPerDay)
    assert found.per_day_new == (1.0,)


@pytest.mark.parametrize(
    ("audience", "unit", "code"),
    [("true", "device_id", "unit_not_recorded"), ('country == "XX"', None, "no_such_visitors")],
)
def test_arrivals_beyond_the_records_are_unknown(audience: str, unit: str | None, code: str) -> None:
    found = traffic(events(50)).units_per_day("home", audience=audience, unit=unit)
    assert isinstance(found, Unknown)
    assert found.code == code


def test_no_history_is_unknown_and_no_guess() -> None:
    empty = traffic([])
    assert empty.units_per_day("home", audience="true") == Unknown(
        code="no_history", reason="less than a day of traffic on home is recorded"
    )
    assert isinstance(empty.metric_history("home", "minutes_7d", audience="true"), Unknown)


@pytest.mark.parametrize("metric", METRICS, ids=lambda m: m.key)
def test_a_metric_has_a_history_or_a_reason(metric: Metric) -> None:
    found = traffic(events(1500, days=20)).metric_history("home", metric.key, audience="true")
    if metric.key == "empty_rate":
        assert isinstance(found, Unknown)
    else:
        assert isinstance(found, MetricHistory)
        assert found.variance > 0


def test_mean_and_variance_are_those_of_each_units_own_window() -> None:
    records: list[Event] = []
    rng = np.random.default_rng(3)
    worth = rng.exponential(10, 300).round(3)
    for i, value in enumerate(worth):
        records.append(visit(f"u{i}", 10 + i / 100))
        for day, part in ((1, 0.5), (6.9, 0.5), (7.1, 100.0)):
            at = T0 + timedelta(days=10 + i / 100 + day)
            worth_part = float(value) * part
            records.append(
                Outcome(id=f"{i}.{day}", at=at, surface="home", unit=f"u{i}", name="minutes", value=worth_part)
            )
    found = traffic([*records, visit("early", 0)]).metric_history("home", "minutes_7d", audience='country == "SE"')
    assert isinstance(found, MetricHistory)
    assert found.n_units == 300
    assert found.mean == pytest.approx(worth.mean(), rel=1e-6)
    assert found.variance == pytest.approx(worth.var(ddof=1), rel=1e-6)


def test_a_metric_that_repeats_itself_has_a_high_autocorrelation() -> None:
    records: list[Event] = [visit("early", 0)]
    for i in range(300):
        records.append(visit(f"u{i}", 12))
        for day in (10.0, 13.0):
            at = T0 + timedelta(days=day)
            value = float(i % 30) + day / 10
            records.append(Outcome(id=f"{i}.{day}", at=at, surface="home", unit=f"u{i}", name="minutes", value=value))
    found = traffic(records).metric_history("home", "minutes_7d", audience="true")
    assert isinstance(found, MetricHistory)
    assert found.autocorrelation == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("n", "now", "metric", "code"),
    [
        (50, NOW, "minutes_7d", "too_few_units"),
        (500, T0 + timedelta(days=6), "minutes_7d", "history_too_short"),
        (500, NOW, "nope", "unknown_metric"),
    ],
)
def test_a_history_that_does_not_reach_is_unknown(n: int, now: datetime, metric: str, code: str) -> None:
    found = traffic(events(n), now).metric_history("home", metric, audience="true")
    assert isinstance(found, Unknown)
    assert found.code == code
