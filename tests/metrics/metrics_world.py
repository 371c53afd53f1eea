"""A small experiment with known events, for tests of rollups and scorecards."""

import random
from datetime import UTC, datetime, timedelta

from counterpoint.config import Metric, Surface
from counterpoint.events import Event, Exposure, Outcome, Served
from counterpoint.experiments import (
    AnalysisSpec,
    ExperimentSpec,
    GuardrailSpec,
    MetricsSpec,
    PrimaryMetric,
    ScheduleSpec,
    VariantSpec,
)
from counterpoint.vocabulary import Direction

T0 = datetime(2026, 3, 2, tzinfo=UTC)
METRICS = (
    Metric(key="minutes_7d", type="mean", window_days=7, better="higher", unit="min"),
    Metric(key="starters_7d", type="proportion", window_days=7, better="higher"),
    Metric(key="ctr", type="ratio", window_days=3, better="higher", numerator="home clicks", denominator="home views"),
    Metric(key="empty_rate", type="ratio", window_days=7, better="lower", numerator="empty", denominator="home views"),
    Metric(key="load_ms_p90", type="quantile", quantile=0.9, window_days=7, better="lower", unit="ms"),
)
SURFACE = Surface(
    key="home",
    description="Home",
    unit="user_id",
    attributes={},
    layers={},
    parameters={},
    metrics={m.key: m for m in METRICS},
)


def spec(**analysis: object) -> ExperimentSpec:
    return ExperimentSpec(
        key="podcasts-second",
        surface="home",
        owner="podcasts",
        hypothesis="more minutes",
        allocation=0.5,
        variants=(VariantSpec(key="control"), VariantSpec(key="treatment", set={"podcasts.position": 2})),
        metrics=MetricsSpec(
            primary=PrimaryMetric(metric="minutes_7d", direction=Direction.INCREASE, mde=0.1),
            secondary=("ctr", "starters_7d"),
            guardrails=(
                GuardrailSpec(metric="empty_rate", margin=0.05),
                GuardrailSpec(metric="load_ms_p90", margin_abs=50),
            ),
        ),
        analysis=AnalysisSpec(**{"test": "fixed", **analysis}),  # type: ignore[arg-type]
        schedule=ScheduleSpec(days=14),
    )


def events(n: int, *, lift: float = 0.0, seed: int = 1, slower: float = 0.0, days: int = 14) -> list[Event]:
    """Return the records of `n` units exposed evenly over the days, treated ones with longer or slower plays."""
    rng = random.Random(seed)
    out: list[Event] = []
    for i in range(n):
        treated = rng.random() < 0.5
        at = T0 + timedelta(days=days * i / n)
        out += [
            Served(
                id=f"s{i}", at=at, surface="home", unit=f"u{i}", request_id=f"r{i}", snapshot="snap", status="complete",
                latency_ms=20.0 + i % 7, attributes={"country": "SE" if i % 3 else "NO", "plan": "free"},
            ),
            Exposure(
                id=f"e{i}", at=at, surface="home", unit=f"u{i}", experiment="podcasts-second",
                variant="treatment" if treated else "control", parameter="podcasts.position", snapshot="snap",
                release=3, request_id=f"r{i}",
            ),
        ]  # fmt: skip
        for k in range(rng.randrange(1, 5)):
            later = at + timedelta(days=rng.random() * 8.5 - 0.5)
            worth = round(rng.expovariate(1 / 10), 3) * (1 + lift * treated)
            load = round(rng.gauss(400, 60), 1) + slower * treated
            facts = {"minutes": worth, "home_views": 3.0, "home_clicks": float(rng.random() < 0.2), "load_ms_p90": load}
            if rng.random() < 0.3:
                facts["starters"] = 1.0
            out += [
                Outcome(id=f"o{i}.{k}.{name}", at=later, surface="home", unit=f"u{i}", name=name, value=value)
                for name, value in facts.items()
            ]
    return out
