import numpy as np
import pytest

from counterpoint.pages import Inputs, Selection
from counterpoint.pages.layout import arrange
from counterpoint.pages.select import pick
from counterpoint.pages.visit import Visit
from pages.page_world import INDEX, FakeConfig, a_request

ROWS = INDEX.music[:40]
FALLING = 1.0 - np.arange(40) / 40


PLAIN = Selection()


def picks(selection=PLAIN, size=10, taken=frozenset(), rows=ROWS, scores=FALLING, seed=1, **values):
    config = FakeConfig({key.replace("__", "."): value for key, value in values.items()})
    visit = Visit(request=a_request(seed=seed), config=config, inputs=Inputs(), index=INDEX, rankers={})
    made = pick(visit, shelf="s", rows=rows, scores=scores, selection=selection, size=size, taken=set(taken))
    return made, {read.parameter for read in config.reads}


def test_the_best_scores_are_chosen_in_order():
    made, reads = picks()
    assert made.chosen == list(range(10))
    assert reads == set()


def test_what_stands_on_a_shelf_above_is_passed_over():
    made, _ = picks(taken={int(ROWS[0]), int(ROWS[3])})
    assert made.chosen == [1, 2, *range(4, 12)]
    assert set(made.passed_over) == {0, 3}


def test_no_artist_has_more_cards_than_the_cap():
    made, _ = picks(Selection(caps_artists=True), size=30, ranking__max_per_artist=1)
    artists = [artist for artist in INDEX.artist[ROWS[made.chosen]].tolist() if artist >= 0]
    assert len(artists) == len(set(artists))
    assert made.passed_over


def test_unknown_artists_are_not_capped_as_if_they_were_one():
    nameless = np.flatnonzero((INDEX.artist < 0) & (INDEX.popularity > 0))[:20]
    made, reads = picks(Selection(caps_artists=True), rows=nameless, scores=FALLING[: len(nameless)])
    assert len(made.chosen) == 10
    assert reads == set()


def test_exploration_is_not_read_when_every_candidate_has_a_slot():
    _, reads = picks(Selection(explores=True), size=40)
    assert "ranking.exploration_rate" not in reads


def test_exploration_fills_about_its_share_of_slots():
    explored = sum(
        len(set(picks(Selection(explores=True), seed=seed, ranking__exploration_rate=0.3)[0].chosen) - set(range(10)))
        for seed in range(300)
    )
    # 3,000 slots; a slot explores with 0.3 and lands among the ten best in a quarter of the cases, or a little more.
    assert 0.17 < explored / 3_000 < 0.25


def test_arms_that_explore_alike_draw_alike():
    one, _ = picks(Selection(explores=True), seed=4, ranking__exploration_rate=0.3)
    two, _ = picks(Selection(explores=True), seed=4, ranking__exploration_rate=0.3)
    assert one.chosen == two.chosen


def test_diversity_brings_less_like_cards_together():
    def likeness(weight):
        made, _ = picks(Selection(diversifies=True), ranking__diversity_lambda=weight)
        vectors = INDEX.catalogue.embeddings[ROWS[made.chosen]]
        return float((vectors @ vectors.T).mean())

    assert likeness(0.9) < likeness(0.0)


def test_without_weight_diversity_changes_nothing():
    made, _ = picks(Selection(diversifies=True), ranking__diversity_lambda=0.0)
    assert made.chosen == list(range(10))


def test_every_candidate_of_equal_worth_keeps_the_order_of_its_source():
    made, _ = picks(scores=np.ones(40))
    assert made.chosen == list(range(10))


@pytest.mark.parametrize(
    ("wanted", "order"),
    [
        ([None, None, None], [0, 1, 2]),
        ([None, None, 1], [2, 0, 1]),
        ([None, 12], [0, 1]),
        ([2, 2, None], [2, 0, 1]),
        ([1, 1, 1], [0, 1, 2]),
        ([None, 3, 1, None], [2, 0, 1, 3]),
        ([], []),
    ],
)
def test_pinned_shelves_stand_at_their_place_and_others_flow_around(wanted, order):
    assert arrange(wanted) == order
