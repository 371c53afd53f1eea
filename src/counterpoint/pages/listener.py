"""What the page knows about a listener, by id as history keeps it and by row as rules and rankers need it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from counterpoint.pages.evidence import Rows
from counterpoint.pages.index import PageIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A listener's past, by item id; times are epoch seconds.

    Attributes:
        plays: Item and time of each play, newest first.
        shown: Item -> when it was last shown on this surface.
        follows: Artists and podcasts that the listener follows (an artist's name or an item's id).
        blocked: Items and artists that the listener never wants to see.
        progress: Episode or podcast -> share played, in [0, 1].
    """

    plays: tuple[tuple[str, float], ...] = ()
    shown: Mapping[str, float] = field(default_factory=dict)
    follows: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    progress: Mapping[str, float] = field(default_factory=dict)


NO_HISTORY = History()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A history on one catalogue; items that the catalogue no longer has are left out.

    Attributes:
        played: Row of each play, newest first; a row repeats as often as it was played.
        played_at: Epoch seconds of each play.
        shown: Rows that were shown, each once.
        shown_at: When each was last shown.
    """

    history: History
    played: Rows
    played_at: NDArray[np.float64]
    shown: Rows
    shown_at: NDArray[np.float64]
    blocked: Rows


def listener_on(history: History, index: PageIndex) -> Listener:
    """Return `history` by row of `index`."""
    row_of = index.catalogue.row_of
    played, played_at = _rows_and_times(history.plays, row_of)
    shown, shown_at = _rows_and_times(tuple(history.shown.items()), row_of)
    blocked = [row_of[item] for item in history.blocked if item in row_of]
    if history.blocked:
        for artist in history.blocked & index.by_artist.keys():
            blocked.extend(index.by_artist[artist].tolist())
    return Listener(
        history=history,
        played=played,
        played_at=played_at,
        shown=shown,
        shown_at=shown_at,
        blocked=np.array(sorted(blocked), dtype=np.int64),
    )


def _rows_and_times(
    pairs: tuple[tuple[str, float], ...], row_of: Mapping[str, int]
) -> tuple[Rows, NDArray[np.float64]]:
    known = [(row_of[item], at) for item, at in pairs if item in row_of]
    if not known:
        return np.empty(0, dtype=np.int64), np.empty(0)
    rows, times = zip(*known, strict=True)
    return np.array(rows, dtype=np.int64), np.array(times, dtype=np.float64)
