"""Tables of the Free Music Archive's form: tracks, their genres' names, and audio features, joined into items."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from counterpoint.content.embedding import AUDIO_FEATURES, SOUND_SPACE, music_embedding
from counterpoint.content.importers import parsing
from counterpoint.content.importers.parsing import RowRefused
from counterpoint.content.importers.reading import Row
from counterpoint.content.item import Item

TRACK_COLUMNS = frozenset({"track_id", "title", "genre_top", "listens", "date_created"})
GENRE_COLUMNS = frozenset({"genre_id", "title", "parent_id"})
FEATURE_COLUMNS = frozenset({"track_id", *AUDIO_FEATURES})

# Both are conventions of the Echo Nest's features: above these, a track most likely has no sung, and no spoken, words.
_INSTRUMENTAL_FROM = 0.5
_SPOKEN_FROM = 0.33
_EXPLICIT = re.compile(r"fuck|shit|bitch|cunt|nigg|pussy|faggot|\b(?:whore|slut|cock|dick)s?\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One row of a tracks table, parsed but not yet joined with genres, features and the listening of all others."""

    key: int
    title: str
    genre_top: str
    genre_ids: tuple[str, ...]
    n_listens: float | None
    released_at: datetime | None
    duration_s: float | None
    language: str | None
    tags: tuple[str, ...]


def parse_track(row: Row, latest: datetime) -> Track:
    """Return the track of one row; refuses a row without id or title, or with an impossible value."""
    values = row.values
    duration_s = parsing.number(values, "duration_s", at_least=0, at_most=86_400)
    if duration_s == 0:
        raise RowRefused("out_of_range", "duration_s is 0")
    return Track(
        key=parsing.key(values, "track_id"),
        title=parsing.required_text(values, "title"),
        genre_top=parsing.text(values, "genre_top"),
        genre_ids=parsing.names(values, "genres"),
        n_listens=parsing.number(values, "listens", at_least=0),
        released_at=parsing.instant(values, "date_created", latest=latest),
        duration_s=duration_s,
        language=parsing.text(values, "language_code") or None,
        tags=parsing.names(values, "tags"),
    )


def parse_genre(row: Row) -> tuple[str, str]:
    """Return the id and the name of one genre."""
    return str(parsing.key(row.values, "genre_id")), parsing.required_text(row.values, "title")


def parse_features(row: Row) -> tuple[int, dict[str, float]]:
    """Return the track and its audio features; each is in [0, 1] but the tempo, in beats per minute."""
    found = {
        name: parsing.required_number(row.values, name, at_least=0, at_most=400 if name == "tempo" else 1)
        for name in AUDIO_FEATURES
    }
    return parsing.key(row.values, "track_id"), found


def join_tracks(
    tracks: Sequence[Track], genre_names: Mapping[str, str], features: Mapping[int, Mapping[str, float]]
) -> list[Item]:
    """Return one item per track, with popularity as a percentile of listens among `tracks`."""
    popularity = percentiles([track.n_listens for track in tracks])
    items: list[Item] = []
    for track, percentile in zip(tracks, popularity, strict=True):
        named = [genre_names[genre] for genre in track.genre_ids if genre in genre_names]
        broadest = [track.genre_top] if track.genre_top else []
        genres = tuple(dict.fromkeys([*(name for name in named if name not in broadest), *broadest]))
        sound = features.get(track.key)
        embedding = music_embedding(genres, sound)
        items.append(
            Item(
                id=f"track:{track.key}",
                kind="track",
                title=track.title,
                subtitle=" · ".join(genres[:2]),
                genres=genres,
                explicit=_explicit(track, sound),
                popularity=percentile,
                released_at=track.released_at,
                duration_s=track.duration_s,
                language=track.language,
                embedding=embedding,
                space=SOUND_SPACE if embedding else "",
            )
        )
    return items


def percentiles(counts: Sequence[float | None]) -> list[float | None]:
    """Return each count's percentile among those known, in [0, 100], ties sharing their middle; None stays None."""
    known = np.sort(np.array([count for count in counts if count is not None], dtype=np.float64))
    if not known.size:
        return [None] * len(counts)
    values = np.array([np.nan if count is None else count for count in counts], dtype=np.float64)
    middle = (np.searchsorted(known, values, "left") + np.searchsorted(known, values, "right")) / 2
    return [None if np.isnan(v) else float(round(100 * m / known.size, 2)) for v, m in zip(values, middle, strict=True)]


def _explicit(track: Track, sound: Mapping[str, float] | None) -> bool | None:
    words = " ".join((track.title, *track.tags)).casefold()
    if _EXPLICIT.search(words):
        return True
    # Nobody has judged these tracks. One that has no words cannot have explicit ones; of any other we do not know.
    if sound is not None and sound["instrumentalness"] >= _INSTRUMENTAL_FROM and sound["speechiness"] < _SPOKEN_FROM:
        return False
    return None
