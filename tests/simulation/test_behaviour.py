"""Behaviour on a page: position bias and relevance decide, and nothing but the page is seen."""

import inspect
from collections import Counter
from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from counterpoint.config import outcome_names
from counterpoint.events import Impression, Outcome
from counterpoint.simulation import Population, behave

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def visits(catalogue, surface):
    population = Population.generate(catalogue, surface, 900, seed=11)
    return [(listener, visit) for listener in population for visit in listener.visit_times(START, 2, 5)][:1800]


def totals(visits, make_page, catalogue, *, seed=1, **page_facts):
    sums = Counter()
    for n, (listener, visit) in enumerate(visits):
        document = make_page(catalogue, f"r{n}", draw=n, **page_facts)
        for event in behave(listener, document, visit, seed).events:
            if isinstance(event, Outcome):
                sums[event.name] += event.value
    return sums


def test_an_identical_page_gives_identical_behaviour_whatever_the_variant(visits, make_page, catalogue):
    for n, (listener, visit) in enumerate(visits[:200]):
        seen = []
        for variant in ("control", "treatment"):
            exposures = [{"experiment": "e", "variant": variant, "parameter": "podcasts.shelf_position"}]
            config = {"podcasts.shelf_position": {"value": 6, "reason": "SPLIT", "variant": variant}}
            snapshot = {"id": variant, "release": 1, "age_s": 0}
            document = make_page(catalogue, f"r{n}", draw=n, exposures=exposures, config=config, snapshot=snapshot)
            seen.append(behave(listener, document, visit, seed=3, latency_ms=80.0))
        assert seen[0] == seen[1]


def test_behaviour_can_be_asked_about_nothing_but_listener_page_visit_seed_and_latency():
    assert list(inspect.signature(behave).parameters) == ["listener", "page_document", "visit", "seed", "latency_ms"]


def test_the_request_id_names_events_and_changes_nothing_else(visits, make_page, catalogue):
    listener, visit = visits[0]
    one, two = (behave(listener, make_page(catalogue, rid, draw=1), visit, 3) for rid in ("a", "b"))
    assert one.plays == two.plays
    assert [event.id.replace("a/", "b/", 1) for event in one.events] == [event.id for event in two.events]


def test_moving_podcasts_up_raises_podcast_minutes_at_some_cost_to_music(visits, make_page, catalogue):
    low = totals(visits, make_page, catalogue, podcasts_at=7)
    high = totals(visits, make_page, catalogue, podcasts_at=2)
    assert high["podcast_minutes"] > 1.5 * low["podcast_minutes"]
    assert high["podcast_starters"] > 1.5 * low["podcast_starters"]
    assert high["music_minutes"] < low["music_minutes"]


def test_pages_of_items_that_suit_are_clicked_more(visits, make_page, catalogue):
    clicks = Counter()
    for n, (listener, visit) in enumerate(visits[:900]):
        rows = np.array([row for row, item in enumerate(catalogue.items) if item.kind == "track"])
        order = rows[np.argsort(listener.relevance(rows))]
        for name, chosen in (("suits", order[-30:]), ("does not", order[:30])):
            cards = [{"item": catalogue.items[row].id, "position": n} for n, row in enumerate(chosen.tolist(), 1)]
            shelf = {"key": "s", "position": 1, "cards": cards}
            page = {"request_id": f"r{n}", "status": "complete", "shelves": [shelf]}
            outcomes = behave(listener, page, visit, 1).events
            clicks[name] += sum(e.value for e in outcomes if isinstance(e, Outcome) and e.name == "home_clicks")
    assert clicks["suits"] > 2 * clicks["does not"]


def test_who_finds_something_early_often_leaves_without_seeing_what_stands_below(visits, make_page, catalogue):
    rows = np.array([row for row, item in enumerate(catalogue.items) if item.kind == "track"])
    depth = Counter()
    for n, (listener, visit) in enumerate(visits[:1200]):
        order = rows[np.argsort(listener.relevance(rows))]
        for name, chosen in (("found", order[-6:]), ("not found", order[:6])):
            page = make_page(catalogue, f"r{n}", draw=n)
            page["shelves"][0]["cards"] = [
                {"item": catalogue.items[row].id, "position": place} for place, row in enumerate(chosen.tolist(), 1)
            ]
            events = behave(listener, page, visit, 1).events
            depth[name] += max(event.shelf_position for event in events if isinstance(event, Impression))
    # The same luck in both: were it not for leaving early, the two would be equal to the shelf.
    assert depth["found"] < 0.99 * depth["not found"]


def test_what_stands_higher_and_further_left_is_seen_more_often(visits, make_page, catalogue):
    shelves, cards = Counter(), Counter()
    for n, (listener, visit) in enumerate(visits):
        for event in behave(listener, make_page(catalogue, f"r{n}", draw=n), visit, 1).events:
            if isinstance(event, Impression):
                shelves[event.shelf_position] += 1
                cards[event.position] += 1
    assert [shelves[k] for k in range(1, 9)] == sorted((shelves[k] for k in range(1, 9)), reverse=True)
    assert shelves[1] > 2 * shelves[8] and cards[1] > cards[6]


def test_the_sums_of_a_visit_agree_with_each_other(visits, make_page, catalogue):
    for n, (listener, visit) in enumerate(visits[:600]):
        behaviour = behave(listener, make_page(catalogue, f"r{n}", draw=n), visit, 1, latency_ms=90.0)
        sums = Counter({e.name: e.value for e in behaviour.events if isinstance(e, Outcome)})
        shown = [e for e in behaviour.events if isinstance(e, Impression)]
        assert sums["home_impressions"] == len(shown)
        assert sums["home_clicks"] == sums["plays"] == len(behaviour.plays) >= sums["skips"]
        assert sums["music_minutes"] + sums["podcast_minutes"] == pytest.approx(sums["listening_minutes"])
        assert sums["listening_minutes"] == pytest.approx(sum(play.minutes for play in behaviour.plays))
        assert {play.item for play in behaviour.plays} <= {event.item for event in shown}
        assert sums["scroll_depth"] == max(event.shelf_position for event in shown)
        assert sums["page_load_ms_p95"] >= 90.0
        assert ("time_to_first_play_s" in sums) == bool(behaviour.plays)
        assert len({event.id for event in behaviour.events}) == len(behaviour.events)
        assert msgspec.convert(msgspec.to_builtins(behaviour.events[0]), type(behaviour.events[0]))


def test_only_outcomes_that_the_surface_measures_are_reported(visits, make_page, catalogue, surface):
    measured = {name for metric in surface.metrics.values() for name in outcome_names(metric) if name}
    sums = totals(visits, make_page, catalogue)
    assert sums.keys() <= measured
    assert measured - sums.keys() <= {"page_load_ms_p95", "retention", "empty_or_fallback_pages"}


def test_without_a_measured_latency_no_load_time_is_made_up(visits, make_page, catalogue):
    assert "page_load_ms_p95" not in totals(visits[:50], make_page, catalogue)


@pytest.mark.parametrize("document", [{"status": "complete", "shelves": []}, {"status": "fallback"}])
def test_an_empty_or_last_resort_page_is_counted_as_one(visits, make_page, catalogue, document):
    listener, visit = visits[0]
    page = make_page(catalogue, "r", draw=1) | document
    outcomes = {e.name: e.value for e in behave(listener, page, visit, 1).events if isinstance(e, Outcome)}
    assert outcomes["empty_or_fallback_pages"] == outcomes["pages"] == 1


def test_items_that_the_catalogue_does_not_know_are_looked_at_like_any_other(visits):
    cards = [{"item": f"track:new-{n}", "position": n} for n in range(1, 5)]
    page = {"request_id": "r", "status": "complete", "shelves": [{"key": "s", "position": 1, "cards": cards}]}
    plays = [play for listener, visit in visits for play in behave(listener, page, visit, 1).plays]
    assert plays and {play.kind for play in plays} == {"unknown"}
