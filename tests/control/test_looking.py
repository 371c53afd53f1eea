"""Looks act on what the records show: a launch that does not work, and a design that lets it end now."""

from datetime import datetime, timedelta

import msgspec
import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.control.judging.looking import early_end, smoke_check
from counterpoint.events import Event, Exposure, Served
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics import PlannedUnits, check_running, decide, score
from metrics.metrics_world import SURFACE, T0, events, spec

HEALTHY = events(1200)
HOUR = timedelta(hours=1)
PLANNED = PlannedUnits(by_day=(86.0,) * 14, source="a test")


def _log(records: list[Event]) -> MemoryEventLog:
    log = MemoryEventLog()
    log.append(records)
    return log


def _smoke(records: list[Event], now: datetime = T0 + timedelta(days=3)) -> tuple[tuple[str, ...], str]:
    log = _log(records)
    findings = check_running(log, spec(), started_at=T0, now=now)
    seen = smoke_check(log, spec(), findings, started_at=T0, now=now)
    return seen.broken, seen.passed


def test_a_healthy_experiment_passes_its_smoke_check_with_what_was_seen() -> None:
    broken, passed = _smoke(HEALTHY)
    assert broken == ()
    assert "units exposed by variant: control 1" in passed


def test_before_enough_was_seen_the_smoke_check_says_nothing() -> None:
    assert _smoke(HEALTHY, T0 + HOUR) == ((), "")


def test_a_variant_that_nobody_meets_is_broken() -> None:
    alone = [each for each in HEALTHY if not isinstance(each, Exposure) or each.variant == "control"]
    broken, passed = _smoke(alone)
    assert "'treatment' was served to nobody" in broken[0]
    assert passed == ""


@pytest.mark.parametrize(("field", "value"), [("latency_ms", 900.0), ("status", "partial")])
def test_a_variant_whose_pages_are_slow_or_incomplete_is_broken_and_no_other(field: str, value: object) -> None:
    treated = {each.unit for each in HEALTHY if isinstance(each, Exposure) and each.variant == "treatment"}
    worse = [
        msgspec.structs.replace(each, **{field: value}) if isinstance(each, Served) and each.unit in treated else each
        for each in HEALTHY
    ]
    broken, passed = _smoke(worse)
    assert len(broken) == 1
    assert "were in 'treatment'" in broken[0]
    assert passed == ""


def _end(records: list[Event], design: ExperimentSpec, day: float, planned: PlannedUnits | None = PLANNED) -> str:
    card = score(_log(records), design, SURFACE, started_at=T0, now=T0 + timedelta(days=day), planned=planned)
    return early_end(card, decide(card, design), design)


SEQUENTIAL = spec(test="group_sequential")


def _sought(mde: float) -> ExperimentSpec:
    primary = SEQUENTIAL.metrics.primary.model_copy(update={"mde": mde})
    metrics = SEQUENTIAL.metrics.model_copy(update={"primary": primary, "guardrails": ()})
    return SEQUENTIAL.model_copy(update={"metrics": metrics})


def test_a_look_that_crosses_the_bound_for_success_lets_the_design_end_early() -> None:
    great = events(1200, lift=2.0)
    assert _end(great, SEQUENTIAL, 7) == "", "nothing has matured"
    assert "crosses the bound for success: treatment" in _end(great, SEQUENTIAL, 12)


def test_a_fixed_horizon_design_never_ends_early() -> None:
    assert _end(events(1200, lift=2.0), spec(), 12) == ""


def test_a_look_at_an_effect_that_is_not_there_and_not_ruled_out_lets_it_run() -> None:
    assert _end(HEALTHY, _sought(0.01), 11) == ""


def test_a_look_that_rules_out_the_effect_worth_finding_is_futile() -> None:
    said = _end(HEALTHY, _sought(0.9), 12)
    assert "crosses the bound for futility" in said
    assert "0.9 was worth finding" in said


def test_the_look_at_which_the_planned_units_have_matured_is_the_last() -> None:
    few = PlannedUnits(by_day=(10.0,) * 14, source="a test")
    assert "is the last: the units that were planned have matured" in _end(HEALTHY, SEQUENTIAL, 12, few)
