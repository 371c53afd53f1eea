"""How many and how long, in words: shares of the users that a text names, and times that are not an arm's value."""

import pytest

from counterpoint.agents import plan_offline
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import read_hypothesis
from counterpoint.config import Surface


@pytest.mark.parametrize(
    ("said", "share"),
    [
        ("on 7.5 % of the students", 0.075),
        ("at an eighth of the premium base", 0.125),
        ("in a quarter of the desktop audience", 0.25),
        ("for 12 % of the country, Sweden", 0.12),
        ("a fifth of everybody", 0.2),
        ("on no more than 3 % of them, free users in Brazil", 0.03),
        ("with a 60 % share", 0.6),
    ],
)
def test_a_share_of_the_users_that_are_named_is_the_share_that_enters(home: Surface, said: str, share: float) -> None:
    reading = read_hypothesis(f"Larger covers, {said}. CTR +1 %.", home, default_lexicon())
    assert reading.schedule.allocation == pytest.approx(share)


@pytest.mark.parametrize("said", ["80 % of those impressions yield nothing", "a fifth of the covers look dull"])
def test_a_share_of_something_else_is_none_that_enters(home: Surface, said: str) -> None:
    reading = read_hypothesis(f"Larger covers, for {said}. CTR +1 %.", home, default_lexicon())
    assert reading.schedule.allocation is None


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Three weeks for the larger covers. CTR +1 %.", 21),
        ("Larger covers, a month of 30 days. CTR +1 %.", 30),
        ("Larger covers. One week on one per cent. CTR +1 %.", 7),
        ("Ignored items stay away for two days. CTR +1 %, three weeks.", 21),
        ("Let repeats rest for three days. CTR +1 %.", None),
    ],
)
def test_a_time_is_the_duration_or_a_value_and_never_both(home: Surface, text: str, days: int | None) -> None:
    plan = plan_offline(text, home)
    assert plan.days == days
    assert ("days" in plan.provenance) == (days is not None)
