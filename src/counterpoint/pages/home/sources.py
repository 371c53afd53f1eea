"""Where Home's candidates come from: history, models, charts, releases, genres, moods and the generated shelf."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from counterpoint.pages.chance import chance
from counterpoint.pages.evidence import Rows, Scores, StageStatus
from counterpoint.pages.home.taste import DAY_S
from counterpoint.pages.index import MUSIC_KINDS
from counterpoint.pages.inputs import RemoteResult
from counterpoint.pages.ports import World
from counterpoint.pages.request import Request
from counterpoint.pages.stages import Fetched
from counterpoint.pages.visit import Visit

N_CANDIDATES = 50
N_FOR_YOU = 200
"""Deeper than other shelves: a strict policy must leave the essential shelf something to show."""
NEWEST_DAYS = 90.0
"""No bound of `new_releases.max_age_days` lies beyond it."""
FREQUENT_DAYS = 28.0
MOODS = (
    # Local hours, title, genres that carry it; the reference catalogue names its genres as the Free Music Archive does.
    (range(5, 11), "Morning calm", ("indie-rock", "folk", "singer-songwriter", "dream-pop", "shoegaze", "pop")),
    (range(11, 17), "Keep moving", ("rock", "electronic", "power-pop", "rap", "edm", "alternative hip-hop")),
    (range(17, 22), "Evening energy", ("punk", "metal", "hip-hop", "hip-hop beats", "rap", "latin")),
)
NIGHT = ("Late night", ("post-rock", "lo-fi", "ambient", "trip-hop", "psych-rock", "r&b", "chill-out"))


@dataclass(frozen=True, slots=True)
class Frequent:
    """What the listener played most in four weeks: the tiles at the top."""

    key: str = "frequent"

    def fetch(self, visit: Visit) -> Fetched:
        """Return the most played rows, most plays first."""
        rows = _played_since(visit, FREQUENT_DAYS)
        if not rows.size:
            return Fetched(rows=rows)
        distinct, first, counts = np.unique(rows, return_index=True, return_counts=True)
        # Most plays first; among equals the one played last.
        return Fetched(rows=distinct[np.lexsort((first, -counts))][:N_CANDIDATES])


@dataclass(frozen=True, slots=True)
class Recent:
    """What the listener played last, to go on with it."""

    key: str = "recent"

    def fetch(self, visit: Visit) -> Fetched:
        """Return distinct rows played within `jump_back_in.lookback_days`, newest first."""
        if not visit.listener.played.size:
            return Fetched(rows=visit.listener.played)
        rows = _played_since(visit, visit.number("jump_back_in.lookback_days"))
        return Fetched(rows=_distinct(rows)[:N_CANDIDATES])


@dataclass(frozen=True, slots=True)
class MadeForYou:
    """What the ranking model likes best for this listener, out of all music."""

    key: str = "ranking"

    def fetch(self, visit: Visit) -> Fetched:
        """Return the rows of highest relevance."""
        music = visit.index.music
        relevance = ranking(visit)
        if relevance is None:
            return Fetched(rows=music[:N_FOR_YOU])
        scores = relevance[music]
        if len(music) > N_FOR_YOU:
            best = np.argpartition(scores, len(music) - N_FOR_YOU)[-N_FOR_YOU:]
            best.sort()  # partition leaves ties in any order; rows in one order make pages repeatable
            music, scores = music[best], scores[best]
        return Fetched(rows=music[np.argsort(-scores, kind="stable")], explanation="Because of what you play")


@dataclass(frozen=True, slots=True)
class NewReleases:
    """Music released lately."""

    key: str = "new_releases"

    def fetch(self, visit: Visit) -> Fetched:
        """Return the newest rows that any setting would call new."""
        index = visit.index
        newest = index.newest
        # Newest first, so both ends are found by halving.
        ages = -index.released_at[newest]
        begin = int(np.searchsorted(ages, -visit.now_s, side="left"))
        end = int(np.searchsorted(ages, -(visit.now_s - NEWEST_DAYS * DAY_S), side="right"))
        return Fetched(rows=newest[begin:end][: 4 * N_CANDIDATES])


@dataclass(frozen=True, slots=True)
class LikeLastPlayed:
    """Neighbours of the last, or an earlier, thing played, by how they sound."""

    nth: int = 0
    key: str = "like_last_played"

    def fetch(self, visit: Visit) -> Fetched:
        """Return the rows most like the chosen play."""
        index = visit.index
        distinct = visit.once("played_music", _played_music)
        if len(distinct) <= self.nth:
            return Fetched(rows=visit.listener.played[:0])
        seed_row = distinct[self.nth]
        title = index.items[seed_row].title
        rows = index.neighbours(seed_row, N_CANDIDATES)
        return Fetched(rows=rows, title=f"More like {title}", explanation=f"Because you played {title}")


@dataclass(frozen=True, slots=True)
class Podcasts:
    """Podcasts that may be shown here, followed ones first, then the most popular."""

    key: str = "podcasts"

    def fetch(self, visit: Visit) -> Fetched:
        """Return podcast rows."""
        index = visit.index
        followed = index.rows_of([item for item in visit.listener.history.follows if item in index.catalogue.row_of])
        rows = _distinct(np.concatenate([np.sort(followed[np.isin(followed, index.talk)]), index.talk]))
        return Fetched(rows=rows[:N_CANDIDATES])


@dataclass(frozen=True, slots=True)
class Mood:
    """Music for the hour of the day."""

    key: str = "mood"

    def fetch(self, visit: Visit) -> Fetched:
        """Return rows of the genres that carry the mood of the local hour; nothing when the hour is unknown."""
        hour = visit.request.context.get("hour_of_day")
        if not isinstance(hour, int):
            return Fetched(rows=visit.index.music[:0])
        title, genres = next(((title, names) for hours, title, names in MOODS if hour in hours), NIGHT)
        known = [visit.index.genres[name][:N_CANDIDATES] for name in genres if name in visit.index.genres]
        rows = _distinct(np.concatenate(known)) if known else visit.index.music[:0]
        return Fetched(rows=rows[: 2 * N_CANDIDATES], title=title)


@dataclass(frozen=True, slots=True)
class Charts:
    """The most popular music of the market."""

    key: str = "charts"

    def fetch(self, visit: Visit) -> Fetched:
        """Return the most popular rows."""
        music = visit.index.music
        head = music[: 10 * N_CANDIDATES]
        return Fetched(rows=head[visit.index.in_market(visit.market)[head]][:N_CANDIDATES])


@dataclass(frozen=True, slots=True)
class Genre:
    """Music of the listener's first, second or third genre."""

    nth: int = 0
    key: str = "genre"

    def fetch(self, visit: Visit) -> Fetched:
        """Return the most popular rows of that genre."""
        genres = visit.once("top_genres", top_genres)
        if len(genres) <= self.nth:
            return Fetched(rows=visit.index.music[:0])
        name = genres[self.nth]
        return Fetched(
            rows=visit.index.genres[name][: 2 * N_CANDIDATES],
            title=name.title(),
            explanation=f"Because you play {name}",
        )


@dataclass(frozen=True, slots=True)
class Discover:
    """Music off the beaten track: a few of the less popular, another few each day."""

    key: str = "discover"

    def fetch(self, visit: Visit) -> Fetched:
        """Return a window of the less popular half, chosen by unit and day."""
        music = visit.index.music
        tail = music[len(music) // 2 :]
        n_windows = len(tail) // N_CANDIDATES
        if n_windows < 2:
            return Fetched(rows=tail[:N_CANDIDATES])
        day = int(visit.now_s // DAY_S)
        start = int(chance(0, visit.request.unit, day) * n_windows)
        return Fetched(rows=tail[start::n_windows][:N_CANDIDATES])


@dataclass(frozen=True, slots=True)
class Throwback:
    """Older music of the listener's first genre."""

    key: str = "throwback"

    def fetch(self, visit: Visit) -> Fetched:
        """Return popular rows that were released more than five years ago."""
        genres = visit.once("top_genres", top_genres)
        pool = visit.index.genres[genres[0]] if genres else visit.index.music
        pool = pool[: 6 * N_CANDIDATES]
        return Fetched(rows=pool[visit.index.released_at[pool] < visit.now_s - 5 * 365 * DAY_S][:N_CANDIDATES])


@dataclass(frozen=True, slots=True)
class Followed:
    """Music of the artists that the listener follows."""

    key: str = "followed"

    def fetch(self, visit: Visit) -> Fetched:
        """Return their rows, artist by artist, newest first."""
        by_artist = visit.index.by_artist
        known = [by_artist[name][:10] for name in sorted(visit.listener.history.follows & by_artist.keys())]
        return Fetched(rows=np.concatenate(known)[:N_CANDIDATES] if known else visit.index.music[:0])


@dataclass(frozen=True, slots=True)
class Generated:
    """The shelf that a generator wrote before it was asked for, read from the content store."""

    key: str = "genrec"

    def question(self, visit: Visit) -> str:
        """Return which style to ask for."""
        return f"{self.key}/{visit.text('genrec.prompt_style')}"

    def timeout_ms(self, visit: Visit) -> float:
        """Return how long the page waits for the store."""
        return visit.number("genrec.timeout_ms")

    async def ask(self, request: Request, question: str, world: World) -> RemoteResult:
        """Return the shelf written for this unit, unless its time has passed."""
        found = await world.generated.generated(request.unit, question.partition("/")[2])
        if found is None:
            return RemoteResult(status=StageStatus.EMPTY, reason="none_written")
        if found.expires_at <= request.now:
            return RemoteResult(status=StageStatus.EMPTY, reason="expired")
        return RemoteResult(
            status=StageStatus.OK,
            items=found.items,
            title=found.title,
            explanation=found.explanation,
            expires_at_s=found.expires_at.timestamp(),
        )


def ranking(visit: Visit) -> Scores | None:
    """Return the relevance of every row by `ranking.model`; None for a listener without plays.

    All models know as much as popularity about such a listener, so no ranking parameter is read for one.
    """
    if not visit.listener.played.size:
        return None
    return visit.relevance(visit.text("ranking.model"))


def top_genres(visit: Visit) -> list[str]:
    """Return the listener's genres, case-folded, most played first; the declared one when no play is known."""
    index = visit.index
    items = index.items
    heard = (items[row] for row in visit.listener.played[:200].tolist())
    counts = Counter(item.genres[0].casefold() for item in heard if item.genres and item.kind in MUSIC_KINDS)
    if counts:
        return sorted(counts, key=lambda name: (-counts[name], name))
    declared = visit.request.context.get("top_genre")
    return [declared] if isinstance(declared, str) and declared in index.genres else []


def _played_music(visit: Visit) -> list[int]:
    items = visit.index.items
    return [row for row in _distinct(visit.listener.played).tolist() if items[row].kind in MUSIC_KINDS]


def _played_since(visit: Visit, days: float) -> Rows:
    listener = visit.listener
    return listener.played[listener.played_at >= visit.now_s - days * DAY_S]


def _distinct(rows: Rows) -> Rows:
    return np.array(list(dict.fromkeys(rows.tolist())), dtype=np.int64)
