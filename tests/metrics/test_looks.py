"""Planned looks: when they are, what information they have, and which bounds follow."""

import pytest

from counterpoint.errors import CannotCompute
from counterpoint.experiments import RampStage, ScheduleSpec, UnitsPerDay
from counterpoint.metrics import PlannedUnits, planned_from_document, planned_units
from counterpoint.metrics.looks import bounds_at, look_schedule, looks_so_far, matured_by
from counterpoint.stats import spending_bounds
from metrics.metrics_world import spec

PLANNED = PlannedUnits(by_day=(100.0,) * 14, source="a test")
DAILY = tuple((50 * (d + 1), 50 * (d + 1)) for d in range(14))
WEIGHTS = {0: 1.0, 1: 1.0}


def at_day(days: float, daily: tuple[tuple[int, ...], ...] = DAILY, **analysis: object):  # type: ignore[no-untyped-def]
    return looks_so_far(spec(**analysis), 7, PLANNED, daily, days=days)


def test_looks_begin_when_units_have_matured_and_end_with_the_schedule() -> None:
    assert look_schedule(spec(looks="daily"), 7) == (8, 9, 10, 11, 12, 13, 14)
    assert look_schedule(spec(looks="weekly"), 3) == (7, 14)
    assert look_schedule(spec(looks="end"), 3) == (14,)


def test_units_mature_a_window_after_their_first_exposure() -> None:
    assert matured_by(DAILY, 7, 7) == (0,)
    assert matured_by(DAILY, 8, 7) == (50, 50)
    assert matured_by(DAILY[:3], 14, 7) == DAILY[2]


def test_bounds_are_those_of_the_spending_function_at_the_matured_shares() -> None:
    bounds, look = bounds_at(at_day(14), PLANNED, DAILY, window_days=7, arms=(0, 1), weights=WEIGHTS, alpha=0.05)
    expected = spending_bounds([round(k / 7, 6) for k in range(1, 8)], alpha=0.05)
    assert look == 7
    assert bounds.z == pytest.approx(expected.z)


def test_a_look_without_new_units_is_not_taken() -> None:
    quiet = (*DAILY[:3], *(DAILY[2],) * 11)
    with pytest.raises(CannotCompute) as caught:
        bounds_at(at_day(12, quiet), PLANNED, quiet, window_days=7, arms=(0, 1), weights=WEIGHTS, alpha=0.05)
    assert caught.value.code == "no_look_yet"
    bounds, look = bounds_at(at_day(14, quiet), PLANNED, quiet, window_days=7, arms=(0, 1), weights=WEIGHTS, alpha=0.05)
    assert look == 4
    assert bounds.alpha_spent[-1] == pytest.approx(0.05)


def test_a_third_arm_leaves_the_pair_its_share_of_the_plan() -> None:
    daily = tuple((n, n, 2 * n) for n, _ in DAILY)
    planned = PlannedUnits(by_day=(200.0,) * 14, source="a test")
    weights = {0: 1.0, 1: 1.0, 2: 2.0}
    looks = looks_so_far(spec(), 7, planned, daily, days=11)
    bounds, _ = bounds_at(looks, planned, daily, window_days=7, arms=(0, 2), weights=weights, alpha=0.05)
    assert bounds.information[-1] == pytest.approx(4 / 7, abs=1e-5)


def test_a_metric_whose_units_have_all_matured_early_is_read_again_at_the_end_only() -> None:
    fast = tuple((60 * (d + 1), 60 * (d + 1)) for d in range(14))
    planned = PlannedUnits(by_day=(125.0,) * 14, source="a test")
    looks = looks_so_far(spec(), 7, planned, fast, days=13)
    assert not looks.is_final
    shorter = PlannedUnits(by_day=(60.0,) * 14, source="a test")
    with pytest.raises(CannotCompute):
        bounds_at(looks, shorter, fast, window_days=7, arms=(0, 1), weights=WEIGHTS, alpha=0.05)


def test_planned_units_follow_the_ramp_and_the_history() -> None:
    units = UnitsPerDay(first_day=100, per_day_new=(100.0, 60.0, 40.0), n_days=3, source="history")
    whole = spec().model_copy(update={"schedule": ScheduleSpec(days=4)})
    assert planned_units(whole, units).by_day == pytest.approx((50, 30, 20, 100 / 3))
    ramped = whole.model_copy(update={"schedule": ScheduleSpec(days=4, ramp=(RampStage(share=0.1, hours=48),))})
    assert planned_units(ramped, units).by_day == pytest.approx((10, 6, 4 + 40, 20 / 3 + 24))
    kept = planned_units(ramped, units)
    assert planned_from_document(kept.as_document()) == kept
