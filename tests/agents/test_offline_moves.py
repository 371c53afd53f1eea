"""Movements in words: which way a number goes, and what is asked where words and number contradict each other."""

import pytest

from counterpoint.agents import Missing, Outcome, plan_offline
from counterpoint.config import Surface


@pytest.mark.parametrize(
    ("change", "arm"),
    [
        ("Increase the podcast cards by half.", {"podcasts.max_items": 12}),
        ("Podcast cards up by half.", {"podcasts.max_items": 12}),
        ("Cut the podcast cards by half.", {"podcasts.max_items": 4}),
        ("Fewer podcast cards: five instead of eight.", {"podcasts.max_items": 5}),
        ("More podcast cards: eleven instead of eight.", {"podcasts.max_items": 11}),
    ],
)
def test_a_number_goes_the_way_that_its_verb_says(home: Surface, change: str, arm: dict[str, int]) -> None:
    assert plan_offline(f"{change} Podcast starters +2 %.", home).arms == (arm,)


@pytest.mark.parametrize(
    "change",
    [
        "Fewer podcast cards: eleven instead of eight.",
        "More podcast cards: five instead of eight.",
        "Moods up to 5, podcasts down to 8.",
    ],
)
def test_a_number_that_goes_the_other_way_or_nowhere_is_asked_about(home: Surface, change: str) -> None:
    plan = plan_offline(f"{change} Podcast minutes +2 %.", home)
    assert plan.outcome is Outcome.CLARIFY
    assert set(plan.missing) <= {Missing.VALUE, Missing.CHANGE}


def test_what_becomes_longer_beside_the_change_is_no_movement_of_it(home: Surface) -> None:
    text = "No more stale pages, cache off. Latency gets worse at p95."
    assert plan_offline(text, home).arms == ({"loading.cache_ttl_s": 0},)


def test_a_text_that_begins_with_show_people_names_no_listeners_of_shows(home: Surface) -> None:
    plan = plan_offline("Show people nothing they have heard before. Saves per user +2 %.", home)
    assert (plan.arms, plan.audience) == (({"filtering.hide_already_played": True},), "true")
