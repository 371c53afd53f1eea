"""The catalogue as columns, so that a rule judges a page's candidates at once and not one by one."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue, Item
from counterpoint.pages.evidence import Rows, Scores

MUSIC_KINDS = frozenset({"track", "album", "artist", "playlist"})
TALK_KINDS = frozenset({"podcast", "episode"})


@dataclass(frozen=True, kw_only=True)  # no slots: ordered lists are cached properties, built on first use
class PageIndex:
    """Facts of every item, one array per fact, rows as in the catalogue. Build one with `index_catalogue`.

    Attributes:
        popularity: In [0, 100]; NaN when unknown.
        explicit: 1 yes, 0 no, -1 nobody has said.
        available_from: Epoch seconds; -inf when unbounded.
        available_until: Epoch seconds; +inf when unbounded.
        released_at: Epoch seconds; NaN when unknown.
        premium: Whether only premium products may play it.
        artist: A number per artist; -1 when unknown.
        markets: Market -> whether each row may be shown there, for every market that some item names.
        everywhere: Whether each row may be shown in any market.
        taken_down: Whether nobody may see the row.
    """

    catalogue: Catalogue
    popularity: NDArray[np.float64]
    explicit: NDArray[np.int8]
    available_from: NDArray[np.float64]
    available_until: NDArray[np.float64]
    released_at: NDArray[np.float64]
    premium: NDArray[np.bool_]
    artist: NDArray[np.int32]
    artist_names: tuple[str, ...]
    markets: Mapping[str, NDArray[np.bool_]]
    everywhere: NDArray[np.bool_]
    taken_down: NDArray[np.bool_]
    editors: Rows

    @property
    def version(self) -> str:
        """Version of the catalogue it was made from."""
        return self.catalogue.version

    @property
    def items(self) -> tuple[Item, ...]:
        """Items by row."""
        return self.catalogue.items

    def in_market(self, market: str | None) -> NDArray[np.bool_]:
        """Return whether each row may be shown in `market`; None is a request that does not say."""
        return self.everywhere if market is None else self.markets.get(market, self.everywhere)

    def rows_of(self, ids: Sequence[str]) -> Rows:
        """Return the rows of those `ids` that exist, in order."""
        get = self.catalogue.row_of.get
        return np.array([row for row in map(get, ids) if row is not None], dtype=np.int64)

    @cached_property
    def popularity_scores(self) -> Scores:
        """Popularity of each row in [0, 1]; 0 where it is unknown."""
        return np.nan_to_num(self.popularity, nan=0.0) / 100.0

    @cached_property
    def music(self) -> Rows:
        """Music rows, most popular first."""
        return self._by_popularity(MUSIC_KINDS)

    @cached_property
    def talk(self) -> Rows:
        """Podcast and episode rows, most popular first."""
        return self._by_popularity(TALK_KINDS)

    @cached_property
    def newest(self) -> Rows:
        """Music rows with a known release date, newest first."""
        music = self.music[~np.isnan(self.released_at[self.music])]
        return music[np.argsort(-self.released_at[music], kind="stable")]

    @cached_property
    def genres(self) -> Mapping[str, Rows]:
        """Genre -> its music rows, most popular first; genres are case-folded."""
        groups: dict[str, list[int]] = {}
        items = self.items
        for row in self.music.tolist():
            for genre in items[row].genres:
                groups.setdefault(genre.casefold(), []).append(row)
        return {genre: np.array(rows, dtype=np.int64) for genre, rows in groups.items()}

    @cached_property
    def by_artist(self) -> Mapping[str, Rows]:
        """Artist -> rows of everything they made, newest first (unknown dates last)."""
        groups: dict[str, list[int]] = {}
        for row in np.argsort(-self.released_at, kind="stable").tolist():  # NaN sorts last
            if (artist := self.items[row].artist) is not None:
                groups.setdefault(artist, []).append(row)
        return {artist: np.array(rows, dtype=np.int64) for artist, rows in groups.items()}

    def neighbours(self, row: int, n: int) -> Rows:
        """Return the `n` music rows most like `row`, most like first; itself and rows without a place are left out."""
        known = self._neighbours.get((row, n))
        if known is None:
            vectors = self.catalogue.embeddings
            likeness = vectors[self.music] @ vectors[row]
            candidates = self.music[(likeness > 0) & (self.music != row)]
            likeness = vectors[candidates] @ vectors[row]
            known = candidates[np.argsort(-likeness, kind="stable")][:n]
            self._neighbours[row, n] = known
        return known

    @cached_property
    def _neighbours(self) -> dict[tuple[int, int], Rows]:
        # Grows to one short array per item that somebody played, and goes with this version of the catalogue.
        return {}

    def _by_popularity(self, kinds: AbstractSet[str]) -> Rows:
        rows = np.array([row for row, item in enumerate(self.items) if item.kind in kinds], dtype=np.int64)
        # Unknown popularity stands last; the stable sort settles ties by id.
        return rows[np.argsort(-np.nan_to_num(self.popularity[rows], nan=-1.0), kind="stable")]


def index_catalogue(
    catalogue: Catalogue, *, takedowns: AbstractSet[str] = frozenset(), editors: Sequence[str] = ()
) -> PageIndex:
    """Return the columns of `catalogue`; made once per catalogue version, used by every page.

    Args:
        takedowns: Ids that nobody may see.
        editors: Ids of the editors' list, the last resort of a page; the most popular music when empty.
    """
    items = catalogue.items
    names = tuple(sorted({item.artist for item in items if item.artist is not None}))
    number = {name: k for k, name in enumerate(names)}
    everywhere = np.array([not item.markets for item in items], dtype=np.bool_)
    markets: dict[str, NDArray[np.bool_]] = {}
    for row, item in enumerate(items):
        for market in item.markets:
            markets.setdefault(market, everywhere.copy())[row] = True
    index = PageIndex(
        catalogue=catalogue,
        popularity=catalogue.popularity,
        explicit=np.array([-1 if item.explicit is None else int(item.explicit) for item in items], dtype=np.int8),
        available_from=_instants(items, "available_from", -np.inf),
        available_until=_instants(items, "available_until", np.inf),
        released_at=_instants(items, "released_at", np.nan),
        premium=np.array([item.tier == "premium" for item in items], dtype=np.bool_),
        artist=np.array([-1 if item.artist is None else number[item.artist] for item in items], dtype=np.int32),
        artist_names=names,
        markets=markets,
        everywhere=everywhere,
        taken_down=np.array([item.id in takedowns for item in items], dtype=np.bool_),
        editors=catalogue.rows(editors).astype(np.int64),
    )
    # Touched here so that no request pays for them.
    _ = index.music, index.talk, index.newest, index.genres, index.by_artist
    return index


def _instants(items: Sequence[Item], fact: str, unknown: float) -> NDArray[np.float64]:
    moments = (getattr(item, fact) for item in items)
    return np.array([unknown if moment is None else moment.timestamp() for moment in moments], dtype=np.float64)
