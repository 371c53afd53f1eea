"""When an experiment is looked at, takes its next stage, and ends."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import end_of, stages
from counterpoint.orchestration.schedule import Action, next_due
from launch_fakes import START, spec_document


def _spec(*held_hours: float, days: int = 14, **changes: Any) -> ExperimentSpec:
    ramp = [{"share": 0.01 * (n + 1), "hours": hours} for n, hours in enumerate(held_hours)]
    return ExperimentSpec.model_validate(spec_document(schedule={"days": days, "ramp": ramp}, **changes))


def _at(**duration: float) -> datetime:
    return START + timedelta(**duration)


def test_a_new_experiment_is_looked_at_within_the_hour() -> None:
    due = next_due(_spec(4), stage=0, started_at=START, staged_at=START, now=START)
    assert (due.action, due.at) == (Action.LOOK, _at(hours=1))


def test_a_long_stage_is_watched_every_day_for_harm() -> None:
    due = next_due(_spec(24 * 7), stage=0, started_at=START, staged_at=START, now=_at(hours=30))
    assert (due.action, due.at) == (Action.LOOK, _at(days=2))


@pytest.mark.parametrize("looks", ["daily", "weekly", "end"])
def test_a_design_that_decides_seldom_is_watched_every_day_all_the_same(looks: str) -> None:
    due = next_due(_spec(analysis={"looks": looks}), stage=0, started_at=START, staged_at=START, now=_at(days=3))
    assert (due.action, due.at) == (Action.LOOK, _at(days=4))


def test_the_next_stage_comes_when_its_time_is_reached_and_at_once_when_that_is_past() -> None:
    spec = _spec(4, 20)
    due = next_due(spec, stage=0, started_at=START, staged_at=START, now=_at(hours=2))
    assert (due.action, due.at) == (Action.NEXT_STAGE, _at(hours=4))
    late = next_due(spec, stage=0, started_at=START, staged_at=START, now=_at(hours=30))
    assert (late.action, late.at) == (Action.NEXT_STAGE, _at(hours=30))
    last = next_due(spec, stage=2, started_at=START, staged_at=_at(hours=24), now=_at(hours=25))
    assert (last.action, last.at) == (Action.LOOK, _at(hours=48))


def test_a_stage_that_came_late_is_held_for_its_hours_all_the_same() -> None:
    due = next_due(_spec(4, 20), stage=1, started_at=START, staged_at=_at(hours=60), now=_at(hours=73))
    assert (due.action, due.at) == (Action.NEXT_STAGE, _at(hours=80))


def test_no_stage_is_taken_at_or_after_the_end() -> None:
    due = next_due(_spec(48, days=2), stage=0, started_at=START, staged_at=START, now=_at(hours=47))
    assert (due.action, due.at) == (Action.CONCLUDE, _at(days=2))


@given(
    held=st.lists(st.floats(0, 400), max_size=4),
    days=st.integers(1, 30),
    stage=st.integers(0, 4),
    hours=st.floats(-100, 1000),
)
def test_whenever_it_is_asked_something_is_due_within_a_day_of_the_watch_and_not_in_the_past(
    held: list[float], days: int, stage: int, hours: float
) -> None:
    spec = _spec(*held, days=days)
    now = _at(hours=hours)
    due = next_due(spec, stage=min(stage, len(stages(spec)) - 1), started_at=START, staged_at=START, now=now)
    assert due.at >= now
    assert due.at <= max(now, START) + timedelta(days=1)
    if due.action is Action.CONCLUDE:
        assert due.at >= end_of(spec, START)
