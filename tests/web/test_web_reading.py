"""What pages say is derived from documents: readings, sentences, plans, differences, figures in words."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api import fake_documents as documents
from counterpoint.web import numbers
from counterpoint.web.plan_view import read_plan
from counterpoint.web.readings import (
    IMPROVED,
    NO_CLEAR_EFFECT,
    NOT_COMPUTED,
    NOT_SHOWN_YET,
    PAST_MARGIN,
    WITHIN_MARGIN,
    WORSE,
    Role,
    read_effect,
    read_guardrail,
)
from counterpoint.web.scorecard import read_scorecard
from counterpoint.web.sentences import stage_sentence, standing, summary
from counterpoint.web.side_by_side import differences
from counterpoint.web.spec_text import spec_text


@pytest.mark.parametrize(
    ("lower", "upper", "higher", "reading"),
    [
        (0.01, 0.02, True, IMPROVED),
        (0.01, 0.02, False, WORSE),
        (-0.02, -0.01, True, WORSE),
        (-0.02, -0.01, False, IMPROVED),
        (-0.01, 0.02, True, NO_CLEAR_EFFECT),
        (0.0, 0.02, True, NO_CLEAR_EFFECT),
    ],
)
def test_an_interval_on_one_side_of_zero_is_read_by_which_way_is_better(lower, upper, higher, reading):
    assert read_effect(lower, upper, higher_is_better=higher) is reading


@pytest.mark.parametrize(
    ("lower", "upper", "higher", "reading"),
    [
        (-0.005, 0.02, True, WITHIN_MARGIN),
        (-0.02, 0.02, True, NOT_SHOWN_YET),
        (-0.03, -0.02, True, PAST_MARGIN),
        (-0.03, 0.005, False, WITHIN_MARGIN),
        (0.02, 0.03, False, PAST_MARGIN),
        (-0.02, 0.02, False, NOT_SHOWN_YET),
    ],
)
def test_a_guardrail_is_read_against_its_margin_on_the_side_that_is_worse(lower, upper, higher, reading):
    assert read_guardrail(lower, upper, margin=0.01, higher_is_better=higher) is reading


def test_a_scorecard_gives_every_metric_a_row_for_each_variant_in_its_role():
    card = read_scorecard(documents.RESULTS)
    assert dict(card.letters) == {"second": "A", "third": "B"}
    assert [each.metric for each in card.of_role(Role.PRIMARY)] == ["podcast_minutes_7d"]
    assert len(card.of_role(Role.GUARDRAIL)) == 3
    assert all([row.variant for row in each.rows] == ["second", "third"] for each in card.metrics)
    assert card.level == "99.5 %"
    assert card.holds == "it holds however often you look"


AT_PLANNED = "at all planned looks together, and at no others"


@pytest.mark.parametrize(
    ("looks", "words"),
    [
        (["any"], "it holds however often you look"),
        (["planned"], f"it holds {AT_PLANNED}"),
        (["one"], "it holds for one look, at the end that was fixed in advance"),
        (
            ["planned", "any"],
            f"some hold however often you look; some hold {AT_PLANNED}",
        ),
    ],
)
def test_the_words_under_the_intervals_say_for_which_looks_they_hold(looks, words):
    document = deepcopy(documents.RESULTS)
    figures = [row for row in document["metrics"] if row.get("alpha") is not None]
    for n, row in enumerate(figures):
        row["looks"] = looks[n % len(looks)]
    assert read_scorecard(document).holds == words


def test_a_figure_that_is_missing_keeps_its_reason_and_is_never_a_number():
    card = read_scorecard(documents.RESULTS)
    row = next(each for each in card.metrics if each.metric == "page_load_ms_p95").rows[0]
    assert row.shown is None
    assert row.reading is NOT_COMPUTED
    assert "5,000" in row.reason
    assert row.control == numbers.UNKNOWN


def test_a_guardrail_whose_margin_is_not_determined_is_not_called_safe():
    results = deepcopy(documents.RESULTS)
    for row in results["metrics"]:
        row["margin"] = None
    card = read_scorecard(results)
    assert all(row.reading is NOT_COMPUTED for metric in card.of_role(Role.GUARDRAIL) for row in metric.rows)


def test_sentences_name_the_effect_the_guardrails_and_what_is_not_shown_yet():
    said = standing(read_scorecard(documents.RESULTS), state="running")
    second, third = said
    assert second.text == (
        "podcast_minutes_7d improved (+4.12 %); 1 of 3 guardrails shown to be within margin, "
        "not yet home_empty_rate and page_load_ms_p95."
    )
    assert second.tone == "wait"
    assert (third.tone, third.brief) == ("bad", "music_minutes_7d worse than its margin")
    assert summary(said) is third


def test_a_broken_split_is_said_before_anything_else():
    results = deepcopy(documents.RESULTS)
    results["srm"] |= {"mismatch": True, "p_value": 1e-9}
    said = standing(read_scorecard(results), state="running")
    assert said[0].lead == "Split"
    assert "p < 0.001" in said[0].text


def test_all_guardrails_safe_and_the_primary_improved_is_good_news():
    results = deepcopy(documents.RESULTS)
    results["metrics"] = [
        row
        for row in results["metrics"]
        if row["variant"] == "second" and row["metric"] in {"podcast_minutes_7d", "music_minutes_7d"}
    ]
    results["variants"] = ["control", "second"]
    assert [each.tone for each in standing(read_scorecard(results), state="running")] == ["good"]


def test_the_end_is_told_with_the_decisions_own_reasons():
    said = standing(None, state="shipped", decision={"reasons": ["superior on podcast_minutes_7d: ship."]})
    assert [each.lead for each in said] == ["", "Decision"]
    assert "ship" in said[1].text


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (-1, "10 % of the audience, in 3 stages"),
        (0, "1 % of the audience (stage 1 of 3)"),
        (2, "10 % of the audience (stage 3 of 3)"),
    ],
)
def test_the_live_stage_is_told_with_its_share(stage, expected):
    assert stage_sentence({"stage": stage}, documents.SPEC) == expected


def test_before_anybody_is_exposed_that_is_all_that_is_said():
    results = deepcopy(documents.RESULTS)
    results["exposed"] = dict.fromkeys(results["exposed"], 0)
    assert [each.text for each in standing(read_scorecard(results), state="running")] == ["Nobody is exposed yet."]


def test_something_bad_that_never_happened_counts_as_safe():
    results = deepcopy(documents.RESULTS)
    for row in results["metrics"]:
        if row["reason"]:
            row["reason"] = {"code": "never_occurred", "message": "it did not occur in either arm."}
    second = standing(read_scorecard(results), state="running")[0]
    assert "2 of 3 guardrails shown to be within margin, not yet home_empty_rate." in second.text


def test_a_value_that_both_pages_read_otherwise_is_told_though_no_shelf_moved():
    left, right = page(("a", ["1"])), page(("a", ["1"]))
    left["config"] = {"visual.card_size": {"value": "medium"}, "other": {"value": 1}}
    right["config"] = {"visual.card_size": {"value": "large"}, "other": {"value": 1}}
    assert [each.text for each in differences(left, right)] == ["visual.card_size is large in place of medium"]


def test_a_plan_is_shown_with_the_words_behind_each_field():
    planned = read_plan({"plan": documents.PLAN, "spec": documents.SPEC, "findings": [], "seconds": {"plan": 0.1}})
    fields = {field.name: field for field in planned.fields}
    assert fields["Change"].reading == "podcasts.shelf_position = 2"
    assert fields["Audience"].quoted == "premium listeners in Sweden"
    assert fields["Duration"].source == "default"
    assert [field.reading for field in planned.fields if field.name == "Guardrail"][2] == "page_load_ms_p95 within 50"
    assert planned.can_launch


def test_a_plan_with_an_error_cannot_be_launched():
    error = documents.FINDINGS[0] | {"severity": "error"}
    planned = read_plan({"plan": documents.PLAN, "spec": documents.SPEC, "findings": [error], "seconds": {}})
    assert not planned.can_launch


@pytest.mark.parametrize(
    ("plan", "question"),
    [
        ({"outcome": "clarify", "missing": ["value"], "question": "To which place?"}, "To which place?"),
        ({"outcome": "reject", "reason": "out_of_bounds"}, "out of bounds"),
    ],
)
def test_what_is_no_plan_asks_or_says_why_not(plan, question):
    planned = read_plan({"plan": plan, "spec": None, "findings": [], "seconds": {}})
    assert planned.question == question
    assert not planned.can_launch


def test_a_spec_is_written_without_the_fields_that_say_nothing():
    text = spec_text(documents.SPEC)
    assert "podcasts.shelf_position: 2" in text
    assert "domain" not in text


def page(*shelves: tuple[str, list[str]]) -> dict:
    return {
        "shelves": [
            {"key": key, "title": key.title(), "position": n, "cards": [{"item": item} for item in items]}
            for n, (key, items) in enumerate(shelves, 1)
        ]
    }


def test_one_moved_shelf_is_one_difference_though_all_others_make_room():
    left = page(("a", ["1"]), ("b", ["1"]), ("c", ["1"]), ("d", ["1"]))
    right = page(("a", ["1"]), ("d", ["1"]), ("b", ["1"]), ("c", ["1"]))
    assert [(each.shelf, each.mark) for each in differences(left, right)] == [("d", "4 → 2")]


def test_shelves_that_come_go_or_hold_other_cards_are_told():
    left = page(("a", ["1", "2"]), ("b", ["1"]), ("gone", ["9"]))
    right = page(("new", ["5"]), ("a", ["2", "1"]), ("b", ["3"]))
    assert [(each.shelf, each.mark) for each in differences(left, right)] == [
        ("new", "new"),
        ("a", "other order"),
        ("b", "other cards"),
        ("gone", "gone"),
    ]


@given(st.permutations([(key, [key]) for key in "abcdef"]))
def test_a_page_never_differs_from_itself(shelves):
    assert differences(page(*shelves), page(*shelves)) == ()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (numbers.signed_percent(0.0176), "+1.76 %"),
        (numbers.signed_percent(-0.5), "−50.00 %"),  # noqa: RUF001 - a minus sign
        (numbers.signed_percent(0.0), "0.00 %"),
        (numbers.percent(0.1), "10 %"),
        (numbers.span(None, 0.1), "no bound to +10.00 %"),
        (numbers.quantity(21.84, unit="min"), "21.8 min"),
        (numbers.quantity(0.314, kind="proportion"), "31.4 %"),
        (numbers.quantity(1234567.0), "1,234,567"),
        (numbers.quantity(None), "–"),  # noqa: RUF001 - an en dash
        (numbers.duration(0.0001), "< 1 ms"),
        (numbers.duration(0.021), "21 ms"),
        (numbers.duration(12.34), "12.3 s"),
        (numbers.duration(600), "10 min"),
        (numbers.duration(7200), "2.0 h"),
        (numbers.moment("2026-11-08T09:30:01Z"), "8 Nov 2026, 09:30 UTC"),
        (numbers.moment(None), "–"),  # noqa: RUF001 - an en dash
        (numbers.day("not a day"), "–"),  # noqa: RUF001 - an en dash
        (numbers.value(True), "on"),
        (numbers.value(0.2), "0.2"),
        (numbers.p_value(0.0001), "p < 0.001"),
        (numbers.p_value(None), "p unknown"),
    ],
)
def test_figures_are_written_for_people(written, expected):
    assert written == expected
