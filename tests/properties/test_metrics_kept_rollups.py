"""However records arrive, a kept rollup tells what one pass over all of them tells."""

import random
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoint.config import Metric
from counterpoint.events import Event, Exposure, Outcome
from counterpoint.metrics import KeptRollups, RollupQuestion, roll_up
from counterpoint.storage.events import open_event_log
from metrics.metrics_world import T0

METRICS = (
    Metric(key="minutes_2d", type="mean", window_days=2, better="higher"),
    Metric(key="starters_1d", type="proportion", window_days=1, better="higher"),
    Metric(key="ctr", type="ratio", window_days=2, better="higher", numerator="home clicks", denominator="home views"),
    Metric(key="load_ms_p90", type="quantile", quantile=0.9, window_days=2, better="lower"),
)
NAMES = ("minutes", "starters", "home_clicks", "home_views", "load_ms_p90", "of no metric")
HOUR = timedelta(hours=1)


def a_stream(chance: random.Random, n_units: int) -> list[Event]:
    """Return six days of records: units of one variant, of two, of an undeclared one, seen once or on many days."""
    out: list[Event] = []
    for i in range(n_units):
        variants = chance.choice([["control"], ["treatment"], ["control"], ["treatment", "control"], ["gone"]])
        for k in range(chance.choice([0, 1, 1, 2, 4])):
            at = T0 + chance.randrange(-6, 120) * HOUR
            out.append(
                Exposure(
                    id=f"e{i}.{k}", at=at, surface="home", unit=f"u{i}", experiment=chance.choice(["x", "x", "x", "y"]),
                    variant=chance.choice(variants), parameter="p", snapshot=f"s{chance.randrange(4)}", release=1,
                    request_id=f"r{i}.{k}",
                )
            )  # fmt: skip
        for k in range(chance.randrange(12)):
            at = T0 + chance.randrange(-60, 144) * HOUR
            value = chance.choice([0.0, 1.0, -2.5, round(chance.expovariate(0.1), 7)])
            surface = chance.choice(["home", "home", "home", "search"])
            out.append(
                Outcome(
                    id=f"o{i}.{k}", at=at, surface=surface, unit=f"u{i}", name=chance.choice(NAMES), value=value
                )
            )  # fmt: skip
    return out


def questions(chance: random.Random, *, covariates: bool) -> list[RollupQuestion]:
    """Return what is asked as of a day: of all metrics or one, while it runs or after, of units matured by then."""
    now = T0 + timedelta(days=chance.choice([1, 3, 6]))
    every = RollupQuestion(
        surface="home", experiment="x", variants=("control", "treatment"), metrics=METRICS, started_at=T0, now=now,
        phase_starts=(T0, T0 + timedelta(days=2)), covariates=covariates,
    )  # fmt: skip
    ended = T0 + timedelta(days=2, hours=chance.randrange(24))
    one = RollupQuestion(
        surface="home", experiment="x", variants=("control", "treatment"), metrics=METRICS[2:3], started_at=T0,
        ended_at=ended, now=now, matured_at=now - timedelta(days=1), covariates=covariates,
    )  # fmt: skip
    return [every, one]


def holds_for(seed: int, *, n_units: int, n_batches: int) -> None:
    chance = random.Random(seed)
    records = a_stream(chance, n_units)
    # Any order: a day's records may come before those of the day before, and a unit's exposure after all it did.
    chance.shuffle(records)
    covariates = chance.random() < 0.5
    with tempfile.TemporaryDirectory() as folder:
        log = open_event_log(Path(folder) / "log")
        engine = KeptRollups(Path(folder) / "kept", least_bytes=0)
        for batch in range(n_batches):
            # Some come twice, as a client that got no answer sends them.
            log.append(
                [*records[batch::n_batches], *chance.sample(records[: batch * 10], min(3, batch * 10, len(records)))]
            )
            if chance.random() < 0.7:
                log.seal()
            for question in questions(chance, covariates=covariates):
                assert engine(log, question) == roll_up(log, question), seed
        log.close()


@settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_any_split_of_a_stream_into_days_in_any_order_gives_the_statistics_of_one_pass(seed: int) -> None:
    holds_for(seed, n_units=12, n_batches=3)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_any_split_of_a_long_stream_gives_the_statistics_of_one_pass(seed: int) -> None:
    holds_for(seed, n_units=60, n_batches=5)
