"""Words that change what a hypothesis means: none of these may be planned as if they were not there."""

import pytest

from counterpoint.agents import plan_offline
from counterpoint.agents.plan import Outcome
from counterpoint.config import Surface

NEVER_PLANNED = [
    "Large cards on iOS, small cards on Android; CTR +1%.",
    "10 shelves for iOS and 14 for Android; scroll depth +2%.",
    "Prefetch on wifi only, cache 5 minutes on cellular; page load -5%.",
    "Exploration at 5 % and 10 %, with captions off in the second arm; discovery +1%.",
    "Exploration between 0.05 and 0.1; discovery +2%.",
    "Mood shelf first, then charts; session length +1%.",
    "Show explanations only on the mood shelf; CTR +1%.",
    "Bigger cards on the podcast shelf; podcast minutes +2%.",
    "Raise the cache TTL to 2 minutes, unless load time is already fine; load time -2%.",
    "Retention should not rise but CTR should, with large cards.",
    "Large cards will not increase CTR by 1%.",
    "We doubt that large cards raise CTR.",
    "Large cards: either CTR or saves should go up.",
    "Larger covers and a blue background; CTR +1%.",
    "Larger covers with rounded corners; CTR +1%.",
    "Large cards with the artist's face cut out, CTR +1 %.",
    "Podcast shelf to 2 and rename it to Shows; podcast minutes +1%.",
    "Move the podcast and audiobook shelves to 2; podcast minutes +1%.",
    "10 cards per shelf; CTR +1%.",
    "Show 12 albums on the new releases shelf; saves +1%.",
    "Larger covers for our most valuable customers. CTR +1 %.",
    "Podcast shelf to 3 for subscribers who pay by voucher; podcast minutes +2 %.",
    "Mood shelf at 2 in our strategic territories. Session length +1%.",
    "12 podcast cards for people without playlists; podcast starters +1 %.",
    "12 podcast cards for users with at least one podcast play in the last seven days; podcast minutes +1 %.",
    "The charts shelf was moved to position 2 by us in spring. CTR rose by 1 %.",
    "Captions off, Home or Search (not decided). CTR +1 %.",
    "Should the queue view get bigger covers? Saves +1 %.",
    "Larger covers, CTR on the mood shelf +1 %.",
    "Prefetch on, users report fewer complaints on social media, -5 %.",
    "Larger cards, but only where captions are already hidden. CTR +1 %.",
    "Releases of the last 60 days count as new and stand second. Saves +1 %.",
    "Cache pages for longer, that is 20 seconds instead of 60; load time -3 %.",
    "Diversity to 0.4, in Spain, Portugal and Latin America. New artists +3 %.",
    "For those who joined this week, hide jump back in. Day 7 retention +1 pp.",
    "Users in their second week: hide jump back in. Retention +1 pp.",
    "Large cards for users under 18 years. CTR +1 %.",
    "Users who asked for their money back should get eight shortcuts. Retention +1 %.",
]


def test_the_bound_of_a_wait_is_what_the_wait_is_set_to(home: Surface) -> None:
    plan = plan_offline("Wait no more than 100 ms for the generated shelf. Load time falls.", home)
    assert plan.arms == ({"genrec.timeout_ms": 100, "genrec.enabled": True},)


@pytest.mark.parametrize("text", NEVER_PLANNED)
def test_what_changes_the_meaning_is_not_read_over(home: Surface, text: str) -> None:
    assert plan_offline(text, home).outcome is not Outcome.PLAN


@pytest.mark.parametrize(
    ("text", "audience"),
    [
        ("Large cards unless the user is on cellular; CTR +1%.", 'network != "cellular"'),
        ("Large cards only if the user is on wifi; CTR +1%.", 'network == "wifi"'),
        ("Large cards for everyone but students; CTR +1%.", 'plan != "student"'),
        ("Progressive loading but not on web; load time -10%.", 'platform != "web"'),
        ("12 podcast cards for podcast non-listeners; podcast starters +1 %.", "!listens_podcasts"),
        ("12 podcast cards for people without a podcast play in the last 28 days; CTR +1 %.", "!listens_podcasts"),
    ],
)
def test_who_is_left_out_is_left_out(home: Surface, text: str, audience: str) -> None:
    plan = plan_offline(text, home)
    assert (plan.outcome, plan.audience) == (Outcome.PLAN, audience)


def test_what_is_asked_for_now_is_planned_without_what_was_done_before(home: Surface) -> None:
    plan = plan_offline("We removed captions on Android last year. Now: compact layout on web, CTR +1 %.", home)
    assert ([dict(arm) for arm in plan.arms], plan.audience) == ([{"layout.density": "compact"}], 'platform == "web"')


def test_keys_of_the_catalogue_are_read_as_they_are_written(home: Surface) -> None:
    plan = plan_offline("Set `loading.mode` = `paged`, `loading.first_fold_shelves` = 4; `home_ctr` +1 %.", home)
    assert [dict(arm) for arm in plan.arms] == [{"loading.mode": "paged", "loading.first_fold_shelves": 4}]


def test_typing_errors_and_compounds_do_not_widen_the_audience(home: Surface) -> None:
    plan = plan_offline("Podcast shelf to positon 2 for premium users in Germny, sesion length +1 %.", home)
    assert plan.audience == 'country == "DE" && plan == "premium"'
    assert plan.primary == "session_minutes"


@pytest.mark.parametrize(
    ("text", "arms"),
    [
        (
            "Captions off, once on its own and once together with small cards. CTR +1 %.",
            [{"visual.show_captions": False}, {"visual.show_captions": False, "visual.card_size": "small"}],
        ),
        (
            "Prefetch in one arm, a cache of 120 seconds in another, both in a third. p95 load time -5 %.",
            [
                {"loading.prefetch_next": True},
                {"loading.cache_ttl_s": 120},
                {"loading.prefetch_next": True, "loading.cache_ttl_s": 120},
            ],
        ),
        (
            "Shortcuts: one group gets none, another gets three. Time to first play falls.",
            [{"layout.shortcuts_count": 0}, {"layout.shortcuts_count": 3}],
        ),
        ("Three podcast cards fewer. Podcast minutes fall by 2 %.", [{"podcasts.max_items": 5}]),
        (
            "One group has no more shortcuts, another gets three. Time to first play falls.",
            [{"layout.shortcuts_count": 0}, {"layout.shortcuts_count": 3}],
        ),
        ("Podcast shelf up by two. Podcast minutes +4 %.", [{"podcasts.shelf_position": 4}]),
        ("The longest cache lifetime there is. Load time -10 %.", [{"loading.cache_ttl_s": 900}]),
        ("As few shelves as possible. Time to first play -5 %.", [{"layout.max_shelves": 4}]),
        (
            "Let the mood shelf and the charts shelf trade places. CTR +1 %.",
            [{"layout.mood_shelf_position": 9, "layout.charts_shelf_position": 8}],
        ),
        ("Half the cache lifetime, twice as fresh. CTR +0.5 %.", [{"loading.cache_ttl_s": 30}]),
        ("Ten days with the new releases shelf on top; saves +2 %.", [{"new_releases.shelf_position": 1}]),
        ("Give every tenth slot to exploration. New artists +5 %.", [{"ranking.exploration_rate": 0.1}]),
    ],
)
def test_arms_said_in_parallel_by_degree_or_as_a_step_are_the_arms_meant(
    home: Surface, text: str, arms: list[dict[str, object]]
) -> None:
    plan = plan_offline(text, home)
    assert plan.outcome is Outcome.PLAN, plan.explanation
    assert sorted(map(str, (dict(sorted(a.items())) for a in plan.arms))) == sorted(
        str(dict(sorted(a.items()))) for a in arms
    )
