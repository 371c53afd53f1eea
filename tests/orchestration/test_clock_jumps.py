"""Clocks that jump: no look is lost, none is taken twice, and no look knows less than the one before it."""

import itertools
from datetime import datetime, timedelta

import pytest

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import Inspection, Launch, LaunchState, open_desk, submit, tick
from launch_fakes import START, FakeWorld, KillableExecutor, spec_document

SPEC = ExperimentSpec.model_validate(spec_document(schedule={"days": 14}))
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)


def _watched(jumps: dict[int, timedelta]) -> tuple[list[datetime], Launch]:
    """Return when a launch was looked at, and how it ended, if the clock jumps at some hours of its true time."""
    world, looks, ids = FakeWorld(), [], itertools.count(1)

    def inspect(launch: Launch, now: datetime) -> Inspection:
        looks.append(now)
        return Inspection(budget_open=True)

    built = world.build()
    fields = {field: getattr(built, field) for field in built.__dataclass_fields__ if field != "inspect"}
    desk = open_desk(type(built)(**fields, inspect=inspect), KillableExecutor(), lambda: str(next(ids)))
    launch, _ = submit(desk, SPEC, author="ada")
    off = timedelta(0)
    for hour in range(14 * 24 + 30):
        off += jumps.get(hour, timedelta(0))
        world.clock.now = START + hour * HOUR + off
        tick(desk)
        tick(desk)
    return looks, world.launches.get(launch.id)


CALM, _ = _watched({})


def test_a_calm_clock_gives_a_smoke_look_one_look_a_day_and_the_end() -> None:
    assert len(CALM) == 15


def test_an_hour_back_between_looks_loses_none_and_doubles_none() -> None:
    for hour in (5, 24, 25, 26, 100):
        looks, ended = _watched({hour: -HOUR})
        assert len(looks) == len(CALM), hour
        assert looks == sorted(looks)
        assert ended.state is LaunchState.SHIPPED


@pytest.mark.parametrize("hour", [30, 47, 48, 49])
def test_a_clock_that_ran_a_week_ahead_and_was_set_right_loses_no_look_of_the_days_that_followed(hour: int) -> None:
    looks, ended = _watched({hour: WEEK, hour + 2: -WEEK})
    assert looks == sorted(looks), "no look knows less than the one before it"
    days = len(CALM) + 1  # one look, while it was ahead, came on top
    assert len(CALM) <= len(looks) <= days
    assert ended.state is LaunchState.SHIPPED
    times = [entry.at for entry in ended.timeline]
    assert times == sorted(times)


def test_a_clock_that_stays_a_week_ahead_ends_the_design_a_week_early_and_takes_no_look_twice() -> None:
    looks, ended = _watched({30: WEEK})
    assert len(looks) == len(set(looks)) == len(CALM) - 6
    assert ended.state is LaunchState.SHIPPED
