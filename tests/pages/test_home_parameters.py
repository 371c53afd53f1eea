import asyncio
from pathlib import Path

import pytest
import yaml

from counterpoint.pages import page_document, serve_page
from pages.page_world import ADULT, BASELINE, FakeConfig, a_request, a_world

OTHER = {
    "layout.max_shelves": 5,
    "layout.hero_style": "video",
    "layout.shortcuts_count": 0,
    "layout.density": "compact",
    "layout.mood_shelf_position": 2,
    "layout.charts_shelf_position": 2,
    "podcasts.shelf_position": 2,
    "podcasts.max_items": 4,
    "podcasts.ranker": "follow_recency",
    "podcasts.show_progress": True,
    "ranking.model": "popularity",
    "ranking.exploration_rate": 0.3,
    "ranking.diversity_lambda": 0.9,
    "ranking.recency_half_life_days": 1,
    "ranking.max_per_artist": 1,
    "filtering.repeat_window_hours": 168,
    "filtering.hide_explicit": True,
    "filtering.min_popularity": 60,
    "filtering.hide_already_played": True,
    "jump_back_in.enabled": False,
    "jump_back_in.max_items": 4,
    "jump_back_in.lookback_days": 2,
    "new_releases.shelf_position": 9,
    "new_releases.max_age_days": 7,
    "new_releases.followed_only": True,
    "genrec.enabled": True,
    "genrec.shelf_position": 10,
    "genrec.prompt_style": "discovery",
    "genrec.timeout_ms": 50,
    "loading.mode": "paged",
    "loading.first_fold_shelves": 5,
    "loading.prefetch_next": True,
    "loading.cache_ttl_s": 600,
    "visual.card_size": "large",
    "visual.show_captions": False,
    "visual.autoplay_preview": True,
    "visual.show_explanations": True,
}
NEEDS = {
    "genrec.shelf_position": {"genrec.enabled": True},
    "genrec.prompt_style": {"genrec.enabled": True},
    "genrec.timeout_ms": {"genrec.enabled": True},
    "loading.first_fold_shelves": {"loading.mode": "progressive"},
}
# Its effect is time: how long a slow store is waited for. tests/pages/test_serve.py shows that one.
ONLY_IN_TIME = {"genrec.timeout_ms"}
# Nothing: every parameter of the reference surface changes the page.
NOT_YET_REAL: set[str] = set()


def document(values, unit="u1", **changes):
    config = FakeConfig(values)
    served = page_document(asyncio.run(serve_page(a_request(unit, **changes), config, a_world())))
    return {key: value for key, value in served.items() if key != "config"}, {read.parameter for read in config.reads}


def test_every_parameter_of_home_is_accounted_for():
    assert set(OTHER) == set(BASELINE)
    assert set(BASELINE) >= NOT_YET_REAL


def test_the_baseline_written_here_is_that_of_the_reference_surface():
    path = Path(__file__).parents[2] / "../shared/home/surface.yaml"
    if not path.exists():
        pytest.skip("../shared/home/surface.yaml is not beside this checkout")
    surface = yaml.safe_load(path.read_text())
    assert {key: one["baseline"] for key, one in surface["parameters"].items()} == BASELINE


@pytest.mark.parametrize("key", sorted(set(BASELINE) - ONLY_IN_TIME - NOT_YET_REAL))
def test_another_value_of_each_parameter_gives_another_page(key):
    needs = NEEDS.get(key, {})
    before, _ = document(needs)
    after, reads = document({**needs, key: OTHER[key]})
    assert after != before
    assert key in reads


def test_parameters_of_the_generated_shelf_are_not_read_while_it_is_off():
    _, reads = document({})
    assert not {key for key in reads if key.startswith("genrec.")} - {"genrec.enabled"}


def test_ranking_is_not_read_for_a_listener_about_whom_every_model_knows_nothing():
    _, reads = document({}, unit="stranger")
    assert not reads & {"ranking.model", "ranking.recency_half_life_days", "podcasts.ranker", "jump_back_in.enabled"}


def test_hiding_explicit_content_is_not_read_for_a_minor_from_whom_it_is_hidden_anyway():
    _, reads = document({}, context={**ADULT, "age_band": "13-17"})
    assert "filtering.hide_explicit" not in reads


def test_the_mood_shelf_is_not_placed_when_the_hour_is_unknown():
    _, reads = document({}, context={key: value for key, value in ADULT.items() if key != "hour_of_day"})
    assert "layout.mood_shelf_position" not in reads


def test_the_first_fold_is_not_read_when_the_page_is_sent_whole():
    _, reads = document({})
    assert "loading.first_fold_shelves" not in reads
