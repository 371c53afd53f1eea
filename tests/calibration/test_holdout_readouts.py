"""A holdout's intervals cover the cumulative effect that was put in, and its verdicts rarely find one that was not."""

import math
import random
from datetime import timedelta

import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.assignment import BucketSet, bucket_of
from counterpoint.events import Event, Outcome, Served
from counterpoint.experiments import Holdout
from counterpoint.metrics import read_holdout
from metrics.metrics_world import SURFACE, T0

pytestmark = pytest.mark.slow

N_HOLDOUTS = 120
N_UNITS = 900
ALPHA = 0.05
END = T0 + timedelta(days=14)
SETS = BucketSet.of(range(5_000)), BucketSet.of(range(5_000, 10_000))
# Three standard errors of a share over so many holdouts.
TOLERANCE = 3 * math.sqrt(ALPHA * (1 - ALPHA) / N_HOLDOUTS)


def readings(effect: float, seed: int) -> list[dict[str, object]]:
    rng, rows = random.Random(seed), []
    for number in range(N_HOLDOUTS):
        records: list[Event] = []
        for place in range(N_UNITS):
            unit, at = f"h{number}u{place}", T0 + timedelta(minutes=place)
            shipped = bucket_of(unit, "home") in SETS[1]
            value = max(0.0, rng.gauss(20, 6) + effect * shipped)
            records.append(
                Served(
                    id=f"s{unit}",
                    at=at,
                    surface="home",
                    unit=unit,
                    request_id=f"r{unit}",
                    snapshot="s",
                    status="complete",
                    latency_ms=1.0,
                    attributes={},
                )
            )
            records.append(
                Outcome(
                    id=f"o{unit}", at=at + timedelta(days=1), surface="home", unit=unit, name="minutes", value=value
                )
            )
        log = MemoryEventLog()
        log.append(records)
        holdout = Holdout(
            key="h",
            owner="data",
            unit="user_id",
            share=0.5,
            status_quo=SETS[0],
            shipped_only=SETS[1],
            baseline={},
            starts_at=T0,
            ends_at=END,
        )
        document = read_holdout(log, SURFACE, holdout, salt="home", now=END, metrics=("minutes_7d",))
        rows += document["metrics"]
    return rows


def test_intervals_cover_the_cumulative_effect_as_often_as_they_say() -> None:
    rows = readings(1.5, seed=20261122)
    covered = sum(row["ci_lower"] <= 1.5 <= row["ci_upper"] for row in rows) / N_HOLDOUTS  # type: ignore[operator]
    assert covered >= 1 - ALPHA - TOLERANCE
    assert all(row["verdict"] != "worse" for row in rows)


def test_without_an_effect_a_verdict_is_as_rare_as_it_says() -> None:
    found = sum(row["verdict"] != "no_difference_shown" for row in readings(0.0, seed=7))
    assert found / N_HOLDOUTS <= ALPHA + TOLERANCE
