"""The catalogue in memory: immutable, indexed, and swapped whole so that a refresh never pauses a page."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from counterpoint.content.item import Item, Kind
from counterpoint.content.store import ContentStore
from counterpoint.errors import InvalidInput, NotFound


@dataclass(frozen=True, kw_only=True)  # no slots: the matrices are cached properties, built on first use
class Catalogue:
    """Every item of one version of the content, by id, by kind and by genre. Build one with `build_catalogue`.

    Attributes:
        version: Names the content; two catalogues of one version hold the same items.
        items: All items, ordered by id; a *row* is a position in this tuple.
        row_of: Id -> row.
    """

    version: str
    items: tuple[Item, ...]
    row_of: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.items)

    def get(self, item_id: str) -> Item | None:
        """Return the item called `item_id`, or None."""
        row = self.row_of.get(item_id)
        return None if row is None else self.items[row]

    def item(self, item_id: str) -> Item:
        """Return the item called `item_id`.

        Raises:
            NotFound: The catalogue has no such item.
        """
        found = self.get(item_id)
        if found is None:
            raise NotFound("unknown_item", f"the catalogue has no item {item_id!r}", fix="import it, or name another")
        return found

    @cached_property
    def by_kind(self) -> Mapping[Kind, tuple[Item, ...]]:
        """Items of each kind present, most popular first (unknown popularity last, then by id)."""
        groups: dict[Kind, list[Item]] = {}
        for item in self.items:
            groups.setdefault(item.kind, []).append(item)
        return {kind: tuple(sorted(group, key=_most_popular)) for kind, group in groups.items()}

    @cached_property
    def by_genre(self) -> Mapping[str, tuple[Item, ...]]:
        """Items of each genre present, most popular first; an item stands under every genre it names."""
        groups: dict[str, list[Item]] = {}
        for item in self.items:
            for genre in item.genres:
                groups.setdefault(genre, []).append(item)
        return {genre: tuple(sorted(group, key=_most_popular)) for genre, group in groups.items()}

    @cached_property
    def embeddings(self) -> NDArray[np.float32]:
        """Unit rows, shape (n_items, n_dimensions); a zero row where an item has no embedding.

        Each space has columns of its own, so that a dot product across spaces is zero and one matrix product scores
        a whole catalogue.
        """
        widths: dict[str, int] = {}
        for item in self.items:
            widths[item.space] = max(widths.get(item.space, 0), len(item.embedding))
        starts = dict(zip(sorted(widths), np.cumsum([0, *(widths[space] for space in sorted(widths))]), strict=False))
        matrix = np.zeros((len(self.items), sum(widths.values())), dtype=np.float32)
        for row, item in enumerate(self.items):
            if item.embedding:
                start = starts[item.space]
                matrix[row, start : start + len(item.embedding)] = item.embedding
        norms = np.linalg.norm(matrix, axis=1, keepdims=True)
        np.divide(matrix, norms, out=matrix, where=norms > 0)
        matrix.flags.writeable = False
        return matrix

    @cached_property
    def popularity(self) -> NDArray[np.float64]:
        """Popularity of each row in [0, 100]; NaN where it is unknown."""
        values = np.array(
            [np.nan if item.popularity is None else item.popularity for item in self.items], dtype=np.float64
        )
        values.flags.writeable = False
        return values

    def rows(self, ids: Iterable[str]) -> NDArray[np.intp]:
        """Return the rows of those `ids` that the catalogue has, in the order given."""
        found = (self.row_of.get(item_id) for item_id in ids)
        return np.array([row for row in found if row is not None], dtype=np.intp)


def build_catalogue(items: Iterable[Item], *, version: str) -> Catalogue:
    """Return the catalogue of `items`, with every index ready for the first request.

    Raises:
        InvalidInput: Two items share an id (`duplicate_item`), or the embeddings of one space differ in length
            (`mixed_embeddings`).
    """
    ordered = tuple(sorted(items, key=lambda item: item.id))
    row_of = {item.id: row for row, item in enumerate(ordered)}
    if len(row_of) != len(ordered):
        twice = next(a.id for a, b in pairwise(ordered) if a.id == b.id)
        raise InvalidInput("duplicate_item", f"two items are called {twice!r}", fix="give every item its own id")
    lengths: dict[str, int] = {}
    for item in ordered:
        if item.embedding and lengths.setdefault(item.space, len(item.embedding)) != len(item.embedding):
            raise InvalidInput(
                "mixed_embeddings",
                f"{item.id} has {len(item.embedding)} numbers in space {item.space!r}, others {lengths[item.space]}",
                fix="give each embedding model a space of its own",
            )
    catalogue = Catalogue(version=version, items=ordered, row_of=row_of)
    # Touched here so that no request pays for them.
    _ = catalogue.embeddings, catalogue.by_kind, catalogue.by_genre, catalogue.popularity
    return catalogue


def rebase_releases(catalogue: Catalogue, *, newest: datetime) -> Catalogue:
    """Return a view of `catalogue` whose release dates are moved, all by one interval, so that the last is `newest`.

    Historic catalogues (the reference one ends in 2010) have nothing that counts as new today; this keeps the rhythm of
    their releases for a demonstration. What is stored keeps its true dates.
    """
    known = [item.released_at for item in catalogue.items if item.released_at is not None]
    if not known:
        return catalogue
    shift = newest - max(known)
    moved = [
        item if item.released_at is None else msgspec.structs.replace(item, released_at=item.released_at + shift)
        for item in catalogue.items
    ]
    return build_catalogue(moved, version=f"{catalogue.version}+{int(newest.timestamp())}")


class LiveCatalogue:
    """The catalogue being served now; readers take `current` once per page, refreshes replace it in one assignment.

    Args:
        store: Where refreshes come from; read once here.
        view: Applied to each catalogue before it is served, such as `rebase_releases`.
    """

    def __init__(self, store: ContentStore, *, view: Callable[[Catalogue], Catalogue] | None = None) -> None:
        self._store = store
        self._view = view
        self._served = self._load()

    @property
    def current(self) -> Catalogue:
        """The catalogue of the last successful refresh."""
        return self._served[1]

    def refresh(self) -> bool:
        """Serve what the store has if its version differs, and return whether anything changed.

        Pages under way keep the catalogue that they took.

        Raises:
            CounterpointError: The store cannot be read; what is being served stays.
        """
        if self._store.version() == self._served[0]:
            return False
        self._served = self._load()
        return True

    def _load(self) -> tuple[str, Catalogue]:
        stored = self._store.read()
        catalogue = build_catalogue(stored.items, version=stored.version)
        return stored.version, self._view(catalogue) if self._view else catalogue


def _most_popular(item: Item) -> tuple[float, str]:
    return (-1.0 if item.popularity is None else item.popularity) * -1.0, item.id
