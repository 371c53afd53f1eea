"""The programme counts what was learned by its definitions, and says nothing where there is nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterpoint.metrics import (
    EndedRun,
    RunningShare,
    SurfaceTraffic,
    design_advice,
    programme_text,
    read_programme,
    what_was_learned,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def row(low: float, high: float, **other: Any) -> dict[str, Any]:
    found = {"role": "primary", "direction": "increase", "relative_ci_lower": low, "relative_ci_upper": high}
    return found | {"ci_lower": 10 * low, "ci_upper": 10 * high} | other


def ended(key: str, *, days: float = 10, ago: float = 5, **changes: Any) -> EndedRun:
    card = {"checks": [{"passed": changes.pop("healthy", True)}], "at_horizon": changes.pop("at_horizon", True)}
    deteriorated = changes.pop("deteriorated", False)
    decision = {
        "ship": changes.pop("ship", None),
        "variants": {"treatment": {"judgements": [{"deteriorated": deteriorated}]}},
    }
    rows = changes.pop("rows", [row(-0.01, 0.05)])
    at = NOW - timedelta(days=ago)
    return EndedRun(
        **{
            "experiment": key, "surface": "home", "owner": "podcasts", "started_at": at - timedelta(days=days),
            "decided_at": at, "scorecard": card | {"metrics": rows}, "decision": decision, "wanted": 0.02,
        }
        | changes
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "learned"),
    [
        ({"ship": "treatment"}, "win"),
        ({"ship": "treatment", "healthy": False}, "invalid"),
        ({"deteriorated": True}, "regression"),
        ({"harmed": ("errors",)}, "regression"),
        ({"harmed": ("errors",), "scorecard": None}, "regression"),
        ({"scorecard": None}, "inconclusive"),
        ({}, "inconclusive"),
        ({"rows": [row(-0.01, 0.015)]}, "neutral"),
        ({"rows": [row(-0.01, 0.015)], "at_horizon": False}, "inconclusive"),
        ({"rows": [row(-0.01, 0.015)], "wanted": None}, "inconclusive"),
        ({"rows": [row(-0.01, 0.015), row(-0.01, 0.03)]}, "inconclusive"),
        ({"rows": [row(-0.015, 0.01, direction="decrease")]}, "neutral"),
        ({"rows": [row(-0.03, 0.01, direction="decrease")]}, "inconclusive"),
        ({"rows": [row(-0.01, 0.05)], "wanted": 0.6, "absolute": True}, "neutral"),
    ],
)
def test_what_an_experiment_taught_follows_from_how_it_ended(changes: dict[str, Any], learned: str) -> None:
    assert what_was_learned(ended("it", **changes)) == learned


def test_rates_are_over_what_ended_in_the_period_and_by_surface_and_owner() -> None:
    runs = [
        ended("won", ship="treatment", days=14),
        ended("harmful", harmed=("errors",), days=2, owner="search"),
        ended("missed", days=28),
        ended("long ago", ship="treatment", ago=400),
    ]
    running = [RunningShare(experiment="now", surface="home", owner="search", share=0.2)]
    traffic = {"home": SurfaceTraffic(in_use=0.2, set_aside=0.1, free=0.7)}
    found = read_programme(runs, running, traffic, now=NOW)
    total = found["total"]
    assert (total["ended"], total["wins"], total["running"]) == (3, 1, 1)
    assert total["learning_rate"] == pytest.approx(2 / 3)
    assert total["win_rate"] == pytest.approx(1 / 3)
    assert total["rolled_back_by_guardrails"] == pytest.approx(1 / 3)
    assert total["days_to_decision"] == {"median": 14.0, "p90": 28.0}
    assert found["owners"]["search"]["learning_rate"] == 1.0
    assert found["owners"]["search"]["win_rate"] == 0.0
    assert found["surfaces"]["home"]["traffic"] == {"in_use": 0.2, "set_aside": 0.1, "free": 0.7}
    assert [each["experiment"] for each in found["experiments"]] == ["won", "harmful", "missed"]
    text = programme_text(found)
    assert "67%" in text
    assert "owner search" in text


def test_rates_of_nothing_are_null_not_zero() -> None:
    total = read_programme([], [], {}, now=NOW)["total"]
    assert total["learning_rate"] is None
    assert total["win_rate"] is None
    assert total["days_to_decision"] == {"median": None, "p90": None}
    assert "-" in programme_text(read_programme([], [], {}, now=NOW))


def interactions(*pairs: bool, n_tests: int | None = None) -> dict[str, Any]:
    listed = [{"experiments": [f"a{i}", f"b{i}"], "tests": [{"interacts": hit}]} for i, hit in enumerate(pairs)]
    return {"pairs": listed, "n_pairs": len(listed), "n_tests": len(listed) if n_tests is None else n_tests}


@pytest.mark.parametrize(
    ("measured", "traffic", "wins", "codes"),
    [
        (interactions(True, False), None, 0, ["isolate"]),
        (interactions(False, False), None, 0, ["overlap"]),
        (interactions(), None, 0, ["overlap_unmeasured"]),
        (interactions(False), SurfaceTraffic(in_use=0.9, set_aside=0.0, free=0.1), 0, ["overlap", "crowded"]),
        (interactions(False), SurfaceTraffic(in_use=0.3, set_aside=0.0, free=0.7), 4, ["overlap", "holdout"]),
        (interactions(False), SurfaceTraffic(in_use=0.3, set_aside=0, free=0.7, holdouts=("q4",)), 4, ["overlap"]),
    ],
)
def test_advice_follows_from_measured_interactions_and_free_space(
    measured: dict[str, Any], traffic: SurfaceTraffic | None, wins: int, codes: list[str]
) -> None:
    assert [each["code"] for each in design_advice("home", measured, traffic, wins)] == codes
