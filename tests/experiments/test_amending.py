"""What of a running experiment's text may change: only what leaves the registered error rates as they are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from counterpoint.experiments import WHY_NOT, ExperimentSpec, amendment_findings, exposes_more

STARTED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = STARTED + timedelta(days=3)
RAMP = [{"share": 0.01, "hours": 24}, {"share": 0.05, "hours": 48}]


def spec(**changes: Any) -> ExperimentSpec:
    document: dict[str, Any] = {
        "key": "podcasts-second",
        "surface": "home",
        "owner": "podcasts",
        "hypothesis": "Podcasts in second place raise podcast minutes.",
        "allocation": 0.1,
        "variants": [{"key": "control"}, {"key": "treatment", "set": {"podcasts.shelf_position": 2}}],
        "metrics": {
            "primary": {"metric": "podcast_minutes_7d", "direction": "increase", "mde": 0.02},
            "guardrails": [{"metric": "page_load_ms_p95", "margin_abs": 100}],
        },
        "schedule": {"days": 14, "ramp": RAMP},
        "stop": {"on_guardrail": "pause", "on_srm": "pause"},
    }
    return ExperimentSpec.model_validate({**document, **changes})


def codes(before: ExperimentSpec, after: ExperimentSpec, *, stage: int = 1) -> set[str]:
    return {each.code for each in amendment_findings(before, after, stage=stage, started_at=STARTED, now=NOW)}


def ramp(*stages: tuple[float, float], days: int = 14) -> dict[str, Any]:
    return {"days": days, "ramp": [{"share": share, "hours": hours} for share, hours in stages]}


def guarded(**margin: float) -> dict[str, Any]:
    metrics = spec().metrics.model_dump()
    return {**metrics, "guardrails": [{"metric": "page_load_ms_p95", **margin}]}


@pytest.mark.parametrize(
    "changes",
    [
        {"schedule": ramp((0.01, 24), (0.05, 96))},
        {"schedule": ramp((0.01, 24), (0.05, 1))},
        {"schedule": ramp((0.01, 24), (0.05, 48), (0.07, 24))},
        {"stop": {"on_guardrail": "stop", "on_srm": "stop"}},
        {"metrics": guarded(margin_abs=50)},
    ],
    ids=["the live stage longer", "the live stage shorter", "a stage more", "stricter rules", "a tighter margin"],
)
def test_what_leaves_the_error_rates_as_they_are_may_change(changes: dict[str, Any]) -> None:
    assert codes(spec(), spec(**changes)) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"schedule": ramp((0.01, 30), (0.05, 48))}, "stage_is_past"),
        ({"schedule": ramp((0.02, 24), (0.05, 48))}, "stage_is_past"),
        ({"schedule": ramp((0.01, 24), (0.06, 48))}, "stage_is_past"),
        ({"schedule": ramp((0.01, 24))}, "stage_is_past"),
        ({"schedule": ramp((0.01, 24), (0.05, 48), (0.2, 24))}, "ramp_above_allocation"),
        ({"schedule": ramp((0.01, 24), (0.05, 48), days=21)}, "end_is_fixed"),
        ({"stop": {"on_guardrail": "alert", "on_srm": "pause"}}, "rule_loosened"),
        ({"stop": {"on_guardrail": "pause", "on_srm": "alert"}}, "rule_loosened"),
        ({"metrics": guarded(margin_abs=150)}, "margin_loosened"),
        ({"metrics": guarded(margin=0.01)}, "margin_loosened"),
        ({"metrics": {**guarded(margin_abs=100), "guardrails": []}}, "not_amendable"),
        ({"metrics": {**guarded(margin_abs=100), "secondary": ["skips_7d"]}}, "not_amendable"),
    ],
)
def test_what_would_change_them_is_refused(changes: dict[str, Any], code: str) -> None:
    assert codes(spec(), spec(**changes)) == {code}


@pytest.mark.parametrize("field", [each for each in WHY_NOT if each not in ("metrics", "schedule", "stop", "variants")])
def test_every_other_field_is_refused_with_its_own_reason(field: str) -> None:
    other: dict[str, Any] = {
        "analysis": {"test": "fixed"},
        "allocation": 0.2,
        "layers": ["layout"],
        "isolated": True,
        "max_pages_changed": 0.5,
        "audience": "country == 'SE'",
    }
    before, after = spec(), spec(**{field: other.get(field, "another")})
    (finding,) = amendment_findings(before, after, stage=1, started_at=STARTED, now=NOW)
    assert (finding.code, finding.path) == ("not_amendable", field)
    assert WHY_NOT[field] in finding.message


def test_only_the_end_of_an_always_valid_test_moves_and_not_into_the_past() -> None:
    before = spec(analysis={"test": "always_valid"})
    later, past = ramp((0.01, 24), (0.05, 48), days=28), ramp((0.01, 24), (0.05, 48), days=3)
    assert codes(before, spec(analysis={"test": "always_valid"}, schedule=later)) == set()
    assert codes(before, spec(analysis={"test": "always_valid"}, schedule=past)) == {"end_is_past"}


@pytest.mark.parametrize(
    ("schedule", "more"),
    [
        (ramp((0.01, 24), (0.05, 96)), False),
        (ramp((0.01, 24), (0.05, 47)), True),
        (ramp((0.01, 24), (0.05, 48), (0.07, 24)), False),
        (ramp((0.01, 24), (0.05, 40), (0.07, 24)), True),
        (ramp((0.01, 24), (0.05, 48), days=15), True),
        (ramp((0.01, 24), (0.05, 48), days=13), False),
    ],
)
def test_it_exposes_more_if_at_some_time_more_units_are_in_it_or_it_lasts_longer(
    schedule: dict[str, Any], more: bool
) -> None:
    assert exposes_more(spec(), spec(schedule=schedule), stage=1) is more
