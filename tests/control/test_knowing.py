"""What ended experiments found is there for the next one: cited, searched, and used to size it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from counterpoint.bootstrap import Platform
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.orchestration import Learning
from live_platform import START, live_platform, spec


def learning(n: int, effect: float, *, error: float = 0.004) -> Learning:
    key = f"podcasts-{n}"
    row: dict[str, Any] = {
        "metric": "podcast_starters_7d",
        "role": "primary",
        "variant": "treatment",
        "relative_effect": effect,
        "relative_ci_lower": effect - 2 * error,
        "relative_ci_upper": effect + 2 * error,
        "critical": 2.0,
    }
    return Learning(
        experiment=key,
        surface="home",
        hypothesis="Podcasts further up get more listeners to play one.",
        outcome="shipped" if effect > 0 else "rolled_back",
        reasons=("because",),
        spec=spec(key=key),
        scorecard={"scorecard": {"metrics": [row]}, "decision": {}},
        at=START + timedelta(days=n),
    )


@pytest.fixture
def platform(tmp_path: Path):
    with live_platform(tmp_path) as (opened, _):
        for n, effect in enumerate((0.03, -0.01, 0.05, 0.002, -0.03)):
            opened.control.desk.world.learn(learning(n, effect))
        yield opened


def test_past_experiments_are_found_by_words_with_what_they_found(platform: Platform) -> None:
    found = platform.control.search_past("podcast shelf up", surface="home", metric="podcast_starters_7d", limit=2)
    assert found["n_past"] == 5
    assert len(found["experiments"]) == 2
    assert found["history"]["n"] == 5
    assert 0.01 < found["history"]["typical"] < 0.06
    everywhere = platform.control.search_past("podcasts")
    assert len(everywhere["experiments"]) == 5


def test_a_metric_without_a_history_says_so(platform: Platform) -> None:
    found = platform.control.search_past("saves", surface="home", metric="saves_7d")
    assert found["history"]["reason"]["code"] == "too_few_experiments"


def test_a_plan_cites_what_was_tried_before(platform: Platform) -> None:
    text = "Podcasts in second place get 5 % more listeners to play a podcast."
    proposal = platform.control.plan(text, surface="home", owner="maria")
    cited = proposal["past"][0]
    assert cited["relative_effect"] is not None
    assert any("podcasts.shelf_position" in each for each in cited["because"])


def test_a_plan_without_a_size_looks_for_what_history_lets_expect(platform: Platform) -> None:
    text = "Podcasts in second place get more listeners to play a podcast."
    proposal = platform.control.plan(text, surface="home", owner="maria")
    expected = platform.control.search_past("x", surface="home", metric="podcast_starters_7d")["history"]["typical"]
    assert proposal["plan"]["mde"] is None
    assert proposal["spec"]["metrics"]["primary"]["mde"] == pytest.approx(expected, rel=0.06)
    assert proposal["plan"]["provenance"]["metrics.primary.mde"]["source"] == "past_experiment"


@pytest.mark.parametrize(
    ("asked", "error", "code"),
    [
        ({"words": "", "surface": "home"}, InvalidInput, "nothing_to_search"),
        ({"words": "x", "limit": 0}, InvalidInput, "bad_limit"),
        ({"words": "x", "surface": "attic"}, NotFound, "unknown_surface"),
    ],
)
def test_a_search_that_cannot_be_answered_is_refused(platform: Platform, asked, error, code) -> None:
    with pytest.raises(error) as refused:
        platform.control.search_past(**asked)
    assert refused.value.code == code
