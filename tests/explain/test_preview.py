import asyncio
from dataclasses import replace

import msgspec
import pytest

from counterpoint.content import build_catalogue
from counterpoint.experiments import ExperimentSpec
from counterpoint.explain import ArmResolver, diff, preview, preview_document, preview_spec, record
from counterpoint.pages import HOME, MemoryHistory, index_catalogue, kit_of, page_document, serve_page
from counterpoint.vocabulary import canonical_json
from explain.live_snapshot import compiled, live
from pages.page_world import ADULT, CATALOGUE, Broken, FakeConfig, FakeRanker, a_request, a_world

BASE = compiled()
UNITS = ("u1", "u2", "u3", "stranger")
REQUESTS = [a_request(unit, request_id=f"r-{unit}-{seed}", seed=seed) for unit in UNITS for seed in (1, 2, 3)]


def spec(*variants, audience="true"):
    return ExperimentSpec.model_validate(
        {
            "key": "x",
            "surface": "home",
            "owner": "us",
            "hypothesis": "it helps",
            "audience": audience,
            "allocation": 0.1,
            "variants": [{"key": key, "set": values} for key, values in variants],
            "metrics": {"primary": {"metric": "home_ctr", "direction": "increase"}},
            "schedule": {"days": 7},
        }
    )


def previewed(*variants, audience="true", requests=REQUESTS, baseline=BASE, world=None):
    experiment = spec(("control", {}), *variants, audience=audience)
    return asyncio.run(preview_spec(experiment, requests, baseline, world or a_world()))


def test_a_change_to_the_value_that_is_live_changes_no_page():
    control, same = previewed(("same", {"podcasts.shelf_position": 6})).variants
    assert same.alters_nothing
    assert (same.n_cards_in, same.n_cards_out, same.n_composed) == (0, 0, 0)
    assert same.trigger_rate == control.trigger_rate == 1.0


def test_a_change_that_no_page_reads_is_pruned_and_triggers_nobody():
    variant = previewed(("other", {"genrec.prompt_style": "activity"})).variants[1]
    assert (variant.n_composed, variant.trigger_rate, variant.share_changed) == (0, 0.0, 0.0)


def test_a_moved_shelf_is_reported_with_where_it_came_from():
    variant = previewed(("up", {"podcasts.shelf_position": 2})).variants[1]
    move = variant.shelves_moved["podcasts"]
    assert move.mean_after == 2
    assert move.mean_before > 2
    assert variant.share_changed == 1.0


def test_only_the_audience_is_run_through_the_variants():
    requests = [*REQUESTS, a_request("u9", context={**ADULT, "country": "DE"})]
    result = previewed(("up", {"podcasts.shelf_position": 2}), audience='country == "DE"', requests=requests)
    assert (result.n_requests, result.n_in_audience, result.n_units) == (13, 1, 1)
    assert {variant.n_pages for variant in result.variants} == {1}


def test_nobody_in_the_audience_gives_no_shares_at_all():
    result = previewed(("up", {"podcasts.shelf_position": 2}), audience='country == "FR"')
    assert (result.n_in_audience, result.variants) == (0, ())


def test_a_change_only_of_some_listeners_triggers_only_those():
    variant = previewed(("als", {"ranking.model": "popularity"})).variants[1]
    assert variant.n_triggered_units == 3
    assert variant.trigger_rate == pytest.approx(0.75)
    assert variant.n_composed == 9


def test_a_variant_that_switches_the_generated_shelf_on_gets_the_shelf_that_was_written():
    variant = previewed(("on", {"genrec.enabled": True}), requests=REQUESTS[:6]).variants[1]
    assert variant.shelves_in == {"genrec": 6}
    assert variant.n_degraded == 0


def test_a_rule_that_removes_more_is_counted():
    variant = previewed(("strict", {"filtering.min_popularity": 60})).variants[1]
    assert variant.removals["popularity_floor"] > 0


def test_pages_that_a_broken_dependency_degrades_are_counted_in_every_variant():
    control, up = previewed(("up", {"podcasts.shelf_position": 2}), world=a_world(history=Broken())).variants
    assert control.n_degraded == up.n_degraded == 12


def test_history_is_asked_for_once_per_request_however_many_variants_there_are():
    class Counting(MemoryHistory):
        n_asked = 0

        async def history(self, unit):
            Counting.n_asked += 1
            return await super().history(unit)

    previewed(("a", {"genrec.enabled": True}), ("b", {"podcasts.shelf_position": 2}), world=a_world(history=Counting()))
    assert Counting.n_asked == len(REQUESTS)


def test_pruning_leaves_out_no_page_that_differs():
    arms = {
        key: ArmResolver(baseline=BASE, experiment="x", variant=key, parameters=tuple(values), values=values)
        for key, values in {
            "control": {},
            "hide": {"filtering.hide_explicit": True},
            "floor": {"filtering.min_popularity": 6},
            "cap": {"ranking.max_per_artist": 2},
            "played": {"filtering.hide_already_played": True},
        }.items()
    }
    world = a_world()
    recorded = [asyncio.run(record(request, arms.values(), world)) for request in REQUESTS]
    result = preview(recorded, arms, kit_of(world, HOME), parameters=())
    for variant in result.variants[1:]:
        n_different = 0
        for request in REQUESTS:
            pages = [
                asyncio.run(serve_page(request, arms[key].resolve(request.unit, request.context, request.now), world))
                for key in ("control", variant.variant)
            ]
            n_different += not diff(*pages).is_empty
        assert variant.n_changed == n_different


def test_variants_are_laid_over_what_is_live():
    baseline = compiled(live("charts-up", ("only", {"layout.charts_shelf_position": 1})))
    variant = previewed(("up", {"podcasts.shelf_position": 1}), baseline=baseline).variants[1]
    moved = dict(variant.examples)["r-u1-1"].shelves_moved
    # Podcasts are declared before charts, so of two shelves pinned to the top they stand first.
    assert moved["podcasts"][1] == 1
    assert moved["charts"] == (1, 2)


def test_a_preview_writes_nothing_down():
    recorded = asyncio.run(record(REQUESTS[0], [_Plain()], a_world()))
    assert not recorded.request.leaves_records


def test_the_preview_is_json():
    assert canonical_json(preview_document(previewed(("up", {"podcasts.shelf_position": 2}))))


class _Plain:
    def resolve(self, unit, context, now):
        return FakeConfig()


def test_diff_of_a_page_with_itself_is_empty_and_names_no_cause():
    page = asyncio.run(serve_page(a_request(), FakeConfig(), a_world()))
    found = diff(page, page)
    assert found.is_empty
    assert found.causes == ()


def test_diff_names_the_cause_and_the_cards():
    world = a_world()
    a = asyncio.run(serve_page(a_request(), FakeConfig(), world))
    b = asyncio.run(serve_page(a_request(), FakeConfig({"podcasts.max_items": 4}), world))
    found = diff(a, b)
    assert [(one.parameter, one.before, one.after) for one in found.causes] == [("podcasts.max_items", 8, 4)]
    assert {card.shelf for card in found.cards_out} == {"podcasts"}
    assert len(found.cards_out) == 4
    assert found.cards_in == ()


def test_a_parameter_that_only_one_page_read_follows_its_cause():
    world = a_world()
    pages = [
        asyncio.run(serve_page(a_request(), FakeConfig(values), world)) for values in ({}, {"genrec.enabled": True})
    ]
    named = [one.parameter for one in diff(*pages).causes]
    assert named[0] == "genrec.enabled"
    assert "genrec.shelf_position" in named[1:]


def test_pages_that_look_different_and_hold_the_same_cards_differ():
    world = a_world()
    a = asyncio.run(serve_page(a_request(), FakeConfig(), world))
    b = asyncio.run(serve_page(a_request(), FakeConfig({"visual.card_size": "large"}), world))
    assert diff(a, b).is_drawn_otherwise
    assert page_document(a)["shelves"] == page_document(b)["shelves"]
    assert replace(a_request(), seed=1) != a_request()


def test_a_variant_that_leaves_nothing_to_show_is_counted_as_empty():
    everything_explicit = index_catalogue(
        build_catalogue([msgspec.structs.replace(item, explicit=None) for item in CATALOGUE.items], version="unjudged")
    )
    rankers = {name: FakeRanker(everything_explicit.catalogue) for name in ("als",)}
    world = a_world(index=everything_explicit, rankers=rankers)
    control, strict = previewed(("strict", {"filtering.hide_explicit": True}), world=world).variants
    assert (control.share_empty, strict.share_empty) == (0.0, 1.0)
    assert strict.n_fallback == strict.n_pages
