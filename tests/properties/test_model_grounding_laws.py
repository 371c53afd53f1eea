"""Whatever a model fills in, what becomes a plan is in the catalogue, within its bounds, and quoted from the text."""

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from counterpoint.agents import Outcome, Source, default_lexicon
from counterpoint.agents.model import Draft
from counterpoint.agents.model.grounding import ground, with_doubts_asked
from counterpoint.agents.model.quotations import Text
from counterpoint.assignment import check_audience
from counterpoint.config import check_value, load_surface
from misbehaving_model import TEXT, draft

FILE = Path(__file__).parents[1] / "agents" / "data" / "search_surface.yaml"
SURFACE = load_surface(FILE.read_text("utf-8"), source=FILE.name)
HYPOTHESIS = Text.of(
    f"{TEXT} For two weeks, on a tenth of plus listeners; no more latency than 20 ms.", default_lexicon()
)
QUOTES = st.sampled_from(
    [
        "30 results per page",
        "result clicks",
        "raise",
        "2 %",
        "two weeks",
        "a tenth",
        "plus listeners",
        "20 ms",
        "",
        "rabbits",
    ]
)
PARAMETERS = st.sampled_from([*SURFACE.parameters, "results.magic", "", "results.per_page "])
METRICS = st.sampled_from([*SURFACE.metrics, "happiness", ""])
NUMBERS = (
    st.none() | st.sampled_from([0.02, 0.1, 20, 14, -1, 0, 1e9]) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.booleans() | st.integers(-5, 60) | st.floats(-5, 60) | st.sampled_from(["newest", "plain", "30", ""])
AUDIENCES = st.sampled_from(
    ["true", 'tier == "plus"', "searches_7d > 20", 'age_group == "13-17"', "mood > 3", "(", "", 'tier == "gold"']
)
ARMS = st.lists(
    st.fixed_dictionaries(
        {
            "settings": st.lists(
                st.fixed_dictionaries({"parameter": PARAMETERS, "value": VALUES}), min_size=1, max_size=2
            )
        }
    ),
    max_size=2,
)
DRAFTS = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.sampled_from([*Outcome]),
        "arms": ARMS,
        "audience": AUDIENCES,
        "primary": st.none() | METRICS,
        "direction": st.sampled_from([None, "increase", "decrease"]),
        "mde": NUMBERS,
        "mde_abs": NUMBERS,
        "guardrails": st.lists(
            st.fixed_dictionaries(
                {"metric": METRICS, "words": QUOTES}, optional={"margin": NUMBERS, "margin_abs": NUMBERS}
            ),
            max_size=2,
        ),
        "allocation": NUMBERS,
        "days": st.none() | st.integers(-2, 900),
        "words": st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                ("arms", "audience", "primary", "direction", "effect", "allocation", "days"), QUOTES
            ),
        ),
        "missing": st.lists(st.sampled_from(["metric", "value"]), max_size=2),
        "reason": st.sampled_from([None, "no_op", "unknown_metric"]),
        "detail": QUOTES,
        "question": st.text(max_size=20),
    },
)


@given(changes=DRAFTS)
def test_no_draft_becomes_a_plan_that_the_catalogue_and_the_text_do_not_bear(changes: dict[str, Any]) -> None:
    try:
        filled = Draft.model_validate(draft(**changes))
    except ValidationError:
        return  # the shape is the first gate, and it is closed
    grounded = ground(filled, HYPOTHESIS, SURFACE)
    plan = with_doubts_asked(grounded.plan, SURFACE)
    if not grounded.is_possible:
        assert plan.outcome is not Outcome.PLAN
        return
    if plan.outcome is Outcome.CLARIFY:
        assert plan.missing
        assert plan.question
    if plan.outcome is not Outcome.PLAN:
        return
    for arm in plan.arms:
        for key, value in arm.items():
            assert check_value(SURFACE.parameters[key], value) is None
        assert any(SURFACE.parameters[key].baseline != value for key, value in arm.items())
    assert check_audience(plan.audience, SURFACE.attributes) == ()
    assert "age_group" not in plan.audience
    assert {plan.primary, *(g.metric for g in plan.guardrails)} <= SURFACE.metrics.keys()
    assert plan.allocation is None or 0 < plan.allocation <= 1
    for source in plan.provenance.values():
        assert source.source is not Source.WORDS or HYPOTHESIS.says(source.words)
