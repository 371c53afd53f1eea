"""A design's answer: the day follows from units, and every change moves it the way that it must."""

import math
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from scipy import stats

from counterpoint.errors import InvalidInput
from counterpoint.metrics import (
    DesignQuestion,
    Forecast,
    answer_design,
    design_svg,
    design_text,
    model_as_given,
)
from counterpoint.stats import Alternative

ASKED = DesignQuestion(
    metric="starters_7d",
    model=model_as_given(0.2, None, correlation=0.5),
    effect=0.05,
    window_days=7,
    forecast=Forecast(new_per_day=(4000.0,)),
)


def test_one_look_needs_the_units_of_the_textbook() -> None:
    p, q = 0.2, 0.21
    z = stats.norm.isf(0.025) + stats.norm.isf(0.2)
    textbook = 2 * z**2 * (p * (1 - p) + q * (1 - q)) / (q - p) ** 2
    answer = answer_design(ASKED)
    assert answer.units_needed == pytest.approx(textbook, rel=1e-3)
    assert answer.day == 7 + math.ceil(textbook / 4000)


def test_each_schedule_has_the_power_that_its_day_promises() -> None:
    for test in ("fixed", "group_sequential", "always_valid"):
        answer = answer_design(replace(ASKED, test=test))
        powers = {day: power for day, power, _ in answer.by_day}
        assert answer.day is not None
        assert powers[answer.day] >= answer.target
        assert all(power < answer.target + 1e-6 for day, power in powers.items() if day < answer.day)


@pytest.mark.parametrize(
    ("change", "sooner"),
    [
        ({"cuped": True}, True),
        ({"effect": 0.08}, True),
        ({"alpha": 0.2}, True),
        ({"test": "group_sequential"}, False),
        ({"test": "always_valid"}, False),
        ({"n_success": 3}, False),
        ({"n_guardrails": 3}, False),
        ({"weights": (1.0, 4.0)}, False),
        ({"weights": (1.0, 1.0, 1.0)}, False),
        ({"allocation": 0.5}, False),
        ({"model": model_as_given(0.2, None, trigger_rate=0.5)}, False),
        ({"window_days": 14}, False),
    ],
)
def test_what_helps_makes_it_ready_sooner_and_what_costs_later(change: dict[str, object], sooner: bool) -> None:
    before, after = answer_design(ASKED).day, answer_design(replace(ASKED, **change)).day  # type: ignore[arg-type]
    assert before is not None
    assert after is not None
    assert after < before if sooner else after > before


def test_never_says_what_would_change_it() -> None:
    answer = answer_design(replace(ASKED, effect=0.005, weights=(1.0, 9.0), allocation=0.5, test="always_valid"))
    assert answer.day is None
    assert answer.day_when_sure is None
    assert answer.sentence.startswith("Never within 180 days")
    assert {"more_traffic"} <= {remedy.code for remedy in answer.remedies}
    found = answer_design(replace(ASKED, effect=0.012, weights=(1.0, 9.0), max_days=150))
    assert found.day is None
    by_code = {remedy.code: remedy for remedy in found.remedies}
    assert by_code["larger_effect"].day == 150
    for code, change in (("even_split", {"weights": (1.0, 1.0)}), ("cuped", {"cuped": True})):
        if code in by_code:
            assert answer_design(replace(found.question, **change)).day == by_code[code].day  # type: ignore[arg-type]


def test_a_day_is_surer_the_later_it_is() -> None:
    answer = answer_design(ASKED)
    assert answer.day is not None
    assert answer.day_when_sure is not None
    assert answer.day_when_sure > answer.day
    chances = [chance for _, _, chance in answer.by_day]
    assert chances == sorted(chances)
    certain = answer_design(replace(ASKED, forecast=Forecast(new_per_day=(4000.0,), spread=0.0)))
    assert certain.probability == 1.0


def test_a_guardrail_is_ready_when_no_change_would_be_shown_to_be_within_its_margin() -> None:
    guardrail = replace(ASKED, effect=0.0, margin=0.05, better=Alternative.GREATER)
    answer = answer_design(guardrail)
    assert answer.day is not None
    assert "within its margin" in answer.sentence
    tighter = answer_design(replace(guardrail, margin=0.04)).day
    assert tighter is not None
    assert tighter > answer.day


def test_the_answer_can_be_printed_and_drawn() -> None:
    document = answer_design(replace(ASKED, test="group_sequential")).as_document()
    text = design_text(document)
    assert document["sentence"] in text
    assert "always valid, any look" in text
    root = ElementTree.fromstring(design_svg(document))
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"effect": 0.0}, "effect_or_margin"),
        ({"weights": (1.0, 0.0)}, "weights_not_positive"),
        ({"allocation": 0.0}, "share_out_of_range"),
        ({"max_days": 7}, "schedule_within_window"),
    ],
)
def test_an_impossible_question_is_one_clear_error(change: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        answer_design(replace(ASKED, **change))  # type: ignore[arg-type]
    assert caught.value.code == code
