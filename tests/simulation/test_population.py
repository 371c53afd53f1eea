"""Populations: who simulated listeners are follows from the seed, the catalogue and the surface alone."""

from datetime import UTC, datetime

import numpy as np
import pytest

from counterpoint.content import Item, build_catalogue
from counterpoint.errors import InvalidInput
from counterpoint.simulation import Population, is_simulated

START = datetime(2026, 11, 1, 15, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def population(catalogue, surface):
    return Population.generate(catalogue, surface, 600, seed=7)


def test_every_simulated_listener_says_so_and_no_two_seeds_share_one(population, catalogue, surface):
    other = Population.generate(catalogue, surface, 600, seed=8)
    assert all(is_simulated(unit) for unit in population.units)
    assert len(set(population.units) | set(other.units)) == 1200
    assert not is_simulated("user-1")


def test_the_same_arguments_give_the_same_listeners(population, catalogue, surface):
    again = Population.generate(catalogue, surface, 600, seed=7)
    assert again.attributes == population.attributes
    assert np.array_equal(again.tastes.vectors, population.tastes.vectors)
    assert again.listener(3).history == population.listener(3).history
    assert again.listener(3).visit_times(START, 7, 1) == population.listener(3).visit_times(START, 7, 1)


def test_attributes_are_those_of_the_surface_and_of_its_values(population, surface):
    for listener in population:
        visits = listener.visit_times(START, 3, 1)
        context = listener.context(visits[0]) if visits else listener.attributes
        assert context.keys() <= surface.attributes.keys()
        for key, value in context.items():
            values = surface.attributes[key].values
            assert not values or value in values
        if visits:
            assert context["hour_of_day"] == visits[0].at.hour


def test_what_nobody_can_know_is_left_out(population):
    assert "shoe_size" not in population.attributes
    assert set(population.attributes["mood"]) == {"calm", "loud"}
    assert {"rock", "rap"} == set(population.attributes["top_genre"])
    assert None in population.attributes["plan"]  # family and student, which this surface does not sell
    assert all("plan" not in x.attributes or x.attributes["plan"] for x in population)


def test_history_follows_taste(population):
    gains = []
    for index in range(100):
        listener = population.listener(index)
        rows = np.array([row for row, _ in listener.history if not listener.ware.is_talk[row]], dtype=np.intp)
        everything = np.flatnonzero(~listener.ware.is_talk)
        gains.append(listener.relevance(rows).mean() - listener.relevance(everything).mean())
    assert np.mean(gains) > 0.4


def test_only_podcast_listeners_have_podcasts_in_their_history(population):
    with_talk = {x.plays_talk for x in population if any(x.ware.is_talk[row] for row in x.familiar)}
    assert with_talk == {True}


def test_history_lies_before_the_run_most_recent_first(population):
    plays = population.listener(1).plays_before(START)
    times = [at for _, at in plays]
    assert times == sorted(times, reverse=True) and times[0] < START
    assert all(population.ware.catalogue.get(item) for item, _ in plays)


def test_visits_lie_in_the_run_in_order_and_each_day_has_one_first(population):
    n = 0
    for listener in population:
        visits = listener.visit_times(START, 7, seed=2)
        n += len(visits)
        assert [visit.at for visit in visits] == sorted(visit.at for visit in visits)
        assert all(visit.at >= START and (visit.at - START).days < 7 for visit in visits)
        firsts = [visit.at.date() for visit in visits if visit.is_first_of_day]
        assert firsts == sorted({visit.at.date() for visit in visits})
    expected = float(population.visits_per_day.sum()) * 7
    assert abs(n - expected) < 5 * expected**0.5


def test_evenings_are_busier_than_nights(population):
    hours = np.array([visit.at.hour for _, visit in population.timeline(START, 7, 3)])
    assert np.isin(hours, range(18, 22)).sum() > 5 * np.isin(hours, range(1, 5)).sum()


def test_the_timeline_is_everybody_in_time_order(population):
    timeline = list(population.timeline(START, 2, 3))
    assert [visit.at for _, visit in timeline] == sorted(visit.at for _, visit in timeline)
    assert len(timeline) == sum(len(listener.visit_times(START, 2, 3)) for listener in population)


def test_nobody_and_nothing_to_like_are_refused(catalogue, surface):
    with pytest.raises(InvalidInput, match="nobody"):
        Population.generate(catalogue, surface, 0, seed=1)
    bare = build_catalogue([Item(id="track:1", kind="track", title="x")], version="v")
    with pytest.raises(InvalidInput) as caught:
        Population.generate(bare, surface, 10, seed=1)
    assert caught.value.code == "nothing_to_like"
    with pytest.raises(InvalidInput):
        Population.generate(catalogue, surface, 1, seed=1).listener(0).visit_times(START, 0, 1)


def test_a_catalogue_without_podcasts_still_has_listeners(catalogue, surface):
    music = build_catalogue(catalogue.by_kind["track"], version="m")
    population = Population.generate(music, surface, 50, seed=1)
    assert all(len(listener.history) >= 3 for listener in population)
