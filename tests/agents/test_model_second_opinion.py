"""Two readings of a text are one plan where they agree and a question where they do not."""

from dataclasses import replace
from typing import Any

import pytest

from counterpoint.agents import Outcome, PlannedGuardrail, Provenance, RejectReason, Source, default_lexicon
from counterpoint.agents.model.second_opinion import FIELDS, compare, settle
from counterpoint.agents.plan import Missing, Plan
from counterpoint.config import Surface
from counterpoint.vocabulary import Direction

LEXICON = default_lexicon()


def _plan(**changes: Any) -> Plan:
    said = Provenance(source=Source.WORDS, words="30 results per page", confidence=None, note="alone")
    plan = Plan(
        outcome=Outcome.PLAN,
        surface="search",
        arms=({"results.per_page": 30},),
        primary="result_ctr",
        direction=Direction.INCREASE,
        mde=0.02,
        provenance={"arms": said, "primary": said, "audience": said},
    )
    return replace(plan, **changes)


def _question(*missing: Missing) -> Plan:
    return Plan(outcome=Outcome.CLARIFY, surface="search", missing=missing, question="Which?", explanation="Which?")


def _refusal(reason: RejectReason) -> Plan:
    return Plan(outcome=Outcome.REJECT, surface="search", reason=reason, explanation="No.")


def _settled(surface: Surface, model: Plan, offline: Plan) -> Plan:
    return settle(surface, model, offline, compare(surface, model, offline), LEXICON)


def test_readings_that_mean_the_same_are_one_plan(search: Surface) -> None:
    offline = _plan(arms=({"results.per_page": 30.0, "topics.rows": 4},), audience="!(1 == 2)")
    opinion = compare(search, _plan(audience="true"), replace(offline, audience="true"))
    assert opinion.disagreed == ()
    assert set(opinion.agreed) == set(FIELDS)


def test_the_measured_confidence_of_the_rules_is_kept_where_both_agree(search: Surface) -> None:
    surer = Provenance(source=Source.WORDS, words="30 results", confidence=0.97)
    plan = _settled(search, _plan(), _plan(provenance={"arms": surer}))
    assert plan.provenance["arms"] == surer
    assert plan.provenance["primary"].confidence is None


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"arms": ({"results.per_page": 40},)}, Missing.CHANGE),
        ({"arms": ({"results.per_page": 30}, {"results.per_page": 40})}, Missing.CHANGE),
        ({"audience": 'tier == "plus"'}, Missing.AUDIENCE),
        ({"primary": "follows_7d"}, Missing.METRIC),
        ({"direction": Direction.DECREASE}, Missing.METRIC),
        ({"mde": 0.03}, Missing.VALUE),
        ({"mde": None, "mde_abs": 0.02}, Missing.VALUE),
        ({"guardrails": (PlannedGuardrail(metric="follows_7d"),)}, Missing.METRIC),
        ({"allocation": 0.5}, Missing.VALUE),
        ({"days": 7}, Missing.VALUE),
    ],
)
def test_a_field_that_they_read_differently_is_asked_about(
    search: Surface, changes: dict[str, Any], missing: Missing
) -> None:
    for model, offline in ((_plan(), _plan(**changes)), (_plan(**changes), _plan())):
        settled = _settled(search, model, offline)
        assert settled.outcome is Outcome.CLARIFY
        assert missing in settled.missing
        assert "two readings" in (settled.question or "").lower()


def test_a_margin_that_only_one_of_them_read_is_a_disagreement(search: Surface) -> None:
    one = _plan(guardrails=(PlannedGuardrail(metric="follows_7d", margin=0.01),))
    other = _plan(guardrails=(PlannedGuardrail(metric="follows_7d"),))
    for model, offline in ((one, other), (other, one)):
        assert [row[0] for row in compare(search, model, offline).disagreed] == ["guardrails"]


@pytest.mark.parametrize("reason", [RejectReason.UNSAFE_INSTRUCTION, RejectReason.SENSITIVE_AUDIENCE])
def test_what_policy_refuses_is_refused_whatever_the_model_says(search: Surface, reason: RejectReason) -> None:
    for model in (_plan(), _question(Missing.METRIC), _refusal(RejectReason.NO_OP)):
        assert _settled(search, model, _refusal(reason)).reason is reason


@pytest.mark.parametrize("reason", sorted(set(RejectReason) - {"unsafe_instruction", "sensitive_audience"}))
def test_a_plan_beside_any_other_refusal_is_a_question(search: Surface, reason: RejectReason) -> None:
    assert _settled(search, _plan(), _refusal(reason)).outcome is Outcome.CLARIFY
    assert _settled(search, _refusal(reason), _plan()).outcome is Outcome.CLARIFY


def test_a_plan_beside_a_question_says_what_the_rules_asked_about(search: Surface) -> None:
    settled = _settled(search, _plan(), _question(Missing.METRIC))
    assert settled.outcome is Outcome.PLAN
    assert "would have asked" in settled.provenance["primary"].note
    assert settled.provenance["audience"].note == "alone"


def test_a_question_stands_where_the_model_read_past_it(search: Surface) -> None:
    unsaid = _plan(arms=({"results.per_page": 45},))
    assert _settled(search, unsaid, _question(Missing.VALUE)) == _question(Missing.VALUE)
    assert _settled(search, _plan(), _question(Missing.AUDIENCE)) == _question(Missing.AUDIENCE)
    assert _settled(search, _plan(), _question(Missing.SURFACE)) == _question(Missing.SURFACE)


def test_where_neither_has_a_plan_nothing_is_planned(search: Surface) -> None:
    answers = (_question(Missing.METRIC), _refusal(RejectReason.NO_OP))
    for model in answers:
        for offline in answers:
            assert _settled(search, model, offline).outcome is not Outcome.PLAN
