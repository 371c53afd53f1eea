import asyncio

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.content import Viewer, unavailability
from counterpoint.explain import capsule_of, decode_capsule, encode_capsule, replay
from counterpoint.pages import (
    FIRST_RULE,
    HOME,
    SELECTION_RULES,
    SHOWN,
    History,
    MemoryHistory,
    kit_of,
    page_document,
    serve_page,
    serve_recorded,
    tally,
)
from counterpoint.vocabulary import canonical_json
from pages.page_world import BASELINE, CATALOGUE, GENRES, NOW, NOW_S, FakeConfig, a_request, a_world

IDS = [item.id for item in CATALOGUE.items]
VALUES = {
    "layout.max_shelves": st.integers(4, 24),
    "layout.shortcuts_count": st.integers(0, 8),
    "layout.mood_shelf_position": st.integers(1, 12),
    "layout.charts_shelf_position": st.integers(1, 12),
    "layout.hero_style": st.sampled_from(["none", "banner", "video"]),
    "podcasts.shelf_position": st.integers(1, 12),
    "podcasts.max_items": st.integers(3, 20),
    "podcasts.ranker": st.sampled_from(["popularity", "follow_recency", "als"]),
    "podcasts.show_progress": st.booleans(),
    "ranking.model": st.sampled_from(["popularity", "als", "als_diverse", "sequence"]),
    "ranking.exploration_rate": st.floats(0, 0.3),
    "ranking.diversity_lambda": st.floats(0, 1),
    "ranking.recency_half_life_days": st.floats(1, 90),
    "ranking.max_per_artist": st.integers(1, 10),
    "filtering.repeat_window_hours": st.integers(0, 168),
    "filtering.hide_explicit": st.booleans(),
    "filtering.min_popularity": st.integers(0, 100),
    "filtering.hide_already_played": st.booleans(),
    "jump_back_in.enabled": st.booleans(),
    "jump_back_in.max_items": st.integers(4, 20),
    "jump_back_in.lookback_days": st.integers(1, 90),
    "new_releases.shelf_position": st.integers(1, 12),
    "new_releases.max_age_days": st.integers(7, 90),
    "new_releases.followed_only": st.booleans(),
    "genrec.enabled": st.booleans(),
    "genrec.shelf_position": st.integers(1, 12),
    "genrec.prompt_style": st.sampled_from(["mood", "activity", "discovery"]),
    "loading.mode": st.sampled_from(["full", "progressive", "paged"]),
    "loading.first_fold_shelves": st.integers(1, 8),
    "visual.show_explanations": st.booleans(),
}
configs = st.fixed_dictionaries({}, optional=VALUES)
contexts = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["SE", "DE"]),
        "plan": st.sampled_from(["free", "premium"]),
        "age_band": st.sampled_from(["13-17", "25-34"]),
        "hour_of_day": st.integers(0, 23),
        "top_genre": st.sampled_from([name.casefold() for name in GENRES]),
    },
)


@st.composite
def histories(draw):
    items = draw(st.lists(st.sampled_from(IDS), max_size=25))
    shown = draw(st.lists(st.sampled_from(IDS), max_size=15))
    return History(
        plays=tuple((item, NOW_S - 40_000.0 * (k + 1)) for k, item in enumerate(items)),
        shown={item: NOW_S - 30_000.0 * (k + 1) for k, item in enumerate(shown)},
        follows=frozenset(draw(st.lists(st.sampled_from(["Artist 3", "podcast:002"]), max_size=2))),
        blocked=frozenset(draw(st.lists(st.sampled_from(IDS), max_size=5))),
    )


def served(values, context, history, seed=3):
    config = FakeConfig(values)
    world = a_world(history=MemoryHistory({"u1": history}))
    page = asyncio.run(serve_page(a_request(context=context, seed=seed), config, world))
    return page, config


@settings(max_examples=25, deadline=None)
@given(values=configs, context=contexts, history=histories(), seed=st.integers(0, 5))
def test_every_candidate_ends_shown_removed_or_below_the_cut(values, context, history, seed):
    page, _ = served(values, context, history, seed)
    trace = page.trace
    shown = [CATALOGUE.row_of[card.item] for shelf in page.shelves for card in shelf.cards]
    assert sorted(trace.rows[trace.fates == SHOWN].tolist()) == sorted(shown)
    assert int(trace.fates.max(initial=0)) < FIRST_RULE + len(trace.rules)
    assert sum(sum(counts.values()) for counts in tally(trace).values()) == len(trace.rows)
    # What some filter would remove is removed, and by a filter.
    n_filters = len(trace.rules) - len(SELECTION_RULES)
    by_filter = (trace.fates >= FIRST_RULE) & (trace.fates < FIRST_RULE + n_filters)
    assert np.array_equal(by_filter, trace.dropped > 0)


@settings(max_examples=25, deadline=None)
@given(values=configs, context=contexts, history=histories(), data=st.data())
def test_two_arms_run_alike_up_to_the_first_read_of_what_tells_them_apart(values, context, history, data):
    parameter = data.draw(st.sampled_from(sorted(VALUES)))
    arm = {**values, parameter: data.draw(VALUES[parameter])}
    control, treated = {**BASELINE, **values}, {**BASELINE, **arm}
    one, one_config = served(control, context, history)
    two, two_config = served(treated, context, history)
    before = [[(read.parameter, read.value) for read in config.reads] for config in (one_config, two_config)]
    cut = [next((k for k, (key, _) in enumerate(reads) if key == parameter), None) for reads in before]
    assert cut[0] == cut[1]
    assert before[0][: cut[0]] == before[1][: cut[1]]
    if cut[0] is None:
        assert page_document(one) == page_document(two)


@settings(max_examples=25, deadline=None)
@given(values=configs, context=contexts, history=histories())
def test_a_page_is_never_empty_and_positions_run_from_one(values, context, history):
    page, _ = served(values, context, history)
    assert page.shelves
    assert [shelf.position for shelf in page.shelves] == list(range(1, len(page.shelves) + 1))
    assert all(
        [card.position for card in shelf.cards] == list(range(1, len(shelf.cards) + 1)) for shelf in page.shelves
    )


@settings(max_examples=20, deadline=None)
@given(values=configs, context=contexts, history=histories(), seed=st.integers(0, 2**63))
def test_a_replay_has_the_bytes_of_the_page(values, context, history, seed):
    world = a_world(history=MemoryHistory({"u1": history}))
    kit = kit_of(world, HOME)
    request = a_request(context=context, seed=seed)
    page, inputs = asyncio.run(serve_recorded(request, FakeConfig(values), world))
    again = replay(decode_capsule(encode_capsule(capsule_of(page, inputs, kit))), kit)
    assert canonical_json(page_document(again)) == canonical_json(page_document(page))


@settings(max_examples=20, deadline=None)
@given(values=configs, context=contexts, history=histories())
def test_no_card_breaks_a_policy_that_content_declares(values, context, history):
    page, _ = served(values, context, history)
    age = context.get("age_band")
    viewer = Viewer(
        now=NOW,
        market=context.get("country"),
        tier="premium" if context.get("plan") == "premium" else "free",
        hide_explicit=values.get("filtering.hide_explicit", False) or age == "13-17",
        takedowns={"track:00011"},
    )
    shown = [CATALOGUE.item(card.item) for shelf in page.shelves for card in shelf.cards]
    assert not [item.id for item in shown if unavailability(item, viewer)]
    assert age is not None or not any(item.explicit for item in shown)
    assert not history.blocked & {item.id for item in shown}
