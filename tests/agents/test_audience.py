"""Audiences in words, as CEL that selects the same users."""

import pytest

from counterpoint.agents import Outcome, RejectReason, plan_offline
from counterpoint.agents.equivalence import same_audience
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.agents.offline.planner import read_hypothesis
from counterpoint.config import Surface

CHANGE = "move the podcast shelf to second place; podcast minutes +2 %."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Larger covers. Family plan out. CTR +1 %.", 'plan != "family"'),
        ("Larger covers. CTR +1 %. Desktop gets left out, they rebuild the player.", 'platform != "desktop"'),
        ("Larger covers, two per cent of wifi. CTR +1 %.", 'network == "wifi"'),
        ("Larger covers for 1 % of users over five days on Android. CTR +1 %.", 'platform == "android"'),
        ("Larger covers at any hour before six in the evening. CTR +1 %.", "hour_of_day < 18"),
        ("Larger covers. More people stay with us to day 7, half a percentage point.", "true"),
        ("Benelux out, everyone else in: larger covers. CTR +1 %.", '!(country in ["BE", "NL", "LU"])'),
        ("Larger covers | web | CTR +1 %", 'platform == "web"'),
        ("Larger covers for users without any session in 28 days. CTR +1 %.", "sessions_28d == 0"),
        (
            "Larger covers for visitors with one or two sessions in 28 days. CTR +1 %.",
            "1 <= sessions_28d && sessions_28d <= 2",
        ),
        ("Larger covers on wifi; time to first play no later than 0.2 s more. CTR +1 %.", 'network == "wifi"'),
        ("A floor of 6 h; 18 h. Users with 20 sessions or fewer in 28 days. CTR +1 %.", "sessions_28d <= 20"),
    ],
)
def test_notes_in_few_words_select_the_users_they_name(home: Surface, text: str, expected: str) -> None:
    reading = read_hypothesis(text, home, default_lexicon())
    assert same_audience(home, reading.audience.expression(home), expected)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Everyone:", "true"),
        ("For premium listeners in Sweden,", 'country == "SE" && plan == "premium"'),
        ("For Swedish and Danish users,", 'country in ["SE", "DK"]'),
        ("For users in the US,", 'country == "US"'),
        ("For everyone outside the DACH region,", '!(country in ["DE", "AT", "CH"])'),
        ("For all but students,", 'plan != "student"'),
        ("For paying users on phones,", 'plan != "free" && platform in ["ios", "android"]'),
        ("For people who use the app in Portuguese,", 'locale.startsWith("pt")'),
        ("For rap and rock fans on wifi,", 'top_genre in ["rap", "rock"] && network == "wifi"'),
        ("Before 9 am,", "hour_of_day < 9"),
        ("Between 10 pm and 6 am,", "hour_of_day >= 22 || hour_of_day < 6"),
        ("For accounts older than a year,", "tenure_days > 365"),
        ("In their first 30 days,", "tenure_days < 30"),
        ("For listeners with at least 10 sessions in the last 28 days,", "sessions_28d >= 10"),
        ("From app version 9.2 on,", 'app_version >= "9.2.0"'),
        ("For those who never play podcasts,", "!listens_podcasts"),
    ],
)
def test_words_select_the_users_they_name(home: Surface, words: str, expected: str) -> None:
    plan = plan_offline(f"{words} {CHANGE}", home)
    assert plan.outcome is Outcome.PLAN, plan.explanation
    assert same_audience(home, plan.audience, expected), plan.audience


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("For teenagers,", RejectReason.SENSITIVE_AUDIENCE),
        ("For 18-24 year olds,", RejectReason.SENSITIVE_AUDIENCE),
        ("For users under 25,", RejectReason.SENSITIVE_AUDIENCE),
        ("For women,", RejectReason.UNKNOWN_ATTRIBUTE),
        ("For listeners in Munich,", RejectReason.UNKNOWN_ATTRIBUTE),
        ("On weekends,", RejectReason.UNKNOWN_ATTRIBUTE),
    ],
)
def test_users_that_may_not_or_cannot_be_targeted_are_refused(home: Surface, words: str, reason: RejectReason) -> None:
    plan = plan_offline(f"{words} {CHANGE}", home)
    assert (plan.outcome, plan.reason) == (Outcome.REJECT, reason)


@pytest.mark.parametrize(
    "words", ["For heavy listeners,", "In some markets,", "For new users,", "On older app versions,"]
)
def test_users_without_a_threshold_or_a_list_are_asked_about(home: Surface, words: str) -> None:
    plan = plan_offline(f"{words} {CHANGE}", home)
    assert plan.outcome is Outcome.CLARIFY
    assert [str(m) for m in plan.missing] == ["audience"]
    assert plan.question is not None
