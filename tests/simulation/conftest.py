"""A small catalogue, surface and pages for simulated listeners; no other room is needed."""

import numpy as np
import pytest

from counterpoint.config import Attribute, Metric, Surface
from counterpoint.content import AUDIO_FEATURES, Item, build_catalogue, music_embedding, talk_embeddings
from counterpoint.vocabulary import AttributeType

METRICS = {
    "listening_minutes_7d": {"type": "mean"},
    "music_minutes_7d": {"type": "mean"},
    "podcast_minutes_7d": {"type": "mean"},
    "podcast_starters_7d": {"type": "proportion"},
    "home_ctr": {"type": "ratio", "numerator": "home clicks", "denominator": "home impressions"},
    "jump_back_in_ctr": {
        "type": "ratio",
        "numerator": "jump back in clicks",
        "denominator": "jump back in impressions",
    },
    "session_minutes": {"type": "ratio", "numerator": "minutes played", "denominator": "sessions"},
    "skip_rate": {"type": "ratio", "numerator": "skips", "denominator": "plays"},
    "home_empty_rate": {"type": "ratio", "numerator": "empty or fallback pages", "denominator": "pages"},
    "days_active_7d": {"type": "mean"},
    "retention_7d": {"type": "proportion"},
    "scroll_depth": {"type": "mean"},
    "page_load_ms_p95": {"type": "quantile", "quantile": 0.95},
    "time_to_first_play_s": {"type": "quantile", "quantile": 0.5},
}
ATTRIBUTES = {
    "country": {"type": AttributeType.STRING, "fixed": True},
    "plan": {"type": AttributeType.ENUM, "values": ("free", "premium")},
    "platform": {"type": AttributeType.ENUM, "values": ("ios", "android", "web", "desktop")},
    "listens_podcasts": {"type": AttributeType.BOOL},
    "top_genre": {"type": AttributeType.ENUM, "values": ("rock", "rap")},
    "mood": {"type": AttributeType.ENUM, "values": ("calm", "loud")},
    "shoe_size": {"type": AttributeType.INT},
    "network": {"type": AttributeType.ENUM, "values": ("wifi", "cellular"), "scope": "request"},
    "hour_of_day": {"type": AttributeType.INT, "scope": "request"},
}


@pytest.fixture(scope="session")
def surface():
    return Surface(
        key="home",
        description="",
        unit="user_id",
        attributes={key: Attribute(key=key, **facts) for key, facts in ATTRIBUTES.items()},
        layers={},
        parameters={},
        metrics={key: Metric(key=key, window_days=7, better="higher", **facts) for key, facts in METRICS.items()},
    )


@pytest.fixture(scope="session")
def catalogue():
    rng = np.random.default_rng(5)
    items = []
    for key in range(160):
        genres = ("Punk", "Rock") if key % 2 else ("Trap", "Hip-Hop")
        sound = dict(zip(AUDIO_FEATURES, rng.random(len(AUDIO_FEATURES)), strict=True)) | {
            "tempo": 60 + 120 * rng.random()
        }
        items.append(
            Item(
                id=f"track:{key}",
                kind="track",
                title=f"Song {key}",
                genres=genres,
                popularity=float(key * 100 / 160),
                duration_s=200.0,
                embedding=music_embedding(genres, sound),
                space="s",
            )
        )
    words = ["python", "rust", "cloud", "horse", "paint", "chess", "ocean", "stars", "bread"]
    texts = [" ".join(rng.choice(words, 4)) for _ in range(40)]
    for key, vector in enumerate(talk_embeddings(texts)):
        items.append(
            Item(id=f"podcast:{key}", kind="podcast", title=texts[key], duration_s=1800.0, embedding=vector, space="w")
        )
    return build_catalogue(items, version="test")


def page(catalogue, request_id, *, podcasts_at=6, n_shelves=8, n_cards=6, draw=0, **more):
    """A page document with one podcast shelf; `draw` chooses its items, and nothing else does."""
    rng = np.random.default_rng(draw)
    shelves = []
    for position in range(1, n_shelves + 1):
        kind = "podcast" if position == podcasts_at else "track"
        pool = catalogue.by_kind[kind]
        cards = [
            {"item": pool[i].id, "kind": kind, "title": "", "position": place, "source": "x", "score": 1.0}
            for place, i in enumerate(rng.choice(len(pool), n_cards, replace=False), 1)
        ]
        key = "podcasts" if kind == "podcast" else "jump_back_in" if position == 1 else f"shelf_{position}"
        shelves.append({"key": key, "title": "", "position": position, "status": "ok", "cards": cards})
    return {"surface": "home", "request_id": request_id, "status": "complete", "shelves": shelves, **more}


@pytest.fixture(scope="session")
def make_page():
    return page
