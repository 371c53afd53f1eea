"""A design keeps what it promises: simulated at the day it names, it finds the effect as often as it says."""

import math
from dataclasses import replace

import numpy as np
import pytest

from counterpoint.metrics import DesignQuestion, Forecast, Test, answer_design, model_as_given
from counterpoint.metrics.designs.question import matured_units, plan_for
from counterpoint.stats import Summary, compare_means, effect_at_look

N_RUNS, SEED = 2_000, 20261122
ASKED = DesignQuestion(
    metric="minutes",
    model=model_as_given(20.0, 30.0),
    effect=0.12,
    window_days=2,
    forecast=Forecast(new_per_day=(150.0,)),
)


def runs_that_find_it(question: DesignQuestion, lift: float) -> float:
    """Return the share of simulated experiments of the day's length in which some look rejects."""
    day = answer_design(question).day
    assert day is not None
    bounds, n = plan_for(question, day).bounds, round(matured_units(question, day)) // 2
    looks = (1.0,) if bounds is None else bounds.information
    rng = np.random.default_rng(SEED)
    found = 0
    for _ in range(N_RUNS):
        arms = rng.normal(20, 30, n), rng.normal(20 * (1 + lift), 30, n)
        for k, t in enumerate(looks, 1):
            effect = compare_means(*(Summary.from_arrays(arm[: round(t * n)]) for arm in arms))
            p = effect.p_value if bounds is None else effect_at_look(effect, bounds, k).p_value
            if p <= question.alpha:
                found += 1
                break
    return found / N_RUNS


@pytest.mark.slow
@pytest.mark.parametrize("test", ["fixed", "group_sequential"])
def test_an_effect_is_found_as_often_as_promised_and_nothing_as_seldom(test: Test) -> None:
    question = replace(ASKED, test=test, look_every=3)
    answer = answer_design(question)
    promised = next(power for day, power, _ in answer.by_day if day == answer.day)
    error = math.sqrt(promised * (1 - promised) / N_RUNS)
    assert abs(runs_that_find_it(question, 0.12) - promised) <= 4 * error
    assert runs_that_find_it(question, 0.0) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / N_RUNS)
