"""The doctor names what contradicts what with its figures, proposes one change, and sees nothing in too little."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from counterpoint.agents import Advice, Diagnosis, LaunchMove, Recorded, RuleRemoval, contradictions, diagnose_launch
from counterpoint.assignment import BucketSet
from counterpoint.config import BaselineRule, Surface
from counterpoint.experiments import Experiment, State, parse_spec
from counterpoint.releases import SurfaceState, fresh_state
from counterpoint.vocabulary import Finding, Severity

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]
WATCH = {"metric": "zero_result_rate", "margin": 0.05}
GERMAN = {"market": "DE", "tier": "plus"}


def experiment(**changes: Any) -> Experiment:
    spec = parse_spec(
        {
            "key": "snippets",
            "surface": "search",
            "owner": "x",
            "hypothesis": "h",
            "allocation": 0.1,
            "variants": [{"key": "control"}, {"key": "t", "set": {"results.snippet": True}}],
            "metrics": {"primary": {"metric": "result_ctr", "direction": "increase"}},
            "schedule": {"days": 14},
            **changes,
        }
    )
    nothing = BucketSet.of(())
    return Experiment(
        spec=spec,
        unit="user_id",
        salt="s",
        draw_seed="d",
        reserved=nothing,
        owned=nothing,
        state=State.RUNNING,
        created_at=NOW,
        created_by="x",
        updated_at=NOW,
    )


@pytest.fixture
def state(search: Surface) -> SurfaceState:
    return replace(fresh_state(search), experiments={"snippets": experiment()})


def recorded(n: int = 500, *, outcomes: dict[str, int] | None = None, **context: Any) -> Recorded:
    return Recorded(contexts=[{**GERMAN, **context}] * n, outcomes=outcomes, days=7)


def found(state: SurfaceState, seen: Recorded) -> dict[str, Diagnosis]:
    return {each.finding.code: each for each in contradictions(state, seen)}


def with_audience(state: SurfaceState, audience: str) -> SurfaceState:
    return replace(state, experiments={"snippets": experiment(audience=audience)})


def test_where_everything_fits_nothing_is_found(state: SurfaceState) -> None:
    assert found(state, recorded()) == {}


def test_an_audience_that_no_request_is_in_is_held(state: SurfaceState) -> None:
    diagnosis = found(with_audience(state, 'market == "FR"'), recorded())["audience_never_seen"]
    assert diagnosis.remedy == LaunchMove(experiment="snippets", verb="hold")
    assert "none of the last 500 requests" in diagnosis.finding.message
    assert "audience_never_seen" not in found(with_audience(state, 'market == "DE"'), recorded())


def test_too_few_requests_show_nothing(state: SurfaceState) -> None:
    assert found(with_audience(state, 'market == "FR"'), recorded(n=299)) == {}


def test_a_rule_that_no_request_matches_is_proposed_for_removal(state: SurfaceState) -> None:
    rules = (
        BaselineRule(key="french", audience='market == "FR"', set={"results.snippet": True}),
        BaselineRule(key="german", audience='market == "DE"', set={"results.page_size": 10}),
    )
    diagnosis = found(replace(state, rules=rules), recorded())["rule_never_matched"]
    assert (diagnosis.subject, diagnosis.remedy) == ("rules/french", RuleRemoval(rule="french"))


def test_an_attribute_that_requests_leave_out_is_named_with_who_asks_for_it(state: SurfaceState) -> None:
    asking = with_audience(state, 'market == "DE"')
    silent = Recorded(contexts=[{"tier": "plus"}] * 400 + [GERMAN] * 100, outcomes=None, days=7)
    diagnosis = found(asking, silent)["attribute_missing"]
    assert diagnosis.finding.message.startswith("80% of the last 500 requests do not say 'market'")
    assert "experiment 'snippets'" in diagnosis.finding.message
    assert isinstance(diagnosis.remedy, Advice)
    assert "attribute_missing" not in found(state, silent)


def test_a_value_that_the_surface_does_not_declare_is_named(state: SurfaceState) -> None:
    diagnosis = found(state, recorded(tier="gold"))["undeclared_value"]
    assert "'tier' is gold" in diagnosis.finding.message


def test_a_treatment_that_everybody_has_by_now_is_held_even_without_a_request(state: SurfaceState) -> None:
    same = replace(state, baseline={**state.baseline, "results.snippet": True})
    diagnosis = found(same, recorded(n=0))["treatment_is_baseline"]
    assert diagnosis.remedy == LaunchMove(experiment="snippets", verb="hold")


def test_a_treatment_that_a_rule_sets_for_some_still_measures_something(state: SurfaceState) -> None:
    rule = BaselineRule(key="german", audience='market == "DE"', set={"results.snippet": False})
    same = replace(state, baseline={**state.baseline, "results.snippet": True}, rules=(rule,))
    assert "treatment_is_baseline" not in found(same, recorded())


def test_a_primary_metric_without_any_outcome_pauses_its_experiment(state: SurfaceState) -> None:
    diagnosis = found(state, recorded(outcomes={"follows": 9}))["metric_without_data"]
    assert diagnosis.remedy == LaunchMove(experiment="snippets", verb="pause")


def test_a_guardrail_that_nothing_is_recorded_of_guards_nothing(state: SurfaceState) -> None:
    rails = {"primary": {"metric": "result_ctr", "direction": "increase"}, "guardrails": [WATCH]}
    state = replace(state, experiments={"snippets": experiment(metrics=rails)})
    clicks = {"result_impressions": 9, "result_clicks": 1}
    diagnosis = found(state, recorded(outcomes=clicks))["guardrail_without_data"]
    assert "zero_result_rate ('searches')" in diagnosis.finding.message
    assert diagnosis.remedy == LaunchMove(experiment="snippets", verb="pause")
    assert found(state, recorded(outcomes={**clicks, "searches": 9})) == {}


def test_the_guide_lists_what_the_doctor_finds() -> None:
    told = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs" / "guides" / "knowledge.md").read_text("utf-8")))
    text = "".join(path.read_text("utf-8") for path in (ROOT / "src/counterpoint/agents/doctor").glob("[!_]*.py"))
    codes = set(re.findall(r'^ +"([a-z]+_[a-z_]+)"[,:]', text, re.MULTILINE)) - {"launch_move", "rule_removal"}
    assert {"guardrail_without_data", "no_exposures", "not_live"} <= codes
    assert codes <= told


def test_an_experiment_that_is_not_running_is_none_of_its_business(state: SurfaceState) -> None:
    paused = replace(experiment(audience='market == "FR"'), state=State.PAUSED)
    assert found(replace(state, experiments={"snippets": paused}), recorded(outcomes={})) == {}


@pytest.mark.parametrize(
    ("code", "severity", "remedy"),
    [
        ("sample_ratio_mismatch", Severity.ERROR, LaunchMove(experiment="e", verb="pause")),
        ("mixed_units", Severity.ERROR, LaunchMove(experiment="e", verb="pause")),
        ("no_exposures", Severity.ERROR, LaunchMove(experiment="e", verb="hold")),
    ],
)
def test_a_finding_about_a_launch_has_its_remedy(code: str, severity: Severity, remedy: LaunchMove) -> None:
    (diagnosis,) = diagnose_launch("home", "e", [Finding(code=code, severity=severity, path="", message="m")])
    assert diagnosis.remedy == remedy


def test_a_few_mixed_units_are_no_reason_to_pause_and_an_unknown_finding_is_left_alone() -> None:
    few = Finding(code="mixed_units", severity=Severity.WARNING, path="", message="m")
    other = Finding(code="novelty", severity=Severity.INFO, path="", message="m")
    assert diagnose_launch("home", "e", [few, other]) == ()


def test_the_same_contradiction_has_the_same_id_whatever_its_figures(state: SurfaceState) -> None:
    french = with_audience(state, 'market == "FR"')
    first, second = (found(french, recorded(n=n))["audience_never_seen"] for n in (500, 900))
    assert first.id == second.id
    assert first.finding.message != second.finding.message
