"""Every rollup engine keeps of the records exactly what counting by hand keeps."""

import contextlib
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.errors import CannotCompute
from counterpoint.events import Event, EventLog, Exposure, Outcome
from counterpoint.metrics import Rollup, RollupEngine, RollupQuestion, rollup_engine
from counterpoint.stats import Summary
from counterpoint.storage.events import open_event_log
from metrics.metrics_world import METRICS, T0, events
from spark_engine import spark

NOW = T0 + timedelta(days=14)


@pytest.fixture(
    scope="module", params=["duckdb", pytest.param("spark", marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def engine(request: pytest.FixtureRequest) -> Iterator[RollupEngine]:
    with spark() if request.param == "spark" else contextlib.nullcontext():
        yield rollup_engine(request.param)


def question(**changes: object) -> RollupQuestion:
    asked = {
        "surface": "home",
        "experiment": "podcasts-second",
        "variants": ("control", "treatment"),
        "metrics": METRICS,
        "started_at": T0,
        "now": NOW,
    }
    return RollupQuestion(**(asked | changes))  # type: ignore[arg-type]


def kept(records: list[Event]) -> EventLog:
    log = MemoryEventLog()
    log.append(records)
    return log


def rolled(engine: RollupEngine, records: list[Event], **changes: object) -> Rollup:
    return engine(kept(records), question(**changes))


def by_hand(records: list[Event], name: str, days: int, variant: str) -> list[float]:
    """Sum an outcome over the window of each matured unit of one variant, the slow and obvious way."""
    first = {e.unit: e for e in sorted(records, key=lambda e: e.at, reverse=True) if isinstance(e, Exposure)}
    sums = defaultdict(float)
    for e in records:
        if isinstance(e, Outcome) and e.name == name and e.unit in first:
            start = first[e.unit].at
            if start <= e.at < start + timedelta(days=days):
                sums[e.unit] += e.value
    return [sums[unit] for unit, e in first.items() if e.variant == variant and e.at + timedelta(days=days) <= NOW]


RECORDS = events(400, lift=0.3)


@pytest.mark.parametrize("variant", ["control", "treatment"])
def test_means_and_ratios_are_those_of_matured_units_counted_by_hand(engine: RollupEngine, variant: str) -> None:
    rollup = rolled(engine, RECORDS)
    expected = Summary.from_arrays(by_hand(RECORDS, "minutes", 7, variant))
    found = rollup.metrics["minutes_7d"].arms[variant]
    assert found.n == expected.n
    assert found.means == pytest.approx(expected.means, rel=1e-12)
    assert found.cross == pytest.approx(expected.cross, rel=1e-9)
    expected = Summary.from_arrays(
        by_hand(RECORDS, "home_clicks", 3, variant), by_hand(RECORDS, "home_views", 3, variant)
    )
    found = rollup.metrics["ctr"].arms[variant]
    assert found.cross == pytest.approx(expected.cross, rel=1e-9)
    share = [x > 0 for x in by_hand(RECORDS, "starters", 7, variant)]
    assert rollup.metrics["starters_7d"].arms[variant] == Summary.from_counts(sum(share), len(share))


@pytest.mark.parametrize("variant", ["control", "treatment"])
def test_quantile_values_are_those_of_matured_units_and_cluster_by_unit(engine: RollupEngine, variant: str) -> None:
    arm = rolled(engine, RECORDS).metrics["load_ms_p90"].quantiles[variant]
    total = math.fsum(v * n for v, n in zip(arm.values.values, arm.values.counts, strict=True))
    assert total == pytest.approx(math.fsum(by_hand(RECORDS, "load_ms_p90", 7, variant)), rel=1e-4)
    assert arm.clusters.n == len(by_hand(RECORDS, "minutes", 7, variant))
    assert round(arm.clusters.mean("denominator") * arm.clusters.n) == arm.values.n
    assert arm.clusters.mean() / arm.clusters.mean("denominator") == pytest.approx(0.9, abs=0.01)


def test_every_exposed_unit_is_matured_or_immature(engine: RollupEngine) -> None:
    rollup = rolled(engine, RECORDS)
    for metric in rollup.metrics.values():
        for variant, n in rollup.exposed.items():
            matured = metric.arms[variant].n if metric.arms else metric.quantiles[variant].clusters.n
            assert matured + metric.n_immature[variant] == n
    assert sum(rollup.exposed.values()) == 400
    assert rollup.daily[-1] == tuple(rollup.exposed.values())


def test_a_unit_that_met_two_variants_is_counted_and_left_out(engine: RollupEngine) -> None:
    first = next(e for e in RECORDS if isinstance(e, Exposure) and e.variant == "control")
    again = msgspec.structs.replace(first, id="again", variant="treatment", at=first.at + timedelta(hours=1))
    before, after = rolled(engine, RECORDS), rolled(engine, [*RECORDS, again])
    assert after.n_mixed == 1
    assert after.exposed["control"] == before.exposed["control"] - 1
    assert after.exposed["treatment"] == before.exposed["treatment"]


def test_an_undeclared_variant_is_counted_and_left_out(engine: RollupEngine) -> None:
    stray = msgspec.structs.replace(
        next(e for e in RECORDS if isinstance(e, Exposure)), id="stray", unit="new", variant="purple"
    )
    rollup = rolled(engine, [*RECORDS, stray])
    assert rollup.unknown == {"purple": 1}
    assert rollup.exposed == rolled(engine, RECORDS).exposed


def test_other_surfaces_experiments_and_times_are_not_counted(engine: RollupEngine) -> None:
    exposure = next(e for e in RECORDS if isinstance(e, Exposure))
    foreign = [
        msgspec.structs.replace(exposure, id="f1", unit="f1", surface="search"),
        msgspec.structs.replace(exposure, id="f2", unit="f2", experiment="other"),
        msgspec.structs.replace(exposure, id="f3", unit="f3", at=T0 - timedelta(seconds=1)),
        msgspec.structs.replace(exposure, id="f4", unit="f4", at=NOW),
        Outcome(id="f5", at=exposure.at, surface="search", unit=exposure.unit, name="minutes", value=1e6),
    ]
    assert rolled(engine, [*RECORDS, *foreign]) == rolled(engine, RECORDS)


def test_exposures_after_the_end_do_not_count(engine: RollupEngine) -> None:
    ended = rolled(engine, RECORDS, ended_at=T0 + timedelta(days=7))
    assert sum(ended.exposed.values()) == 200


def test_the_same_records_give_the_same_rollup_in_any_order_and_from_any_log(
    engine: RollupEngine, tmp_path: Path
) -> None:
    shuffled = random.Random(5).sample(RECORDS, len(RECORDS))
    log = open_event_log(tmp_path, seal_at=300)
    for start in range(0, len(shuffled), 70):
        log.append(shuffled[start : start + 70])
    asked = question(covariates=True, segment="country")
    found = engine(log, asked)
    assert found == engine(kept(RECORDS), asked)
    log.seal()
    assert engine(log, asked) == found
    log.close()


def test_segments_add_up_to_the_whole(engine: RollupEngine) -> None:
    metric = rolled(engine, RECORDS, segment="country").metrics["minutes_7d"]
    assert set(metric.segments) == {"SE", "NO"}
    for variant, arm in metric.arms.items():
        assert sum(s[variant].n for s in metric.segments.values()) == arm.n


def test_covariates_are_the_same_metric_before_first_exposure(engine: RollupEngine) -> None:
    exposure = next(e for e in RECORDS if isinstance(e, Exposure))
    before = Outcome(
        id="b", at=exposure.at - timedelta(days=6), surface="home", unit=exposure.unit, name="minutes", value=1000.0
    )
    plain, more = (rolled(engine, r, covariates=True).metrics["minutes_7d"].arms for r in (RECORDS, [*RECORDS, before]))
    arm = exposure.variant
    assert more[arm].mean() == plain[arm].mean()
    assert more[arm].n * (more[arm].mean("before") - plain[arm].mean("before")) == pytest.approx(1000.0)


def test_nobody_exposed_is_an_empty_rollup(engine: RollupEngine) -> None:
    rollup = rolled(engine, [])
    assert rollup.exposed == {"control": 0, "treatment": 0}
    assert rollup.first_exposure_at is None
    assert rollup.metrics["minutes_7d"].arms["control"].n == 0


def test_values_too_large_to_be_summed_exactly_are_an_error_and_no_figure(engine: RollupEngine) -> None:
    exposure = next(e for e in RECORDS if isinstance(e, Exposure))
    huge = Outcome(id="h", at=exposure.at, surface="home", unit=exposure.unit, name="minutes", value=1e15)
    with pytest.raises(CannotCompute) as caught:
        rolled(engine, [*RECORDS, huge])
    assert caught.value.code == "metric_overflow"
