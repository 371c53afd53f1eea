"""Values and arms in words: what a number, a place, a label or an idiom makes of the dial it stands with."""

from typing import Any

import pytest

from counterpoint.agents import plan_offline
from counterpoint.agents.plan import Outcome
from counterpoint.config import Surface

GOAL = " Saves per user +2 %."
ONE_ARM: list[tuple[str, dict[str, Any]]] = [
    # A step, a factor or a portion of what it is today.
    ("Cut the number of shelves in two.", {"layout.max_shelves": 6}),
    ("Half as many shelves again as today.", {"layout.max_shelves": 18}),
    ("Twelve shelves are two too many.", {"layout.max_shelves": 10}),
    ("Add 0.3 to the diversity weight.", {"ranking.diversity_lambda": 0.5}),
    ("Generated shelf on, with half the usual deadline.", {"genrec.enabled": True, "genrec.timeout_ms": 125}),
    ("Jump back in only remembers a month. Make it two.", {"jump_back_in.lookback_days": 60}),
    # A number that counts nothing of the kind.
    ("No more than two cards of one artist on a shelf.", {"ranking.max_per_artist": 2}),
    ("No artist more than twice on a shelf.", {"ranking.max_per_artist": 2}),
    # Places: steps, ends, another part's.
    ("Two rows further down with the charts.", {"layout.charts_shelf_position": 11}),
    ("The charts are in the way. Push that shelf as far down as it will go.", {"layout.charts_shelf_position": 12}),
    ("The mood shelf right below the first shelf.", {"layout.mood_shelf_position": 2}),
    ("Swap the moods and the charts.", {"layout.mood_shelf_position": 9, "layout.charts_shelf_position": 8}),
    # Bounds.
    ("Give people the fewest shelves the page allows.", {"layout.max_shelves": 4}),
    ("Exploration at its ceiling.", {"ranking.exploration_rate": 0.3}),
    # What a dial does, said without its name.
    ("Large artwork and nothing written underneath.", {"visual.card_size": "large", "visual.show_captions": False}),
    ("Have the next page ready before anybody needs it.", {"loading.prefetch_next": True}),
    ("Show people nothing they have heard before.", {"filtering.hide_already_played": True}),
]
ARMS: list[tuple[str, list[dict[str, Any]]]] = [
    (
        "One: the compact spacing. Two: the same, and four more shelves.",
        [{"layout.density": "compact"}, {"layout.density": "compact", "layout.max_shelves": 16}],
    ),
    (
        "Three arms: compact spacing; sixteen shelves; the two together.",
        [
            {"layout.density": "compact"},
            {"layout.max_shelves": 16},
            {"layout.density": "compact", "layout.max_shelves": 16},
        ],
    ),
    (
        "Generated shelf on, at the very top, against generated shelf on, in fifth place.",
        [{"genrec.enabled": True, "genrec.shelf_position": p} for p in (1, 5)],
    ),
    (
        "The sequence model as it is, and the sequence model with a half-life of one week.",
        [{"ranking.model": "sequence"}, {"ranking.model": "sequence", "ranking.recency_half_life_days": 7}],
    ),
    (
        "Try every other music ranker that we have.",
        [{"ranking.model": m} for m in ("popularity", "als_diverse", "sequence")],
    ),
    (
        "Diversity all the way down in one arm, all the way up in the other.",
        [{"ranking.diversity_lambda": v} for v in (0, 1)],
    ),
    (
        "The charts go to eighth place for one group, to tenth for another.",
        [{"layout.charts_shelf_position": p} for p in (8, 10)],
    ),
]
ASKED = [
    "Order the podcasts in some other way than by popularity.",
    "Switch jump back in off and put sixteen cards on it.",
    "Shorten the repeat window from 24 to 36 hours.",
]


@pytest.mark.parametrize(("text", "arm"), ONE_ARM)
def test_a_value_in_words_is_the_value_meant(home: Surface, text: str, arm: dict[str, Any]) -> None:
    assert plan_offline(text + GOAL, home).arms == (arm,)


@pytest.mark.parametrize(("text", "arms"), ARMS)
def test_arms_told_one_by_one_are_the_arms_meant(home: Surface, text: str, arms: list[dict[str, Any]]) -> None:
    plan = plan_offline(text + GOAL, home)
    assert sorted(map(sorted, (a.items() for a in plan.arms))) == sorted(map(sorted, (a.items() for a in arms)))


@pytest.mark.parametrize("text", ASKED)
def test_a_change_that_contradicts_itself_or_lacks_its_value_is_asked_about(home: Surface, text: str) -> None:
    assert plan_offline(text + GOAL, home).outcome is Outcome.CLARIFY
