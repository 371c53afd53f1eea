"""A draft becomes a plan only as far as the catalogue and the text stand behind it."""

from typing import Any

import pytest

from counterpoint.agents import Outcome, RejectReason, Source, default_lexicon
from counterpoint.agents.model import Draft
from counterpoint.agents.model.grounding import Grounded, ground, with_doubts_asked
from counterpoint.agents.model.quotations import Text, reads_number, unread_numbers
from counterpoint.agents.plan import Missing, Plan
from counterpoint.config import Surface
from counterpoint.vocabulary import Direction
from misbehaving_model import TEXT, draft

LEXICON = default_lexicon()
LONGER = f"{TEXT} Over twenty searches a week only, for a fortnight, on a tenth of them; no more latency than 20 ms."


def _ground(surface: Surface, text: str = LONGER, **changes: Any) -> Grounded:
    return ground(Draft.model_validate(draft(**changes)), Text.of(text, LEXICON), surface)


def _words(**more: str) -> dict[str, str]:
    return {**draft()["words"], **more}


def _asked(surface: Surface, **changes: Any) -> Plan:
    grounded = _ground(surface, **changes)
    assert grounded.is_possible
    return with_doubts_asked(grounded.plan, surface)


def test_what_is_quoted_rightly_is_planned_with_the_quotation(search: Surface) -> None:
    words = _words(audience="Over twenty searches a week", days="a fortnight", allocation="on a tenth of them")
    plan = _asked(search, audience="searches_7d > 20", days=14, allocation=0.1, words=words)
    assert plan.outcome is Outcome.PLAN
    assert (plan.days, plan.allocation, plan.audience) == (14, 0.1, "searches_7d > 20")
    assert plan.provenance["days"].words == "a fortnight"
    unmeasured = {name for name, p in plan.provenance.items() if p.confidence is None}
    assert {"arms", "audience", "primary", "days", "allocation"} <= unmeasured
    assert all(plan.provenance[name].as_document()["note"] for name in unmeasured)
    assert "latency" in plan.residue


@pytest.mark.parametrize(
    ("field", "changes", "missing"),
    [
        ("arms", {"words": _words(arms="thirty-one rabbits")}, Missing.CHANGE),
        ("primary", {"words": _words(primary="")}, Missing.METRIC),
        ("allocation", {"allocation": 1.0}, Missing.VALUE),
        ("allocation", {"allocation": 1.0, "words": _words(allocation="on a tenth of them")}, Missing.VALUE),
        ("days", {"days": 28, "words": _words(days="a fortnight")}, Missing.VALUE),
        ("mde", {"mde": 0.2}, Missing.VALUE),
        ("audience", {"audience": 'tier == "plus"'}, Missing.AUDIENCE),
        (
            "audience",
            {"audience": "searches_7d > 50", "words": _words(audience="Over twenty searches a week")},
            Missing.AUDIENCE,
        ),
        ("guardrails[0]", {"guardrails": [{"metric": "search_latency_ms", "margin_abs": 20.0}]}, Missing.METRIC),
    ],
)
def test_a_claim_of_words_that_are_not_there_loses_its_confidence_and_is_asked_about(
    search: Surface, field: str, changes: dict[str, Any], missing: Missing
) -> None:
    grounded = _ground(search, **changes)
    assert [c.field for c in grounded.complaints] == [field]
    assert grounded.is_possible
    assert grounded.plan.provenance[field].confidence == 0.0
    assert grounded.plan.provenance[field].words == ""
    asked = with_doubts_asked(grounded.plan, search)
    assert asked.outcome is Outcome.CLARIFY
    assert asked.missing == (missing,)
    assert asked.question


@pytest.mark.parametrize(
    "changes",
    [
        {"arms": []},
        {"arms": [{"settings": [{"parameter": "nope", "value": 1}]}]},
        {"arms": [{"settings": [{"parameter": "results.per_page", "value": True}]}]},
        {"arms": [{"settings": [{"parameter": "results.per_page", "value": 30.5}]}]},
        {"arms": [{"settings": [{"parameter": "results.per_page", "value": v} for v in (30, 40)]}]},
        {"arms": [{"settings": [{"parameter": "results.per_page", "value": 30}]}] * 2},
        {"audience": "true && searches_7d"},
        {"audience": "has(secret)"},
        {"primary": None},
        {"primary": "nope"},
        {"guardrails": [{"metric": "nope", "words": "latency"}]},
        {"guardrails": [{"metric": "result_ctr", "words": "latency"}]},
        {"guardrails": [{"metric": "search_latency_ms", "margin": 2.0, "words": "latency"}]},
        {"guardrails": [{"metric": "search_latency_ms", "margin": 0.1, "margin_abs": 1, "words": "latency"}]},
        {"guardrails": [{"metric": "search_latency_ms", "margin_abs": -1, "words": "latency"}]},
        {"mde": 0.02, "mde_abs": 0.02},
        {"mde": -0.02},
        {"mde": 50.0},
        {"allocation": 0.0},
        {"days": 0},
    ],
)
def test_what_cannot_be_is_never_a_plan(search: Surface, changes: dict[str, Any]) -> None:
    grounded = _ground(search, **changes)
    assert not grounded.is_possible
    assert grounded.plan.outcome is not Outcome.PLAN


def test_a_sensitive_audience_is_refused_by_code(search: Surface) -> None:
    plan = _ground(search, audience='age_group == "13-17"', words=_words(audience="Over twenty searches")).plan
    assert plan.reason is RejectReason.SENSITIVE_AUDIENCE


def test_a_direction_without_words_is_the_improvement_whatever_the_model_says(search: Surface) -> None:
    plan = _ground(search, direction="decrease", words=_words(direction="")).plan
    assert plan.direction is Direction.INCREASE
    assert plan.provenance["direction"].source is Source.DEFAULT


def test_a_whole_number_written_with_a_point_is_a_whole_number(search: Surface) -> None:
    plan = _ground(search, arms=[{"settings": [{"parameter": "results.per_page", "value": 30.0}]}]).plan
    assert plan.arms == ({"results.per_page": 30},)
    assert isinstance(plan.arms[0]["results.per_page"], int)


def test_a_question_says_what_it_asks_for_and_a_refusal_quotes(search: Surface) -> None:
    assert not _ground(search, outcome="clarify", missing=[]).is_possible
    assert not _ground(search, outcome="reject", reason=None).is_possible
    assert not _ground(search, outcome="reject", reason="unknown_metric", detail="happiness").is_possible
    refused = _ground(search, outcome="reject", reason="unknown_metric", detail="result clicks")
    assert refused.plan.reason is RejectReason.UNKNOWN_METRIC
    assert '"result clicks"' in refused.plan.explanation


@pytest.mark.parametrize("quotation", ["30 Results per page", "result clicks ; 2 %", "“result   clicks”", "raise..."])
def test_a_quotation_is_found_whatever_its_spaces_quotes_and_capitals(quotation: str) -> None:
    assert Text.of(TEXT, LEXICON).says(quotation)


@pytest.mark.parametrize("quotation", ["", "of", "by", "esult click", "clicks result", "result clicks ; rabbits", ".*"])
def test_what_is_not_in_the_text_or_says_nothing_is_no_quotation(quotation: str) -> None:
    assert not Text.of(TEXT, LEXICON).says(quotation)


@pytest.mark.parametrize(
    ("quotation", "number"),
    [("at least 2 %", 0.02), ("a tenth of the traffic", 0.1), ("two weeks", 14), ("a fortnight", 14), ("200 ms", 200),
     ("half of them", 0.5), ("3 percentage points", 0.03)],
)  # fmt: skip
def test_a_number_is_read_in_its_quotation(quotation: str, number: float) -> None:
    assert reads_number(quotation, number, LEXICON)
    assert not reads_number(quotation, number * 1.7, LEXICON)


def test_numbers_of_an_audience_are_read_in_its_quotation_and_those_in_strings_are_not_numbers() -> None:
    assert unread_numbers("more than 20 searches", "searches_7d >= 21", LEXICON) == []
    assert unread_numbers("heavy searchers", "searches_7d > 20", LEXICON) == ["20"]
    assert unread_numbers("the newest version", 'client_version >= "9.1.0"', LEXICON) == []
