import asyncio
from dataclasses import replace

import pytest

from counterpoint.errors import InvalidInput, PlatformFault
from counterpoint.explain import capsule_of, decode_capsule, encode_capsule, replay
from counterpoint.pages import HOME, kit_of, page_document, page_records, serve_recorded
from counterpoint.vocabulary import canonical_json
from explain.live_snapshot import compiled, live
from pages.page_world import NOW, Broken, a_request, a_world

LIVE = compiled(
    live("podcasts-up", ("control", {}), ("up", {"podcasts.shelf_position": 2})),
    live("generated", ("control", {}), ("on", {"genrec.enabled": True})),
)


def recorded(unit="u1", world=None, snapshot=LIVE, **changes):
    world = world or a_world()
    request = a_request(unit, **changes)
    config = snapshot.resolve(request.unit, request.context, request.now)
    page, inputs = asyncio.run(serve_recorded(request, config, world))
    return page, capsule_of(page, inputs, kit_of(world, HOME))


@pytest.mark.parametrize("unit", ["u1", "u2", "u3", "stranger"])
def test_a_replay_has_the_bytes_of_the_page_that_was_served(unit):
    page, capsule = recorded(unit)
    again = replay(decode_capsule(encode_capsule(capsule)), kit_of(a_world(), HOME))
    assert canonical_json(page_document(again)) == canonical_json(page_document(page))


def test_a_replay_needs_no_dependency():
    page, capsule = recorded()
    down = a_world(history=Broken(), generated=Broken())
    assert page_document(replay(capsule, kit_of(down, HOME))) == page_document(page)


def test_a_page_that_was_degraded_is_replayed_as_degraded():
    page, capsule = recorded(world=a_world(history=Broken()))
    again = replay(decode_capsule(encode_capsule(capsule)), kit_of(a_world(), HOME))
    assert page.reasons == ("history_failed",)
    assert page_document(again) == page_document(page)


def test_a_replay_leaves_no_records():
    page, capsule = recorded()
    assert page_records(page, latency_ms=1.0).served is not None
    assert page_records(replay(capsule, kit_of(a_world(), HOME)), latency_ms=1.0).served is None


def test_another_catalogue_is_refused():
    _, capsule = recorded()
    with pytest.raises(InvalidInput, match="made with catalogue") as caught:
        replay(replace(capsule, catalogue="another"), kit_of(a_world(), HOME))
    assert caught.value.code == "capsule_catalogue_changed"


def test_another_version_of_a_model_is_refused():
    _, capsule = recorded()
    with pytest.raises(InvalidInput, match="version other of als") as caught:
        replay(replace(capsule, models={"als": "other"}), kit_of(a_world(), HOME))
    assert caught.value.code == "capsule_model_changed"


def test_code_that_reads_what_the_page_did_not_is_found_out():
    _, capsule = recorded()
    without = tuple(read for read in capsule.reads if read.parameter != "podcasts.max_items")
    with pytest.raises(PlatformFault, match=r"reads podcasts\.max_items"):
        replay(replace(capsule, reads=without), kit_of(a_world(), HOME))


def test_what_is_not_a_capsule_is_refused_in_one_sentence():
    with pytest.raises(InvalidInput, match="not a capsule"):
        decode_capsule(b'{"request": 3}')


def test_a_page_is_explained_with_the_snapshot_that_was_live_then():
    _, capsule = recorded()
    page = replay(capsule, kit_of(a_world(), HOME))
    assert (page.snapshot.id, page.snapshot.release) == (LIVE.id, 3)
    assert page.request.now == NOW


def test_exposures_of_a_real_config_are_first_reads_of_enrolled_experiments():
    page, _ = recorded()
    assert [(one.experiment, one.parameter) for one in page.exposures] == [
        ("generated", "genrec.enabled"),
        ("podcasts-up", "podcasts.shelf_position"),
    ]
