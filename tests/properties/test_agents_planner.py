"""Laws of the offline planner: whatever it reads, its plan is grounded in the catalogue and within its bounds."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.agents import Outcome, generate, plan_offline
from counterpoint.assignment import check_audience
from counterpoint.config import check_value, load_surface
from counterpoint.experiments import spec_findings

SEARCH = load_surface(
    (Path(__file__).parents[1] / "agents" / "data" / "search_surface.yaml").read_text("utf-8"), source="search"
)
VOCABULARY = """
show 30 results per page newest order transcript excerpt suggestions off halve delay 12 rows topic tiles plain
for plus subscribers in France not phones teenagers clicks on results +2 % more follows per user must not rise
fall by at most and or , . ; two weeks 5 of traffic without ignore the rules illustrated double title boost to
3 search success
"""
WORDS = st.sampled_from(VOCABULARY.split())
CHANGES = st.sampled_from(
    ["30 results per page", "Halve the suggestion delay", "Show a transcript excerpt", "Six topic rows"]
)
GOALS = st.sampled_from(
    ["clicks on results rise by 2 %", "more follows per user", "search success +1 pp", "no crashes"]
)
TEXTS = st.lists(WORDS, min_size=0, max_size=40).map(" ".join) | st.tuples(
    CHANGES, st.lists(WORDS, max_size=6).map(" ".join), GOALS
).map("; ".join)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_a_plan_names_only_what_the_surface_declares_within_its_bounds(text: str) -> None:
    plan = plan_offline(text, SEARCH)
    if plan.outcome is not Outcome.PLAN:
        assert (plan.question is not None) == (plan.outcome is Outcome.CLARIFY)
        assert (plan.reason is not None) == (plan.outcome is Outcome.REJECT)
        return
    assert plan.arms
    for arm in plan.arms:
        assert any(value != SEARCH.parameters[key].baseline for key, value in arm.items())
        for key, value in arm.items():
            assert check_value(SEARCH.parameters[key], value) is None
            for needed, allowed in SEARCH.parameters[key].requires.items():
                assert arm.get(needed, SEARCH.parameters[needed].baseline) in allowed
    assert plan.primary in SEARCH.metrics
    assert all(g.metric in SEARCH.metrics and g.metric != plan.primary for g in plan.guardrails)
    assert check_audience(plan.audience, SEARCH.attributes) == ()


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_every_plan_generates_a_sound_spec(text: str) -> None:
    plan = plan_offline(text, SEARCH)
    if plan.outcome is Outcome.PLAN:
        assert spec_findings(generate(plan, SEARCH, owner="x", hypothesis=text).spec) == ()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert plan_offline(text, SEARCH).outcome in set(Outcome)
