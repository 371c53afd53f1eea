"""The course of an experiment: each of its points is what a look at that day would have shown."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics import PlannedUnits, read_course, score
from counterpoint.stats import MetricModel
from metrics.metrics_world import SURFACE, T0, events, spec

PLANNED = PlannedUnits(by_day=(900 / 14,) * 14, source="a test")
LOG = MemoryEventLog()
LOG.append(events(900, lift=0.4, seed=3))
FIGURES = ("relative_effect", "relative_ci_lower", "relative_ci_upper", "looks", "n_control", "anytime")


def course(design: ExperimentSpec, days: float, **changes: Any) -> dict[str, Any]:
    asked: dict[str, Any] = {"planned": PLANNED, **changes}
    return read_course(LOG, design, SURFACE, started_at=T0, now=T0 + timedelta(days=days), **asked)


@pytest.mark.parametrize("test", ["group_sequential", "always_valid", "fixed"])
def test_each_point_is_the_primary_row_of_the_whole_scorecard_of_that_day(test: str) -> None:
    found = course(spec(test=test), 11.5)
    assert len(found["points"]) >= 3
    for point in found["points"]:
        at = T0 + timedelta(days=point["day"])
        card = score(LOG, spec(test=test), SURFACE, started_at=T0, now=at, planned=PLANNED)
        whole = card.rows[0].as_document()
        assert {name: point["variants"][0][name] for name in FIGURES} == {name: whole[name] for name in FIGURES}


def test_with_planned_looks_the_points_are_the_looks_and_without_them_the_days_and_now() -> None:
    weekly = course(spec(test="group_sequential", looks="daily"), 11.5)
    assert [p["day"] for p in weekly["points"]] == [8, 9, 10, 11]
    assert weekly["planned_looks"] == [8, 9, 10, 11, 12, 13, 14]
    assert [p["day"] for p in course(spec(test="always_valid"), 11.5)["points"]] == [8, 9, 10, 11, 11.5]


def test_a_fixed_horizon_interval_is_in_the_course_at_its_end_only() -> None:
    points = course(spec(test="fixed"), 20)["points"]
    assert {p["variants"][0]["looks"] for p in points[:-1]} <= {"any", None}
    assert (points[-1]["day"], points[-1]["variants"][0]["looks"]) == (14, "one")
    assert points[-1]["variants"][0]["anytime"] is not None


def test_before_anything_has_matured_there_is_no_point_and_the_reach_comes_from_the_past() -> None:
    found = course(spec(test="group_sequential"), 3, model=lambda: MetricModel(mean=20.0, variance=400.0))
    assert found["points"] == []
    reach = found["detectable"]
    assert reach["source"] == "traffic before the start"
    assert reach["today"] is None
    assert reach["by_day"][-1]["day"] == 14
    assert course(spec(), 3)["detectable"]["reason"] is not None


@pytest.mark.parametrize("test", ["group_sequential", "always_valid", "fixed"])
def test_what_can_be_detected_shrinks_with_exposure_and_says_where_it_stands_today(test: str) -> None:
    reach = course(spec(test=test), 12)["detectable"]
    changes = [each["change"] for each in reach["by_day"]]
    assert len(changes) >= 4
    assert changes == sorted(changes, reverse=True)
    assert reach["today"]["day"] == 12
    assert reach["today"]["change"] in changes
    assert reach["source"] == "this experiment"


def test_without_planned_units_nothing_is_said_about_days_to_come() -> None:
    reach = course(spec(test="always_valid"), 11, planned=None)["detectable"]
    assert max(each["day"] for each in reach["by_day"]) == 11


def test_a_long_course_keeps_its_newest_point() -> None:
    long = spec(test="always_valid").model_copy(update={"schedule": spec().schedule.model_copy(update={"days": 60})})
    days = [p["day"] for p in course(long, 45.25, planned=None)["points"]]
    assert len(days) <= 28
    assert days[-1] == 45.25
