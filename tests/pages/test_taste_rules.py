import asyncio
from dataclasses import replace

import numpy as np

from counterpoint.pages import HOME, History, Inputs, MemoryHistory, serve_page
from counterpoint.pages.home.taste import AlreadyPlayed, FollowedOnly, PopularityFloor, ReleaseAge, RepeatWindow
from counterpoint.pages.visit import Visit
from pages.page_world import CATALOGUE, INDEX, NOW_S, FakeConfig, a_request, a_world

HOUR_S = 3600.0
IDS = [item.id for item in CATALOGUE.items]
ROWS = np.array([40, 41, 42, 43])


def judged(rule, history=History(), rows=ROWS, **values):  # noqa: B008 - frozen
    config = FakeConfig({key.replace("__", "."): value for key, value in values.items()})
    visit = Visit(request=a_request(), config=config, inputs=Inputs(history=history), index=INDEX, rankers={})
    codes = rule.judge(visit, rows)
    removed = [] if codes is None else rows[codes != 0].tolist()
    return removed, {read.parameter for read in config.reads}


def test_what_was_shown_an_hour_ago_is_held_back_and_what_was_shown_yesterday_is_not():
    history = History(shown={IDS[40]: NOW_S - HOUR_S, IDS[41]: NOW_S - 30 * HOUR_S})
    assert judged(RepeatWindow(), history)[0] == [40]
    assert judged(RepeatWindow(), history, filtering__repeat_window_hours=48)[0] == [40, 41]
    assert judged(RepeatWindow(), history, filtering__repeat_window_hours=0)[0] == []


def test_what_was_played_after_it_was_shown_is_not_held_back():
    shown = {IDS[40]: NOW_S - 2 * HOUR_S, IDS[41]: NOW_S - 2 * HOUR_S}
    plays = ((IDS[40], NOW_S - HOUR_S), (IDS[41], NOW_S - 9 * HOUR_S), (IDS[40], NOW_S - 10 * HOUR_S))
    assert judged(RepeatWindow(), History(shown=shown, plays=plays))[0] == [41]


def test_the_repeat_window_is_not_read_when_no_candidate_was_shown_without_being_played():
    history = History(shown={IDS[40]: NOW_S - 2 * HOUR_S, IDS[9]: NOW_S}, plays=((IDS[40], NOW_S - HOUR_S),))
    assert judged(RepeatWindow(), history) == ([], set())


def test_hiding_played_items_is_read_only_where_a_candidate_was_played():
    key = {"filtering__hide_already_played": True}
    assert judged(AlreadyPlayed(), History(plays=((IDS[9], NOW_S),)), **key) == ([], set())
    assert judged(AlreadyPlayed(), History(plays=((IDS[43], NOW_S),)), **key)[0] == [43]
    assert judged(AlreadyPlayed(), History(plays=((IDS[43], NOW_S),))) == ([], {"filtering.hide_already_played"})


def test_unknown_popularity_passes_the_floor():
    unknown = np.flatnonzero(np.isnan(INDEX.popularity))
    assert unknown.size
    assert judged(PopularityFloor(), rows=unknown, filtering__min_popularity=100)[0] == []


def test_the_floor_itself_is_popular_enough():
    rows = np.flatnonzero((INDEX.popularity >= 9) & (INDEX.popularity <= 11))
    removed, _ = judged(PopularityFloor(), rows=rows, filtering__min_popularity=10)
    assert set(INDEX.popularity[removed].tolist()) == {9.0}


def test_releases_older_than_the_limit_are_not_new():
    rows = INDEX.newest[:80]
    removed, _ = judged(ReleaseAge(), rows=rows, new_releases__max_age_days=30)
    ages = (NOW_S - INDEX.released_at[rows]) / 86_400
    assert removed == rows[ages > 30].tolist()
    assert removed


def test_followed_only_is_not_read_when_every_artist_is_followed():
    followed = INDEX.by_artist["Artist 3"]
    history = History(follows=frozenset({"Artist 3"}))
    assert judged(FollowedOnly(), history, followed, new_releases__followed_only=True) == ([], set())
    mixed = np.concatenate([followed, INDEX.by_artist["Artist 4"]])
    removed, _ = judged(FollowedOnly(), history, mixed, new_releases__followed_only=True)
    assert removed == INDEX.by_artist["Artist 4"].tolist()


def test_a_shelf_that_stands_alone_reads_no_position():
    alone = replace(HOME, shelves=tuple(shelf for shelf in HOME.shelves if shelf.key == "podcasts"))
    config = FakeConfig()
    page = asyncio.run(serve_page(a_request(), config, a_world(), alone))
    assert [shelf.key for shelf in page.shelves] == ["podcasts"]
    assert not {read.parameter for read in config.reads} & {"podcasts.shelf_position", "layout.max_shelves"}


def test_progress_is_read_only_where_a_shown_episode_was_begun():
    def reads(progress):
        config = FakeConfig()
        world = a_world(history=MemoryHistory({"u1": History(progress=progress)}))
        asyncio.run(serve_page(a_request(), config, world))
        return {read.parameter for read in config.reads}

    assert "podcasts.show_progress" in reads({"podcast:029": 0.5})
    assert "podcasts.show_progress" not in reads({"podcast:000": 0.5})
