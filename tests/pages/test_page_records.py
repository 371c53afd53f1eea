import asyncio

from counterpoint.pages import page_document, page_records, serve_page
from counterpoint.vocabulary import canonical_json
from pages.page_world import ADULT, FakeConfig, a_request, a_world

EXPERIMENTS = {
    "podcasts.shelf_position": ("podcasts-up", "up"),
    "podcasts.max_items": ("podcasts-up", "up"),
    "genrec.shelf_position": ("genrec-top", "top"),
}


def a_page(**changes):
    return asyncio.run(serve_page(a_request(**changes), FakeConfig(experiments=EXPERIMENTS), a_world()))


def test_an_exposure_is_the_first_read_of_each_experiment_and_nothing_else():
    page = a_page()
    records = page_records(page, latency_ms=2.0)
    assert [(one.experiment, one.parameter) for one in records.exposures] == [
        ("podcasts-up", "podcasts.shelf_position")
    ]


def test_impressions_are_the_cards_that_came_into_view():
    page = a_page()
    seen = page_records(page, latency_ms=2.0, n_shelves_seen=2).impressions
    assert {one.shelf_position for one in seen} == {1, 2}
    assert len(seen) == sum(len(shelf.cards) for shelf in page.shelves[:2])


def test_records_of_one_page_made_twice_have_equal_ids():
    first, second = page_records(a_page(), latency_ms=2.0), page_records(a_page(), latency_ms=9.0)
    assert first.impressions == second.impressions
    assert first.served.id == second.served.id
    ids = [one.id for one in (*first.exposures, *first.impressions, first.served)]
    assert len(ids) == len(set(ids))


def test_a_served_record_carries_what_the_request_said():
    served = page_records(a_page(), latency_ms=2.5).served
    assert served.attributes == ADULT
    assert (served.status, served.latency_ms) == ("complete", 2.5)


def test_the_document_is_json_and_names_only_parameters_that_were_read():
    document = page_document(a_page())
    assert canonical_json(document)
    assert "genrec.shelf_position" not in document["config"]
    assert document["exposures"] == [
        {"experiment": "podcasts-up", "variant": "up", "parameter": "podcasts.shelf_position"}
    ]
    assert document["config"]["podcasts.max_items"] == {"value": 8, "reason": "SPLIT", "variant": "up"}


def test_a_paged_document_pins_its_seed_in_the_cursor():
    def cursor(seed):
        config = FakeConfig({"loading.mode": "paged", "ranking.exploration_rate": 0.0})
        return page_document(asyncio.run(serve_page(a_request(seed=seed), config, a_world())))["loading"]["cursor"]

    assert cursor(1) == cursor(1)
    assert cursor(1) != cursor(2)
