"""The generator writes what the plan says, adds what policy requires, and names every default."""

import pytest

from counterpoint.agents import EffectHistory, Outcome, Plan, PlannedGuardrail, Source, generate, plan_offline
from counterpoint.agents.generator import default_days, key_for, ramp_for
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput
from counterpoint.experiments import parse_spec, spec_document, spec_findings
from counterpoint.stats import NormalPrior
from counterpoint.vocabulary import Direction, is_key

TEXT = "Show a transcript excerpt under every result for plus subscribers in France; clicks on results rise by 3 %."


def _plan(**changes: object) -> Plan:
    fields: dict[str, object] = {
        "outcome": Outcome.PLAN,
        "surface": "search",
        "arms": ({"results.snippet": True},),
        "primary": "result_ctr",
        "direction": Direction.INCREASE,
        "mde": 0.03,
    }
    return Plan(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_planned_hypothesis_becomes_a_sound_spec_that_round_trips(search: Surface) -> None:
    plan = plan_offline(TEXT, search)
    spec = generate(plan, search, owner="discovery", hypothesis=TEXT).spec
    assert spec_findings(spec) == ()
    assert parse_spec(spec_document(spec)) == spec
    assert spec.treatments[0].set == {"results.snippet": True}
    assert spec.audience == 'market == "FR" && tier == "plus"'


def test_required_guardrails_are_added_and_named_as_defaults(search: Surface) -> None:
    made = generate(_plan(), search, owner="x", hypothesis="h")
    assert [g.metric for g in made.spec.metrics.guardrails] == ["zero_result_rate"]
    note = made.provenance["metrics.guardrails.0"]
    assert note.source is Source.DEFAULT
    assert "policy" in note.words


def test_a_required_guardrail_that_is_the_primary_metric_is_not_watched_twice(search: Surface) -> None:
    made = generate(_plan(primary="zero_result_rate", direction=Direction.DECREASE), search, owner="x", hypothesis="h")
    assert made.spec.metrics.guardrails == ()


def test_a_guardrail_without_a_margin_gets_the_default_and_says_so(search: Surface) -> None:
    made = generate(_plan(guardrails=(PlannedGuardrail(metric="follows_7d"),)), search, owner="x", hypothesis="h")
    assert made.spec.metrics.guardrails[0].margin == 0.02
    assert made.provenance["metrics.guardrails.0.margin"].source is Source.DEFAULT


def test_an_allocation_above_the_policys_limit_gets_a_ramp_that_grows_up_to_it(search: Surface) -> None:
    spec = generate(_plan(allocation=0.5), search, owner="x", hypothesis="h").spec
    shares = [s.share for s in spec.schedule.ramp]
    assert shares == [0.01, 0.2]
    assert "schedule.ramp" in generate(_plan(allocation=0.5), search, owner="x", hypothesis="h").provenance
    assert ramp_for(0.2, search) == ()


def test_default_days_outlast_the_longest_window_in_whole_weeks(home: Surface) -> None:
    assert default_days(home, ["home_ctr"]) == 14
    assert default_days(home, ["premium_conversion_14d"]) == 21


def test_keys_are_valid_and_differ_between_plans_that_read_alike() -> None:
    keys = {key_for(_plan(mde=m)) for m in (0.01, 0.02)}
    assert len(keys) == 2
    assert all(is_key(k) for k in keys)
    assert key_for(_plan()) == key_for(_plan())


def test_a_question_generates_nothing(search: Surface) -> None:
    with pytest.raises(InvalidInput) as refused:
        generate(_plan(outcome=Outcome.CLARIFY), search, owner="x", hypothesis="h")
    assert refused.value.code == "not_a_plan"


def test_where_no_size_is_stated_the_design_looks_for_what_history_lets_expect(search: Surface) -> None:
    history = EffectHistory(
        metric="result_ctr", n=9, prior=NormalPrior(mean=0.0, variance=0.0004), largest=0.05, largest_in="x"
    )
    made = generate(_plan(mde=None), search, owner="o", hypothesis="h", history=history)
    assert made.spec.metrics.primary.mde == 0.02
    assert made.provenance["metrics.primary.mde"].source is Source.PAST_EXPERIMENT
    stated = generate(_plan(mde=0.1), search, owner="o", hypothesis="h", history=history)
    assert stated.spec.metrics.primary.mde == 0.1
