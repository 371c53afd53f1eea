"""How often an experiment that changes nothing is shipped, looked at every day, against the level that was designed."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from counterpoint.config import Metric, Surface
from counterpoint.experiments import (
    AnalysisSpec,
    ExperimentSpec,
    MetricsSpec,
    PrimaryMetric,
    ScheduleSpec,
    VariantSpec,
)
from counterpoint.metrics import MetricRollup, PlannedUnits, Rollup, RollupQuestion, decide, score
from counterpoint.stats import Summary
from counterpoint.vocabulary import Direction

T0 = datetime(2026, 3, 2, tzinfo=UTC)
DAYS, WINDOW, N_UNITS, N_RUNS, SEED = 14, 2, 2_400, 1_200, 20261122
ALPHA = 0.1
METRIC = Metric(key="minutes_2d", type="mean", window_days=WINDOW, better="higher")
SURFACE = Surface(
    key="home", description="", unit="user_id", attributes={}, layers={}, parameters={}, metrics={METRIC.key: METRIC}
)


class Arrivals:
    """A rollup engine over units that arrive evenly and differ by chance alone, or by `lift` as well."""

    def __init__(self, rng: np.random.Generator, lift: float) -> None:
        self.day = (np.arange(N_UNITS) + 0.5) * DAYS / N_UNITS
        self.treated = rng.permutation(N_UNITS) % 2 == 1
        self.value = rng.lognormal(1, 0.6, N_UNITS) * np.where(self.treated, 1 + lift, 1.0)

    def __call__(self, log: Any, question: RollupQuestion) -> Rollup:
        now = (question.now - T0) / timedelta(days=1)
        looked = ((question.matured_at or question.now) - T0) / timedelta(days=1)
        arms, exposed, immature = {}, {}, {}
        for name, arm in (("control", ~self.treated), ("treatment", self.treated)):
            arms[name] = Summary.from_arrays(self.value[arm & (looked - self.day >= WINDOW)])
            exposed[name] = int((arm & (self.day < now)).sum())
            immature[name] = exposed[name] - arms[name].n
        days = range(1, math.ceil(now) + 1)
        daily = tuple(
            tuple(int((arm & (self.day < min(d, now))).sum()) for arm in (~self.treated, self.treated)) for d in days
        )
        rollup = MetricRollup(arms=arms, quantiles={}, n_immature=immature, segments={})
        return Rollup(
            exposed=exposed,
            daily=daily,
            n_mixed=0,
            unknown={},
            first_exposure_at=T0,
            last_exposure_at=question.now,
            snapshots=("s",),
            metrics={METRIC.key: rollup},
        )


def shipped_early_or_at_the_end(test: str, lift: float, planned_units: float = N_UNITS) -> tuple[int, int]:
    planned = PlannedUnits(by_day=(planned_units / DAYS,) * DAYS, source="a simulation")
    design = ExperimentSpec(
        key="nothing",
        surface="home",
        owner="o",
        hypothesis="h",
        allocation=1.0,
        variants=(VariantSpec(key="control"), VariantSpec(key="treatment", set={"a.b": 1})),
        metrics=MetricsSpec(primary=PrimaryMetric(metric=METRIC.key, direction=Direction.INCREASE)),
        analysis=AnalysisSpec(test=test, alpha=ALPHA),  # type: ignore[arg-type]
        schedule=ScheduleSpec(days=DAYS),
    )
    rng = np.random.default_rng(SEED)
    early = at_end = 0
    for _ in range(N_RUNS):
        engine = Arrivals(rng, lift)
        for day in range(1, DAYS + 1):
            now = T0 + timedelta(days=day)
            # There are no pages to compare units with: only the primary metric is asked for.
            card = score(
                None,  # type: ignore[arg-type]
                design,
                SURFACE,
                started_at=T0,
                now=now,
                planned=planned,
                primary_only=True,
                engine=engine,
            )
            if decide(card, design).ship is not None:
                early, at_end = early + (day < DAYS), at_end + (day == DAYS)
                break
    return early, at_end


@pytest.mark.slow
@pytest.mark.parametrize("test", ["fixed", "group_sequential", "always_valid"])
def test_nothing_is_shipped_more_often_than_designed_however_often_it_is_looked_at(test: str) -> None:
    early, at_end = shipped_early_or_at_the_end(test, lift=0.0)
    level = ALPHA / 2
    allowed = level + 4 * math.sqrt(level * (1 - level) / N_RUNS)
    assert (early + at_end) / N_RUNS <= allowed
    if test == "fixed":
        assert early == 0


@pytest.mark.slow
@pytest.mark.parametrize("forecast", [0.6, 1.6])
def test_a_wrong_forecast_of_traffic_does_not_ship_nothing_more_often(forecast: float) -> None:
    early, at_end = shipped_early_or_at_the_end("group_sequential", 0.0, forecast * N_UNITS)
    level = ALPHA / 2
    assert (early + at_end) / N_RUNS <= level + 4 * math.sqrt(level * (1 - level) / N_RUNS)


@pytest.mark.slow
def test_planned_looks_use_the_error_they_were_given() -> None:
    early, at_end = shipped_early_or_at_the_end("group_sequential", 0.0)
    level = ALPHA / 2
    assert (early + at_end) / N_RUNS >= level - 4 * math.sqrt(level * (1 - level) / N_RUNS)


@pytest.mark.slow
@pytest.mark.parametrize(("test", "least_early"), [("fixed", 0.0), ("group_sequential", 0.3), ("always_valid", 0.5)])
def test_a_large_effect_is_shipped_and_sequential_designs_ship_it_early(test: str, least_early: float) -> None:
    early, at_end = shipped_early_or_at_the_end(test, lift=0.15)
    assert (early + at_end) / N_RUNS >= 0.9
    assert early / N_RUNS >= least_early
