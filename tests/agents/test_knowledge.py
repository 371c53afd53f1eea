"""Past experiments are found by words and by likeness, and their effects say what to expect of the next."""

import random
from collections.abc import Sequence

import pytest

from counterpoint.agents import (
    EffectHistory,
    PastExperiment,
    effect_history,
    expected_effect,
    expected_effects,
    search_past,
)
from counterpoint.experiments import Unknown


def past(key: str, hypothesis: str, *, effect: float | None = None, error: float | None = None, **of: object):
    return PastExperiment(
        key=key,
        surface=str(of.get("surface", "home")),
        hypothesis=hypothesis,
        parameters=frozenset(of.get("parameters", ())),  # type: ignore[arg-type]
        audience=str(of.get("audience", "true")),
        primary=str(of.get("primary", "saves_7d")),
        relative_effect=effect,
        relative_std_error=error,
        decision="shipped",
    )


LIBRARY = (
    past("podcasts-up", "Moving the podcast shelf up gets more listeners to play one.", parameters=("podcasts.place",)),
    past("bigger-cards", "Larger cards raise saves among rock listeners.", parameters=("cards.size",)),
    past("new-first", "New releases on top raise saves.", parameters=("new.place",), audience='plan == "free"'),
)


def keys(found: Sequence[object]) -> list[str]:
    return [match.past.key for match in found]  # type: ignore[attr-defined]


def test_words_find_an_experiment_in_another_form() -> None:
    assert keys(search_past("podcasts shelves moved", LIBRARY)) == ["podcasts-up"]


def test_a_rare_word_counts_for_more_than_a_frequent_one() -> None:
    assert keys(search_past("rock saves", LIBRARY))[0] == "bigger-cards"


def test_words_that_every_sentence_has_find_nothing() -> None:
    assert search_past("the of a by", LIBRARY) == ()


def test_the_same_parameter_comes_before_the_same_words() -> None:
    found = search_past("raise saves", LIBRARY, parameters={"podcasts.place"})
    assert found[0].past.key == "podcasts-up"
    assert "sets podcasts.place" in found[0].because


def test_every_match_says_what_it_has_in_common() -> None:
    found = search_past("", LIBRARY, primary="saves_7d", audience='plan == "free"')
    assert found[0].because == ("measured saves_7d", "the same audience")
    assert all(match.because for match in found)


def test_no_more_is_found_than_was_asked_for_and_an_empty_library_finds_nothing() -> None:
    assert len(search_past("saves", LIBRARY, limit=1)) == 1
    assert search_past("saves", ()) == ()


def test_two_experiments_are_no_history() -> None:
    two = [past(f"e{n}", "x", effect=0.01, error=0.005) for n in range(2)]
    assert effect_history(two, surface="home", metric="saves_7d") == Unknown(
        code="too_few_experiments", reason="2 past experiments measured saves_7d, and 3 are the least"
    )


def test_effects_that_vary_no_more_than_chance_are_no_history() -> None:
    same = [past(f"e{n}", "x", effect=0.01 + n * 1e-6, error=0.05) for n in range(6)]
    found = effect_history(same, surface="home", metric="saves_7d")
    assert isinstance(found, Unknown)
    assert found.code == "no_variation"


def test_experiments_without_an_error_or_of_another_metric_do_not_enter_the_history() -> None:
    rows = [
        *(past(f"e{n}", "x", effect=effect, error=0.001) for n, effect in enumerate((0.01, -0.02, 0.03))),
        past("no-error", "x", effect=0.5),
        past("other", "x", effect=0.5, error=0.001, primary="streams_7d"),
        past("elsewhere", "x", effect=0.5, error=0.001, surface="search"),
    ]
    found = effect_history(rows, surface="home", metric="saves_7d")
    assert isinstance(found, EffectHistory)
    assert (found.n, found.largest, found.largest_in) == (3, 0.03, "e2")


def simulated(n: int, *, sd: float, error: float, seed: int) -> EffectHistory:
    draw = random.Random(seed)
    rows = [past(f"e{k:03}", "x", effect=draw.gauss(draw.gauss(0, sd), error), error=error) for k in range(n)]
    found = effect_history(rows, surface="home", metric="saves_7d")
    assert isinstance(found, EffectHistory)
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_typical_effect_is_the_true_one_not_the_measured_one(seed: int) -> None:
    # True effects of 1 %, measured with an error of 2 %: what is measured is typically 2.2 %.
    history = simulated(400, sd=0.01, error=0.02, seed=seed)
    assert 0.005 < history.typical < 0.015
    assert abs(history.largest) > 0.04
    assert expected_effect(history) == pytest.approx(history.typical, rel=0.06)


def row(**figures: object) -> dict[str, object]:
    return {"metric": "saves_7d", "role": "primary", "variant": "treatment", **figures}


def test_a_large_measured_effect_is_shrunk_towards_the_history_and_never_beyond_it() -> None:
    history = simulated(200, sd=0.01, error=0.005, seed=3)
    found = row(relative_effect=0.08, relative_ci_lower=0.04, relative_ci_upper=0.12, critical=2.0)
    (expected,) = expected_effects({"metrics": [found]}, history)
    assert history.prior.mean < expected["mean"] < 0.08
    assert expected["lower"] < expected["mean"] < expected["upper"]


def test_nothing_is_expected_of_an_effect_without_an_interval() -> None:
    history = simulated(50, sd=0.01, error=0.005, seed=4)
    without = row(relative_effect=0.08, relative_ci_lower=None, relative_ci_upper=0.12, critical=2.0)
    assert expected_effects({"metrics": [without]}, history) == []
    assert expected_effects({"metrics": [without]}, Unknown(code="x", reason="y")) == []
