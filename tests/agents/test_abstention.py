"""Readings that look complete are asked about when the text shows that they were misread."""

import pytest

from counterpoint.agents import Outcome, plan_offline
from counterpoint.config import Surface

ASKED = {
    "background": "We launched 30 results per page on phones last year. Now snippets on: result clicks +2 %.",
    "what is to come": "Next quarter we try 40 results per page. Snippets on: result clicks +2 %.",
    "taken back": "30 results per page, sorry, 25 results per page: result clicks +2 %.",
    "refused": "We would not show 30 results per page; result clicks +2 %.",
    "an arm left out": "Three arms: 30 results per page. Result clicks +2 %.",
    "another arm": "Snippets on in one arm, 30 results per page in another; result clicks +2 %.",
    "users unread": "30 results per page for early adopters. Result clicks +2 %.",
    "people unread": "Picky users: 30 results per page. Result clicks +2 %.",
    "users half read": "30 results per page for our most engaged phone users. Result clicks +2 %.",
    "governance": "30 results per page, result clicks +2 %; peek at it every day.",
    "another language": "30 results per page. Ergebnisse sollen schneller gefunden werden können. Result clicks +2 %.",
    "another script": "30 results per page. 点击率会上升。 Result clicks +2 %.",
}


@pytest.mark.parametrize("text", ASKED.values(), ids=ASKED.keys())
def test_a_sign_of_misreading_is_asked_about(search: Surface, text: str) -> None:
    plan = plan_offline(text, search)
    assert plan.outcome is Outcome.CLARIFY, plan
    assert plan.question


@pytest.mark.parametrize(
    "text",
    [
        "30 results per page, result clicks +2 %.",
        "30 results per page for phones, result clicks +2 %.",
        "If we showed 30 results per page, result clicks would rise by 2 %.",
        "Snippets on and 30 results per page, both together: result clicks +2 %.",
    ],
)
def test_the_same_change_said_plainly_is_planned(search: Surface, text: str) -> None:
    plan = plan_offline(text, search)
    assert plan.outcome is Outcome.PLAN, plan
    assert any(arm.get("results.per_page") == 30 for arm in plan.arms)


def test_what_a_pronoun_stands_for_is_not_passed_over(home: Surface) -> None:
    taken_away = plan_offline("Captions cost space. Without them people scroll deeper, by 4 %.", home)
    assert [dict(arm) for arm in taken_away.arms] == [{"visual.show_captions": False}]
    doubled = plan_offline("Prefetch saves time. Without it people scroll deeper, by 4 %.", home)
    assert doubled.outcome is Outcome.CLARIFY
