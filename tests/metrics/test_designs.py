"""A design's answer: the day follows from units, and every change moves it the way that it must."""

import math
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy import stats

from counterpoint.errors import InvalidInput
from counterpoint.metrics import (
    DesignQuestion,
    Forecast,
    answer_design,
    design_svg,
    design_text,
    holdout_design,
    interaction_design,
    model_as_given,
    quantile_as_given,
    ratio_as_given,
)
from counterpoint.metrics.designs.question import plan_for
from counterpoint.stats import Alternative, MetricModel, detectable_effect, power, sample_size

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


def test_a_holdout_needs_the_units_of_one_look_at_two_small_equal_halves() -> None:
    fixed, held = answer_design(ASKED), answer_design(holdout_design(replace(ASKED, weights=(1.0, 4.0)), 0.05))
    assert fixed.units_needed is not None
    assert held.units_needed == pytest.approx(fixed.units_needed, rel=1e-9)
    assert held.day == 7 + math.ceil(fixed.units_needed / 400)
    assert "in both halves of the holdout" in held.sentence
    assert {row.test for row in held.designs} == {"fixed"}
    assert held.as_document()["kind"] == "holdout"


def test_a_holdout_that_never_is_ready_says_that_holding_out_more_would_do() -> None:
    answer = answer_design(holdout_design(replace(ASKED, max_days=60), 0.1))
    assert answer.day is None
    more = next(remedy for remedy in answer.remedies if remedy.code == "hold_out_more")
    assert more.day == answer_design(holdout_design(replace(ASKED, max_days=60), 0.2)).day
    with pytest.raises(InvalidInput):
        holdout_design(ASKED, 0.6)


def test_an_interaction_of_even_splits_needs_four_times_the_units_and_uneven_ones_more() -> None:
    mean = replace(ASKED, model=model_as_given(20, 60), effect=0.1)
    alone = answer_design(mean).units_needed
    assert alone is not None
    even = answer_design(interaction_design(mean))
    assert even.units_needed == pytest.approx(4 * alone, rel=1e-6)
    uneven = answer_design(interaction_design(mean, other_weights=(3.0, 1.0)))
    assert uneven.units_needed == pytest.approx(alone / (0.75 * 0.25), rel=1e-6)
    half = answer_design(interaction_design(mean, overlap=0.5))
    assert half.day is not None
    assert even.day is not None
    assert half.day - 7 == pytest.approx(2 * (even.day - 7), abs=1)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        ({"overlap": 0.0}, "share_out_of_range"),
        ({"other_weights": (1.0,)}, "weights_not_positive"),
    ],
)
def test_an_interaction_without_common_units_is_refused(ask: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        interaction_design(ASKED, **ask)  # type: ignore[arg-type]
    assert caught.value.code == code
    with pytest.raises(InvalidInput):
        interaction_design(replace(ASKED, effect=0.0, margin=0.02))


def test_a_ratio_as_given_has_the_variance_of_its_linearisation() -> None:
    draw = np.random.default_rng(31)
    below = draw.poisson(6, 400_000) + 1.0
    above = draw.binomial(below.astype(int), 0.3).astype(float)
    model = ratio_as_given(
        (above.mean(), above.std(ddof=1)), (below.mean(), below.std(ddof=1)), float(np.corrcoef(above, below)[0, 1])
    )
    ratio = above.mean() / below.mean()
    assert model.mean == pytest.approx(ratio)
    assert model.variance == pytest.approx(((above - ratio * below) / below.mean()).var(ddof=1), rel=1e-9)


def test_a_quantile_as_given_has_the_variance_of_its_density() -> None:
    model = quantile_as_given(200.0, 0.9, 0.004, design_effect=2.0)
    assert model.variance == pytest.approx(0.09 / 0.004**2)
    assert (model.mean, model.design_effect) == (200.0, 2.0)


MODELS = [
    model_as_given(0.2, None),
    model_as_given(20, 60, correlation=0.6, trigger_rate=0.4),
    ratio_as_given((3.0, 3.2), (9.0, 5.5), 0.4),
    quantile_as_given(200.0, 0.9, 0.004, design_effect=1.7),
]


@pytest.mark.parametrize("kind", ["effect", "holdout", "interaction"])
@pytest.mark.parametrize("model", MODELS)
def test_power_units_and_detectable_effect_are_exact_inverses(kind: str, model: MetricModel) -> None:
    asked = replace(ASKED, model=model, effect=0.03)
    question = {
        "effect": lambda: replace(asked, test="group_sequential", look_every=7),
        "holdout": lambda: holdout_design(asked, 0.1),
        "interaction": lambda: interaction_design(asked, other_weights=(2.0, 1.0)),
    }[kind]()
    plan = plan_for(question, 60)
    n = sample_size(question.model, plan, 0.03, 0.8)
    assert power(question.model, plan, n, 0.03) == pytest.approx(0.8, abs=1e-8)
    assert detectable_effect(question.model, plan, n, 0.8) == pytest.approx(0.03, rel=1e-6)
    answer = answer_design(question)
    assert [day for day, _, _ in answer.by_day] == sorted(day for day, _, _ in answer.by_day)
