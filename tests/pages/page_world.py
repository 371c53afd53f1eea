"""A small world for page tests: a synthetic catalogue, listeners, a config that is written down, a model."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from counterpoint.content import Catalogue, Item, build_catalogue
from counterpoint.pages import GeneratedShelf, History, MemoryHistory, MemoryShelves, Request, World, index_catalogue

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NOW_S = NOW.timestamp()
DAY_S = 86_400.0
GENRES = ("Rock", "Punk", "Hip-Hop", "Lo-Fi", "Indie-Rock", "Metal")
BASELINE = {
    "layout.max_shelves": 12,
    "layout.hero_style": "none",
    "layout.shortcuts_count": 6,
    "layout.density": "comfortable",
    "layout.mood_shelf_position": 8,
    "layout.charts_shelf_position": 9,
    "podcasts.shelf_position": 6,
    "podcasts.max_items": 8,
    "podcasts.ranker": "popularity",
    "podcasts.show_progress": False,
    "ranking.model": "als",
    "ranking.exploration_rate": 0.02,
    "ranking.diversity_lambda": 0.2,
    "ranking.recency_half_life_days": 14,
    "ranking.max_per_artist": 3,
    "filtering.repeat_window_hours": 24,
    "filtering.hide_explicit": False,
    "filtering.min_popularity": 5,
    "filtering.hide_already_played": False,
    "jump_back_in.enabled": True,
    "jump_back_in.max_items": 10,
    "jump_back_in.lookback_days": 30,
    "new_releases.shelf_position": 4,
    "new_releases.max_age_days": 28,
    "new_releases.followed_only": False,
    "genrec.enabled": False,
    "genrec.shelf_position": 3,
    "genrec.prompt_style": "mood",
    "genrec.timeout_ms": 250,
    "loading.mode": "full",
    "loading.first_fold_shelves": 3,
    "loading.prefetch_next": False,
    "loading.cache_ttl_s": 60,
    "visual.card_size": "medium",
    "visual.show_captions": True,
    "visual.autoplay_preview": False,
    "visual.show_explanations": False,
}


@dataclass(frozen=True)
class FakeRead:
    parameter: str
    value: object
    reason: str = "STATIC"
    experiment: str | None = None
    variant: str | None = None
    is_exposure: bool = False


class FakeConfig:
    """A config that is written down: values over the baseline, and which experiment may set which parameter."""

    snapshot_id = "0123456789abcdef"
    release = 7
    age_s = 300.0
    is_stale = False

    def __init__(self, values=None, *, experiments=None):
        self._values = {**BASELINE, **(values or {})}
        self._experiments = experiments or {}
        self._reads = {}

    def value(self, key):
        if key not in self._reads:
            experiment, variant = self._experiments.get(key, (None, None))
            reason = "SPLIT" if experiment else "STATIC"
            self._reads[key] = FakeRead(key, self._values[key], reason, experiment, variant, experiment is not None)
        return self._reads[key].value

    @property
    def reads(self):
        return tuple(self._reads.values())


@dataclass(frozen=True)
class FakeRanker:
    """Likes what lies near what was played; knows nothing about the rest."""

    catalogue: Catalogue
    name: str = "fake"
    version: str = "fake-1"

    def score(self, state):
        taste = (self.catalogue.embeddings[state.played] * state.weight[:, None]).sum(axis=0)
        return self.catalogue.embeddings @ taste.astype(np.float64)


def synthetic_catalogue(n_tracks=400, n_podcasts=30, seed=7):
    draw = np.random.default_rng(seed)
    items = []
    for k in range(n_tracks):
        genre = int(draw.integers(len(GENRES)))
        place = draw.normal(size=8) * 0.4
        place[genre] += 1.5
        items.append(
            Item(
                id=f"track:{k:05}",
                kind="track",
                title=f"Song {k}",
                artist=f"Artist {int(draw.integers(60))}" if k % 9 else None,
                genres=(GENRES[genre],),
                markets=() if k % 7 else ("SE", "NO"),
                explicit=(True, False, None)[k % 3] if k % 4 == 0 else False,
                tier="premium" if k % 31 == 0 else "free",
                available_until=NOW - timedelta(days=1) if k % 53 == 0 else None,
                popularity=None if k % 41 == 0 else float(k % 100),
                released_at=None
                if k % 37 == 0
                else NOW - timedelta(days=int(draw.integers(4_000)) // (1 + 20 * (k % 2))),
                embedding=tuple(map(float, place)),
                space="music",
            )
        )
    shows = (
        Item(
            id=f"podcast:{k:03}",
            kind="podcast",
            title=f"Show {k}",
            artist=f"Host {k}",
            genres=("News",),
            explicit=False,
            popularity=float(3 * k % 100),
            embedding=tuple(map(float, draw.normal(size=4))),
            space="talk",
        )
        for k in range(n_podcasts)
    )
    items.extend(shows)
    return build_catalogue(items, version=f"synthetic-{n_tracks}-{n_podcasts}-{seed}")


CATALOGUE = synthetic_catalogue()
INDEX = index_catalogue(CATALOGUE, takedowns={"track:00011"})


def a_history(seed=1, n_plays=60, catalogue=CATALOGUE):
    draw = np.random.default_rng(seed)
    ids = [item.id for item in catalogue.items]
    picks = [ids[int(k)] for k in draw.integers(len(ids), size=n_plays)]
    ages = np.sort(draw.uniform(0.1, 45, size=n_plays))
    return History(
        plays=tuple((item, NOW_S - float(age) * DAY_S) for item, age in zip(picks, ages, strict=True)),
        shown={
            ids[int(k)]: NOW_S - float(age) * 3600
            for k, age in zip(draw.integers(len(ids), size=30), range(1, 31), strict=True)
        },
        follows=frozenset({"Artist 3", "Artist 5", "podcast:002"}),
        blocked=frozenset({"track:00042", "Artist 9"}),
        progress={"podcast:002": 0.4, "podcast:029": 0.9},
    )


A_SHELF = GeneratedShelf(
    title="Calm before noon",
    items=("track:00010", "track:00020", "track:00050", "track:00070", "no-such-item"),
    source="generator-1",
    created_at=NOW - timedelta(hours=2),
    expires_at=NOW + timedelta(hours=2),
    explanation="Made for a calm morning",
)


def a_world(**changes):
    parts = {
        "index": INDEX,
        "history": MemoryHistory({"u1": a_history(1), "u2": a_history(2), "u3": a_history(3, n_plays=5)}),
        "generated": MemoryShelves({(unit, "mood"): A_SHELF for unit in ("u1", "u2")}),
        "clock": lambda: 0.0,
        "rankers": {name: FakeRanker(CATALOGUE) for name in ("als", "als_diverse", "sequence", "follow_recency")},
    }
    return World(**{**parts, **changes})


ADULT = {"country": "SE", "plan": "premium", "age_band": "25-34", "hour_of_day": 9}


def a_request(unit="u1", **changes):
    parts = {
        "request_id": f"r-{unit}",
        "surface": "home",
        "unit": unit,
        "now": NOW,
        "seed": 11,
        "context": ADULT,
    }
    return Request(**{**parts, **changes})


@dataclass
class Broken:
    """Stands in for any port, source, rule or model, and fails."""

    key: str = "broken"
    version: str = "broken"
    name: str = "broken"
    error: type[Exception] = OSError
    calls: list = field(default_factory=list)

    def _fail(self, *args, **kwargs):
        self.calls.append(args)
        raise self.error("down")

    fetch = judge = score = opens = _fail

    async def history(self, unit):
        self._fail(unit)

    async def generated(self, unit, style):
        self._fail(unit, style)
