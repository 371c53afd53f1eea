"""Readouts find what was put into the records, and say when there is too little to find anything."""

import json
import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from contracts.event_log_contract import MemoryEventLog
from counterpoint.assignment import BucketSet, bucket_of
from counterpoint.errors import InvalidInput
from counterpoint.events import Event, Exposure, Outcome, Served
from counterpoint.experiments import Holdout
from counterpoint.metrics import (
    RunningExperiment,
    read_holdout,
    read_interactions,
    read_novelty,
    score,
    segments_text,
)
from metrics.metrics_world import SURFACE, T0, events, spec

END = T0 + timedelta(days=14)


def log_of(records: list[Event]) -> MemoryEventLog:
    log = MemoryEventLog()
    log.append(records)
    return log


def exposure(unit: int, experiment: str, treated: bool) -> Exposure:
    return Exposure(
        id=f"{experiment}{unit}", at=T0 + timedelta(minutes=unit), surface="home", unit=f"u{unit}",
        experiment=experiment, variant="treatment" if treated else "control", parameter="p", snapshot="s", release=1,
        request_id="r",
    )  # fmt: skip


def minutes(unit: int, value: float, day: float = 1.0) -> Outcome:
    at = T0 + timedelta(minutes=unit, days=day)
    return Outcome(id=f"o{unit}.{day}", at=at, surface="home", unit=f"u{unit}", name="minutes", value=round(value, 4))


def two_experiments(
    together: float, n: int = 4000, tied: float = 0.0
) -> tuple[MemoryEventLog, list[RunningExperiment]]:
    rng = random.Random(7)
    out: list[Event] = []
    for i in range(n):
        a = rng.random() < 0.5
        b = a if rng.random() < tied else rng.random() < 0.5
        out += [exposure(i, "first", a), exposure(i, "second", b)]
        out.append(minutes(i, max(0.0, rng.gauss(20, 5) + a + b + together * (a and b))))
    runs = [
        RunningExperiment(spec=spec().model_copy(update={"key": key}), started_at=T0)
        for key in ("first", "second", "third")
    ]
    return log_of(out), runs


def test_two_experiments_that_spoil_each_other_are_found() -> None:
    document = read_interactions(*_ordered(two_experiments(together=-2.0)), now=END)
    (pair,) = document["pairs"]
    assert pair["experiments"] == ["first", "second"]
    assert pair["n_shared"] == 4000
    (test,) = pair["tests"]
    assert test["interacts"]
    assert test["ci_lower"] <= -2.0 <= test["ci_upper"]
    assert "interact" in document["sentence"]
    assert not pair["dependence"]["dependent"]


def test_two_experiments_that_add_up_are_not_found() -> None:
    document = read_interactions(*_ordered(two_experiments(together=0.0)), now=END)
    assert not document["pairs"][0]["tests"][0]["interacts"]
    assert "None interacts" in document["sentence"]
    json.dumps(document, allow_nan=False)


def test_assignments_that_hang_together_are_found() -> None:
    document = read_interactions(*_ordered(two_experiments(together=0.0, tied=0.3)), now=END)
    assert document["pairs"][0]["dependence"]["dependent"]
    assert "not independent" in document["sentence"]


def of_type(metric: str, spoiled: float) -> dict[str, Any]:
    """Return the one test of a pair whose primary metric is a ratio or a quantile."""
    rng, out = random.Random(19), []
    for i in range(3000):
        a, b = rng.random() < 0.5, rng.random() < 0.5
        out += [exposure(i, "first", a), exposure(i, "second", b)]
        both = spoiled * (a and b)
        facts = {"home_views": 4.0, "home_clicks": float(rng.random() < 0.4 + 0.1 * a - 0.3 * both)}
        facts["load_ms_p90"] = rng.gauss(400, 40) + 20 * a + 120 * both
        at = T0 + timedelta(minutes=i, days=1)
        out += [
            Outcome(id=f"{name}{i}", at=at, surface="home", unit=f"u{i}", name=name, value=round(value, 3))
            for name, value in facts.items()
        ]
    design = spec()
    primary = design.metrics.primary.model_copy(update={"metric": metric})
    metrics = design.metrics.model_copy(update={"primary": primary})
    runs = [
        RunningExperiment(spec=design.model_copy(update={"key": key, "metrics": metrics}), started_at=T0)
        for key in ("first", "second")
    ]
    (test,) = read_interactions(log_of(out), SURFACE, runs, now=END)["pairs"][0]["tests"]
    return test


@pytest.mark.parametrize("metric", ["ctr", "load_ms_p90"])
def test_ratios_and_quantiles_interact_too(metric: str) -> None:
    spoiled, plain = of_type(metric, 1.0), of_type(metric, 0.0)
    assert spoiled["interacts"], spoiled
    assert not plain["interacts"], plain
    assert plain["ci_lower"] < 0 < plain["ci_upper"]


def test_an_interaction_that_cannot_be_told_has_a_reason() -> None:
    test = of_type("empty_rate", 0.0)
    assert test["p_value"] is None
    assert test["interacts"] is None
    assert test["reason"]["code"] in {"no_variation", "zero_denominator"}


def test_a_few_shared_units_say_nothing_about_interaction() -> None:
    (test,) = read_interactions(*_ordered(two_experiments(-9.0, n=60)), now=END)["pairs"][0]["tests"]
    assert test["p_value"] is None
    assert test["reason"]["code"] == "too_few"


def _ordered(world: tuple[MemoryEventLog, list[RunningExperiment]]):  # type: ignore[no-untyped-def]
    return world[0], SURFACE, world[1]


def by_day(effect: list[float], n: int = 1200) -> MemoryEventLog:
    rng = random.Random(3)
    out: list[Event] = []
    for i in range(n):
        treated, taste = rng.random() < 0.5, rng.gauss(20, 4)
        out.append(exposure(i, "podcasts-second", treated))
        out += [minutes(i, taste + rng.gauss(0, 2) + treated * e, day + 0.2) for day, e in enumerate(effect)]
    return log_of(out)


def test_an_effect_that_wears_off_is_told_from_one_that_stays() -> None:
    window = {"started_at": T0, "now": END}
    fading = read_novelty(by_day([6, 4, 3, 2, 1, 0, 0]), spec(), SURFACE, **window)["variants"][0]
    assert fading["wearing_off"]
    assert fading["slope"] < 0
    assert [round(d["estimate"]) for d in fading["days"]][:2] == [6, 4]
    steady = read_novelty(by_day([3] * 7), spec(), SURFACE, **window)["variants"][0]
    assert not steady["wearing_off"]
    assert steady["p_value"] > 0.01


def test_units_followed_for_too_short_count_on_no_day() -> None:
    document = read_novelty(by_day([3] * 7), spec(), SURFACE, started_at=T0, now=T0 + timedelta(days=7, minutes=600))
    (row,) = document["variants"]
    assert row["n_control"] + row["n_treatment"] == 601
    with pytest.raises(InvalidInput):
        read_novelty(by_day([3] * 7), spec(), SURFACE, started_at=T0, now=END, metric="load_ms_p90")


def test_a_holdout_shows_what_all_changes_did_together_and_only_at_its_end() -> None:
    rng = random.Random(5)
    sets = BucketSet.of(range(2500)), BucketSet.of(range(2500, 5000))
    out: list[Event] = []
    for i in range(4000):
        shipped = bucket_of(f"u{i}", "home") in sets[1]
        at = T0 + timedelta(minutes=i)
        out.append(
            Served(
                id=f"s{i}", at=at, surface="home", unit=f"u{i}", request_id=f"r{i}", snapshot="s", status="complete",
                latency_ms=1.0, attributes={},
            )
        )  # fmt: skip
        out.append(minutes(i, rng.gauss(20, 5) + 2 * shipped))
    holdout = Holdout(
        key="h", owner="o", unit="user_id", share=0.25, status_quo=sets[0], shipped_only=sets[1], baseline={},
        starts_at=T0, ends_at=END,
    )  # fmt: skip
    asked = {"salt": "home", "metrics": ("minutes_7d",), "promised": {"minutes_7d": 0.2}}
    document = read_holdout(log_of(out), SURFACE, holdout, now=END, **asked)
    (row,) = document["metrics"]
    assert row["ci_lower"] <= 2 <= row["ci_upper"]
    assert row["kept"] == pytest.approx(row["relative_effect"] / 0.2)
    assert row["p_value"] < 0.001
    assert not document["split"]["mismatch"]
    assert (row["verdict"], document["verdict"]) == ("better", "better")
    running = read_holdout(log_of(out), SURFACE, holdout, now=END - timedelta(days=1), **asked)
    assert "p_value" not in running["metrics"][0]
    assert not running["ended"]


def test_segments_that_differ_are_found_and_shrunk_toward_each_other() -> None:
    records = events(6000, seed=9)
    arms = {e.unit: e.variant for e in records if isinstance(e, Exposure)}
    lifted = [
        _longer(e) if isinstance(e, Outcome) and arms[e.unit] == "treatment" and int(e.unit[1:]) % 3 == 0 else e
        for e in records
    ]
    card = score(log_of(lifted), spec(), SURFACE, started_at=T0, now=END, segment="country")
    found = next(each for each in card.heterogeneity if each["metric"] == "minutes_7d")
    assert found["differs"]
    by_name = {each["segment"]: each for each in found["segments"]}
    spread = by_name["NO"]["estimate"] - by_name["SE"]["estimate"]
    assert 0 < by_name["NO"]["shrunken"] - by_name["SE"]["shrunken"] < spread
    assert "segments differ" in segments_text(card.as_document())
    alike = score(log_of(records), spec(), SURFACE, started_at=T0, now=END, segment="country")
    assert not next(each for each in alike.heterogeneity if each["metric"] == "minutes_7d")["differs"]


def _longer(event: Outcome) -> Outcome:
    return msgspec.structs.replace(event, value=event.value * 1.8) if event.name == "minutes" else event
