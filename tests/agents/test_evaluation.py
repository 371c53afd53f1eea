"""The evaluation counts what it says it counts."""

import json

import pytest

from counterpoint.agents import Outcome, Plan, evaluate, jsonl, load_cases, plan_offline, render_table
from counterpoint.agents.equivalence import same_arms, same_audience
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Direction

CASES = """
cases:
  - {id: a, text: one, expect: {outcome: plan, arms: [{results.per_page: 30}], audience: 'true', primary: result_ctr,
     direction: increase, mde: 0.01, guardrails: [], allocation: null, days: null}}
  - {id: b, text: two, expect: {outcome: clarify, missing: [metric]}}
"""


def _answer(text: str, surface: Surface) -> Plan:
    del text
    return Plan(
        outcome=Outcome.PLAN,
        surface=surface.key,
        arms=({"results.per_page": 30},),
        primary="result_ctr",
        direction=Direction.INCREASE,
        mde=0.01,
    )


def test_a_plan_where_a_question_was_due_is_a_wrong_accept(search: Surface) -> None:
    run = evaluate(load_cases(CASES, "test"), search, _answer, clock=iter(range(100)).__next__)
    assert (run.core, run.full, run.n_wrong_accepts, run.n_over_asks) == (0.5, 0.5, 1, 0)


def test_a_question_where_a_plan_was_due_is_an_over_ask(search: Surface) -> None:
    run = evaluate(load_cases(CASES, "test"), search, lambda t, s: Plan(outcome=Outcome.CLARIFY, surface=s.key))
    assert (run.n_wrong_accepts, run.n_over_asks) == (0, 1)


def test_jsonl_is_one_document_a_case_and_nothing_else(search: Surface) -> None:
    run = evaluate(load_cases(CASES, "test"), search, _answer)
    rows = [json.loads(line) for line in jsonl(run).splitlines()]
    assert [r["id"] for r in rows] == ["a", "b"]
    assert rows[0]["arms"] == [{"results.per_page": 30}]
    assert "wrong accepts" in render_table(run)


@pytest.mark.parametrize(
    "text", ["", "cases: 3", "cases: [{id: a}]", "cases: [{id: a, text: x, expect: {outcome: maybe}}]", "]"]
)
def test_unreadable_cases_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        load_cases(text, "x.yaml")
    assert refused.value.code == "cases_unreadable"


def test_audiences_are_compared_by_whom_they_select(search: Surface) -> None:
    assert same_audience(search, 'tier == "plus"', 'tier != "basic"')
    assert same_audience(search, "searches_7d > 10", "searches_7d >= 11")
    assert not same_audience(search, "searches_7d > 10", "searches_7d >= 10")
    assert not same_audience(search, 'market == "SE"', 'market in ["SE", "NO"]')
    assert not same_audience(search, "true", "no such thing")


def test_restated_baselines_make_no_difference(search: Surface) -> None:
    assert same_arms(search, [{"results.per_page": 30, "topics.rows": 4}], [{"results.per_page": 30.0}])
    assert not same_arms(search, [{"results.per_page": 30}], [{"results.per_page": 31}])


def test_the_same_text_gives_the_same_answer(search: Surface) -> None:
    text = "30 results per page, result clicks +2 %."
    assert plan_offline(text, search) == plan_offline(text, search)
