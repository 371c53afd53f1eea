"""Simulated listeners on the pages that are really served: what the page changes, they answer to, and nothing else.

Every comparison is paired: the same listeners, visits and luck, under two configurations.
"""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import counterpoint
from counterpoint.config import load_surface
from counterpoint.content import build_catalogue, import_files, rebase_releases
from counterpoint.events import Outcome
from counterpoint.pages import History, MemoryHistory, MemoryShelves, Request, World, index_catalogue, page_document
from counterpoint.pages import serve_page as serve
from counterpoint.recommend import MODEL_NAMES, load_model, train
from counterpoint.simulation import Population, behave, listening_log
from counterpoint.storage.content import FileContentStore
from pages.page_world import FakeConfig

REFERENCE = Path(counterpoint.__file__).parent / "bootstrap/reference"
START = datetime(2026, 11, 1, tzinfo=UTC)
N_LISTENERS, DAYS = 400, 3

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # minutes on a busy machine


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    store = FileContentStore(tmp_path_factory.mktemp("content"))
    import_files([REFERENCE / "catalogue"], store, now=START)
    stored = store.read()
    catalogue = rebase_releases(build_catalogue(stored.items, version=stored.version), newest=START)
    surface = load_surface((REFERENCE / "surface.yaml").read_text(), source="surface.yaml")
    log = listening_log(Population.generate(catalogue, surface, 800, seed=99), START)
    models = {name: load_model(train(name, log, data="simulated", seed=1), catalogue) for name in MODEL_NAMES}
    return catalogue, surface, {name: models[name] for name in MODEL_NAMES if name != "popularity"}


@pytest.fixture(scope="module")
def baseline(reference):
    return run(reference, {})


def run(reference, changes):
    """Return each listener's sum of every outcome under the baseline with `changes`."""
    catalogue, surface, rankers = reference
    values = {key: parameter.baseline for key, parameter in surface.parameters.items()} | changes
    history = MemoryHistory()
    world = World(
        index=index_catalogue(catalogue),
        history=history,
        generated=MemoryShelves(),
        clock=time.perf_counter,
        rankers=rankers,
    )
    sums = []
    for listener in Population.generate(catalogue, surface, N_LISTENERS, seed=7):
        plays = tuple((item, at.timestamp()) for item, at in listener.plays_before(START))
        total = {}
        for n, visit in enumerate(listener.visit_times(START, DAYS, seed=1)):
            history.put(listener.unit, History(plays=plays))
            request = Request(
                request_id=f"{listener.unit}-{n}",
                surface="home",
                unit=listener.unit,
                now=visit.at,
                seed=n,
                context=listener.context(visit),
            )
            document = page_document(asyncio.run(serve(request, FakeConfig(values), world)))
            behaviour = behave(listener, document, visit, seed=1)
            plays = tuple((play.item, play.at.timestamp()) for play in reversed(behaviour.plays)) + plays
            for event in behaviour.events:
                if isinstance(event, Outcome):
                    total[event.name] = total.get(event.name, 0.0) + event.value
        sums.append(total)
    return sums


def gain(name, changed, before):
    """Mean paired difference of outcome `name` in standard errors."""
    difference = np.array([a.get(name, 0.0) - b.get(name, 0.0) for a, b in zip(changed, before, strict=True)])
    return difference.mean() / stats.sem(difference)


def test_podcasts_further_up_are_played_more(reference, baseline):
    up = run(reference, {"podcasts.shelf_position": 2})
    assert gain("podcast_minutes", up, baseline) > 3
    assert gain("podcast_starters", up, baseline) > 3


def test_music_ranked_by_a_learnt_model_is_played_more_than_by_popularity(reference, baseline):
    popular = run(reference, {"ranking.model": "popularity"})
    assert gain("home_clicks", popular, baseline) < -3


def test_a_parameter_that_changes_no_card_changes_nothing_at_all(reference, baseline):
    assert run(reference, {"visual.card_size": "large", "layout.density": "compact"}) == baseline


def test_nearly_every_visit_has_a_page_worth_scrolling(baseline):
    n_pages = sum(total.get("pages", 0) for total in baseline)
    assert sum(total.get("empty_or_fallback_pages", 0) for total in baseline) == 0
    clicks, shown = (sum(total.get(name, 0) for total in baseline) for name in ("home_clicks", "home_impressions"))
    assert 0.01 < clicks / shown < 0.08
    assert 2 < sum(total.get("scroll_depth", 0) for total in baseline) / n_pages < 7
