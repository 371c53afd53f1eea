"""Listening as models need it: the log of many to learn from, and the past of one to score for."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayLog:
    """Plays of many listeners, one entry per play in each column.

    Attributes:
        units: Listeners; `unit` holds positions in it.
        items: Item ids; `item` holds positions in it.
        at_s: Epoch seconds.
        amount: How much was heard, above 0: minutes, or a play count where the source has only that.
    """

    units: tuple[str, ...]
    items: tuple[str, ...]
    unit: NDArray[np.intp]
    item: NDArray[np.intp]
    at_s: NDArray[np.float64]
    amount: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.unit)

    def where(self, chosen: NDArray[np.bool_]) -> "PlayLog":
        """Return the plays `chosen`; listeners and items keep their positions."""
        return PlayLog(
            units=self.units,
            items=self.items,
            unit=self.unit[chosen],
            item=self.item[chosen],
            at_s=self.at_s[chosen],
            amount=self.amount[chosen],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerState:
    """The past of one listener, on one catalogue.

    Attributes:
        played: Row of each play; a row repeats as often as it was played.
        weight: How much each play still counts, in (0, 1]: 1 now, 1/2 after one half life.
        follows: Ids of podcasts and names of artists that the listener follows.
        skipped: Rows skipped lately.
    """

    played: NDArray[np.intp]
    weight: NDArray[np.float64]
    follows: AbstractSet[str] = frozenset()
    skipped: NDArray[np.intp]

    @property
    def has_past(self) -> bool:
        """Whether anything was ever played."""
        return self.played.size > 0


NO_PAST = ListenerState(played=np.empty(0, np.intp), weight=np.empty(0), skipped=np.empty(0, np.intp))


def play_log(plays: Iterable[tuple[str, str, float, float]]) -> PlayLog:
    """Return the log of `plays`, each a listener, an item, epoch seconds and how much was heard."""
    rows = list(plays)
    units = tuple(sorted({row[0] for row in rows}))
    items = tuple(sorted({row[1] for row in rows}))
    unit_of = {unit: n for n, unit in enumerate(units)}
    item_of = {item: n for n, item in enumerate(items)}
    return PlayLog(
        units=units,
        items=items,
        unit=np.array([unit_of[row[0]] for row in rows], dtype=np.intp),
        item=np.array([item_of[row[1]] for row in rows], dtype=np.intp),
        at_s=np.array([row[2] for row in rows], dtype=np.float64),
        amount=np.array([row[3] for row in rows], dtype=np.float64),
    )


def listener_state(
    played: NDArray[np.intp],
    played_at_s: NDArray[np.float64],
    *,
    now_s: float,
    half_life_days: float,
    follows: AbstractSet[str] = frozenset(),
    skipped: NDArray[np.intp] | None = None,
) -> ListenerState:
    """Return the past of one listener as it counts at `now_s`.

    Args:
        played: Rows of the catalogue, shape (n_plays,).
        played_at_s: Epoch seconds of each play, shape (n_plays,).
        half_life_days: After how many days a play counts half, above 0.
    """
    age_days = np.maximum(now_s - played_at_s, 0.0) / DAY_S
    return ListenerState(
        played=played.astype(np.intp, copy=False),
        weight=np.maximum(0.5 ** (age_days / half_life_days), 1e-9),  # never 0: very old taste is taste all the same
        follows=follows,
        skipped=np.empty(0, np.intp) if skipped is None else skipped,
    )


def taste_of(state: ListenerState, catalogue: Catalogue) -> NDArray[np.float64]:
    """Return the weighted mean embedding of what was played, less a little of what was skipped; zero without a past."""
    taste = state.weight @ catalogue.embeddings[state.played].astype(np.float64)
    taste = taste / max(float(state.weight.sum()), 1e-12)
    if state.skipped.size:
        taste = taste - 0.3 * catalogue.embeddings[state.skipped].mean(axis=0)
    return np.asarray(taste, dtype=np.float64)
