import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from counterpoint.errors import NotFound
from counterpoint.pages import (
    HOME,
    LastAnswers,
    LastPages,
    MemoryShelves,
    PageStatus,
    StageStatus,
    page_document,
    page_records,
    serve_page,
)
from pages.page_world import A_SHELF, ADULT, BASELINE, CATALOGUE, NOW, Broken, FakeConfig, a_request, a_world

GENREC = {"genrec.enabled": True}


def served(request=None, config=None, world=None, declaration=HOME):
    return asyncio.run(serve_page(request or a_request(), config or FakeConfig(), world or a_world(), declaration))


def with_shelf(key, **changes):
    shelves = tuple(replace(shelf, **changes) if shelf.key == key else shelf for shelf in HOME.shelves)
    return replace(HOME, shelves=shelves)


def shelf_of(page, key):
    return next((shelf for shelf in page.shelves if shelf.key == key), None)


def test_one_request_gives_one_page_however_often_it_is_served():
    assert page_document(served()) == page_document(served())


def test_another_seed_changes_what_exploration_chose():
    eager = {"ranking.exploration_rate": 0.3}
    pages = [page_document(served(a_request(seed=seed), FakeConfig(eager))) for seed in (1, 2)]
    assert pages[0]["shelves"] != pages[1]["shelves"]


def test_without_exploration_the_seed_changes_nothing():
    steady = {"ranking.exploration_rate": 0.0}
    pages = [page_document(served(a_request(seed=seed), FakeConfig(steady))) for seed in (1, 2)]
    assert pages[0] == pages[1]


def test_shelf_positions_are_those_that_were_asked_for():
    page = served(config=FakeConfig({**GENREC, "podcasts.shelf_position": 2}))
    positions = {shelf.key: shelf.position for shelf in page.shelves}
    assert (positions["podcasts"], positions["genrec"], positions["new_releases"]) == (2, 3, 4)
    assert sorted(positions.values()) == list(range(1, len(positions) + 1))


def test_no_item_stands_on_two_shelves():
    items = [card.item for shelf in served().shelves for card in shelf.cards]
    assert len(items) == len(set(items))


@pytest.mark.parametrize("key", [shelf.key for shelf in HOME.shelves])
def test_any_one_source_down_still_gives_a_page_that_says_so(key):
    declared = next(shelf for shelf in HOME.shelves if shelf.key == key)
    if declared.remote is not None:
        page = served(config=FakeConfig(GENREC), world=a_world(generated=Broken()))
    else:
        page = served(declaration=with_shelf(key, source=Broken(key=declared.source_key)))
    assert page.shelves
    assert page.status is PageStatus.DEGRADED
    assert f"source_failed:{declared.source_key}" in page.reasons


def test_the_essential_shelf_falls_back_on_the_editors_when_its_source_fails():
    page = served(declaration=with_shelf("made_for_you", source=Broken(key="ranking")))
    assert shelf_of(page, "made_for_you").cards
    assert "editors:made_for_you" in page.reasons


def test_the_editors_page_of_a_minor_holds_only_what_is_known_to_be_clean():
    nothing = replace(HOME, shelves=(replace(HOME.shelves[2], source=Broken(), falls_back=False),))
    page = served(a_request(context={**ADULT, "age_band": "13-17"}), declaration=nothing)
    shown = [CATALOGUE.item(card.item) for shelf in page.shelves for card in shelf.cards]
    assert len(shown) == 40
    assert all(item.explicit is False for item in shown)


def test_history_down_gives_the_page_of_a_stranger_and_says_so():
    page = served(world=a_world(history=Broken()))
    stranger = served(a_request("nobody"))
    assert page.status is PageStatus.DEGRADED
    assert page.reasons == ("history_failed",)
    assert [shelf.key for shelf in page.shelves] == [shelf.key for shelf in stranger.shelves]


def test_a_slow_history_is_not_waited_for():
    class Slow:
        async def history(self, unit):
            await asyncio.sleep(30)

    assert served(world=a_world(history=Slow())).reasons == ("history_timeout",)


def test_a_slow_generated_shelf_is_left_out_after_its_timeout():
    class Slow:
        async def generated(self, unit, style):
            await asyncio.sleep(30)

    page = served(config=FakeConfig({**GENREC, "genrec.timeout_ms": 50}), world=a_world(generated=Slow()))
    assert shelf_of(page, "genrec") is None
    assert page.reasons == ("source_timeout:genrec",)


def test_a_source_that_asks_for_more_time_than_the_page_has_left_does_not_get_it():
    class Slow:
        async def generated(self, unit, style):
            await asyncio.sleep(5)

    # By this stopwatch the history took 290 ms of the 300.
    ticks = iter([0.0, 0.29])
    world = a_world(generated=Slow(), clock=lambda: next(ticks, 0.29))
    page = served(config=FakeConfig({**GENREC, "genrec.timeout_ms": 4_000}), world=world)
    assert page.reasons == ("source_timeout:genrec",)


def stale_world():
    """A world whose generated shelves are down after one good answer."""
    memory = LastAnswers()
    served(config=FakeConfig(GENREC), world=a_world(last_answers=memory))
    return a_world(generated=Broken(), last_answers=memory)


def test_a_source_that_fails_shows_its_last_good_answer_and_says_so():
    page = served(a_request(now=NOW + timedelta(minutes=30)), FakeConfig(GENREC), stale_world())
    assert shelf_of(page, "genrec").status is StageStatus.STALE
    assert page.reasons == ("source_stale:genrec",)


def test_a_stale_answer_is_not_shown_under_another_value_than_it_was_asked_for():
    config = FakeConfig({**GENREC, "genrec.prompt_style": "activity"})
    assert shelf_of(served(config=config, world=stale_world()), "genrec") is None


def test_a_stale_answer_is_not_shown_beyond_its_age():
    page = served(a_request(now=NOW + timedelta(minutes=61)), FakeConfig(GENREC), stale_world())
    assert shelf_of(page, "genrec") is None


def test_a_stale_answer_is_not_shown_once_it_has_expired():
    memory = LastAnswers()
    late = a_request(now=A_SHELF.expires_at - timedelta(minutes=5))
    served(late, FakeConfig(GENREC), a_world(last_answers=memory))
    later = a_request(now=A_SHELF.expires_at + timedelta(minutes=5))
    page = served(later, FakeConfig(GENREC), a_world(generated=Broken(), last_answers=memory))
    assert shelf_of(page, "genrec") is None


def test_a_forced_page_leaves_no_answer_behind():
    memory = LastAnswers()
    served(a_request(forced={"x": "b"}), FakeConfig(GENREC), a_world(last_answers=memory))
    assert memory.recall("u1", "genrec/mood", NOW.timestamp()) is None


def test_an_expired_generated_shelf_is_not_shown():
    page = served(a_request(now=NOW + timedelta(hours=3)), FakeConfig(GENREC))
    assert shelf_of(page, "genrec") is None
    assert page.status is PageStatus.COMPLETE


def test_a_failing_model_gives_way_to_popularity():
    page = served(world=a_world(rankers={"als": Broken()}))
    assert page.reasons == ("ranker_failed:als:OSError",)
    assert shelf_of(page, "made_for_you").cards


def test_a_model_that_nobody_loaded_gives_way_to_popularity_and_the_page_says_so():
    page = served(world=a_world(rankers={}))
    assert page.reasons == ("ranker_missing:als",)
    assert page.status is PageStatus.DEGRADED


def test_a_parameter_that_the_surface_lacks_is_a_mistake_and_not_a_degraded_page():
    class Foreign(FakeConfig):
        def value(self, key):
            if key == "filtering.min_popularity":
                raise NotFound("unknown_parameter", f"no parameter {key}")
            return super().value(key)

    with pytest.raises(NotFound, match="no parameter"):
        served(config=Foreign())


def test_a_failing_optional_gate_closes_its_shelf():
    page = served(declaration=with_shelf("charts", gates=(Broken(),)))
    assert shelf_of(page, "charts") is None
    assert page.status is PageStatus.DEGRADED


def test_a_failing_gate_leaves_an_essential_shelf_open():
    page = served(declaration=with_shelf("made_for_you", gates=(Broken(),)))
    assert shelf_of(page, "made_for_you").cards


def test_when_nothing_is_left_the_last_page_is_shown_again_and_its_reads_with_it():
    memory = LastPages()
    good = served(world=a_world(last_pages=memory))
    later = a_request(now=NOW + timedelta(hours=1))
    nothing = replace(HOME, shelves=(replace(HOME.shelves[2], source=Broken(), falls_back=False),))
    page = served(later, FakeConfig(), a_world(last_pages=memory), nothing)
    assert page.status is PageStatus.FALLBACK
    assert [shelf.key for shelf in page.shelves] == [shelf.key for shelf in good.shelves]
    assert set(good.reads) <= set(page.reads)


def test_a_last_page_older_than_a_day_gives_way_to_the_editors():
    memory = LastPages()
    served(world=a_world(last_pages=memory))
    nothing = replace(HOME, shelves=(replace(HOME.shelves[2], source=Broken(), falls_back=False),))
    page = served(a_request(now=NOW + timedelta(hours=25)), FakeConfig(), a_world(last_pages=memory), nothing)
    assert [shelf.key for shelf in page.shelves] == ["editors_picks"]
    assert page.status is PageStatus.FALLBACK


def test_a_last_page_is_judged_again_before_it_is_shown():
    memory = LastPages()
    good = served(world=a_world(last_pages=memory))
    item = good.shelves[0].cards[0].item
    world = a_world(last_pages=memory)
    row = world.index.catalogue.row_of[item]
    taken_down = world.index.taken_down.copy()
    taken_down[row] = True
    world = replace(world, index=replace(world.index, taken_down=taken_down))
    nothing = replace(HOME, shelves=(replace(HOME.shelves[2], source=Broken(), falls_back=False),))
    page = served(a_request(now=NOW + timedelta(hours=1)), FakeConfig(), world, nothing)
    assert item not in {card.item for shelf in page.shelves for card in shelf.cards}


def test_a_degraded_page_is_not_remembered():
    memory = LastPages()
    served(world=a_world(last_pages=memory, history=Broken()))
    assert memory.recall("u1", NOW.timestamp()) is None


def test_memory_of_last_pages_is_bounded():
    memory = LastPages(capacity=2)
    for unit in ("u1", "u2", "u3"):
        served(a_request(unit), world=a_world(last_pages=memory))
    assert memory.recall("u1", NOW.timestamp()) is None
    assert memory.recall("u3", NOW.timestamp()) is not None


@pytest.mark.parametrize("changes", [{"forced": {"x": "b"}}, {"purpose": "preview"}, {"purpose": "replay"}])
def test_a_page_that_does_not_count_leaves_no_records_and_no_last_page(changes):
    memory = LastPages()
    page = served(a_request(**changes), world=a_world(last_pages=memory))
    records = page_records(page, latency_ms=3.0)
    assert (records.exposures, records.impressions, records.served) == ((), (), None)
    assert memory.recall("u1", NOW.timestamp()) is None


def test_the_generated_shelf_is_not_asked_for_while_it_is_off():
    port = Broken()
    served(config=FakeConfig(), world=a_world(generated=port))
    assert port.calls == []


def test_an_id_that_the_generator_made_up_is_counted_and_not_shown():
    page = served(config=FakeConfig(GENREC))
    assert "unknown_items:1" in {stage.reason for stage in page.trace.stages if stage.key == "genrec"}


def test_every_stage_says_how_it_ended():
    page = served(world=a_world(generated=MemoryShelves()), config=FakeConfig(GENREC))
    ended = {stage.key: stage.status for stage in page.trace.stages}
    assert ended["history"] is StageStatus.OK
    assert ended["genrec"] is StageStatus.EMPTY
    assert set(page.reads) <= set(BASELINE)


def test_memory_of_last_answers_is_bounded():
    memory = LastAnswers(capacity=1)
    for unit in ("u1", "u2"):
        served(a_request(unit), FakeConfig(GENREC), a_world(last_answers=memory))
    assert memory.recall("u1", "genrec/mood", NOW.timestamp()) is None
    assert memory.recall("u2", "genrec/mood", NOW.timestamp()).items == A_SHELF.items
