"""What a listener sees of a page and chooses from it: position bias, then relevance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from counterpoint.simulation.population import Listener

# Chosen so that about one visit in two has a click and a card's click-through is a few per cent; invented, like all
# constants of this room, and the same for everybody: nothing here differs between variants.
_MUSIC_LEVEL = -4.3
_TALK_LEVEL = -2.5
_TALK_STRANGER = -0.8
_LIKENESS = 0.8
_APPEAL = 0.3
_FAMILIAR = 0.6
_CARD_BIAS = 0.5
_SIDEWAYS = 0.35
_STAY = 0.45
_DISLIKE = 0.0025


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPage:
    """The part of a page document that a listener can see, flattened in reading order; nothing else is ever read.

    Attributes:
        shelf: Index into `shelf_keys` of each card.
        shelf_positions: Position of each shelf from the top, from 1.
        position: Position of each card on its shelf, from 1.
        row: Row of each card's item in the catalogue; -1 for an item that the listener does not know.
    """

    request_id: str
    is_last_resort: bool
    shelf_keys: tuple[str, ...]
    shelf_positions: tuple[int, ...]
    items: tuple[str, ...]
    shelf: NDArray[np.intp]
    position: NDArray[np.intp]
    row: NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What was seen and chosen, as indices of cards in reading order.

    Attributes:
        n_shelves_seen: How far the listener scrolled.
        shown: Cards that were on the screen.
        clicked: Cards chosen, in order.
        disliked: Cards marked "not interested".
        n_looked_at_before_first: Cards looked at up to the first choice.
        liking: Relevance of every card of the page.
    """

    n_shelves_seen: int
    shown: NDArray[np.intp]
    clicked: NDArray[np.intp]
    disliked: NDArray[np.intp]
    n_looked_at_before_first: int
    liking: NDArray[np.float64]


def shown_page(document: Mapping[str, Any], row_of: Mapping[str, int]) -> ShownPage:
    """Return what can be seen of a page document: shelves and cards. Exposures, config and scores are left behind."""
    shelves = sorted((s for s in document["shelves"] if s["cards"]), key=lambda shelf: int(shelf["position"]))
    cards = [(n, card["item"], card["position"]) for n, shelf in enumerate(shelves) for card in shelf["cards"]]
    numbers = np.array([(n, position, row_of.get(item, -1)) for n, item, position in cards], dtype=np.intp).reshape(
        -1, 3
    )
    return ShownPage(
        request_id=document["request_id"],
        is_last_resort=document["status"] == "fallback" or not cards,
        shelf_keys=tuple(shelf["key"] for shelf in shelves),
        shelf_positions=tuple(int(shelf["position"]) for shelf in shelves),
        items=tuple(item for _, item, _ in cards),
        shelf=numbers[:, 0],
        position=numbers[:, 1],
        row=numbers[:, 2],
    )


def attend(listener: Listener, page: ShownPage, rng: np.random.Generator) -> Attention:
    """Return what `listener` sees and chooses.

    Shelves are scrolled one after the other, each further one with the listener's patience. Of a shelf that is reached,
    the cards that fit the screen are shown, and some more to those who scroll sideways; the further right, the less
    likely one is looked at. What is looked at is chosen by likeness to taste, popularity and familiarity. After each
    choice some stay for another, and the rest leave: what stands below is then never seen.

    Source:
        Examination hypothesis and cascade: Craswell et al. 2008, "An experimental comparison of click
        position-bias models", doi:10.1145/1341531.1341545.
    """
    n_cards, n_shelves = len(page.items), len(page.shelf_keys)
    nobody = np.empty(0, dtype=np.intp)
    if n_cards == 0:
        return Attention(
            n_shelves_seen=0,
            shown=nobody,
            clicked=nobody,
            disliked=nobody,
            n_looked_at_before_first=0,
            liking=np.empty(0),
        )
    depth = min(int(rng.geometric(1.0 - listener.patience)), n_shelves)
    n_sideways = rng.geometric(1.0 - _SIDEWAYS, n_shelves) - 1
    luck = rng.random((3, n_cards))
    liking = _liking(listener, page)
    on_screen = (page.shelf < depth) & (page.position <= listener.n_visible * (1 + n_sideways[page.shelf]))
    looked_at = on_screen & (luck[0] < page.position**-_CARD_BIAS)
    wanted = np.flatnonzero(looked_at & (luck[1] < 1.0 / (1.0 + np.exp(-liking))))
    clicked = wanted[: int(rng.geometric(1.0 - _STAY))]
    if clicked.size < wanted.size:
        # Left with the last choice: the shelves below were not reached after all, nor the rest of this one noticed.
        depth = int(page.shelf[clicked[-1]]) + 1
        on_screen &= page.shelf < depth
        looked_at[clicked[-1] + 1 :] = False
    disliked = np.flatnonzero(looked_at & (luck[2] < _DISLIKE * np.exp(-0.5 * liking - 2.0)))
    return Attention(
        n_shelves_seen=depth,
        shown=np.flatnonzero(on_screen),
        clicked=clicked,
        disliked=np.setdiff1d(disliked, clicked),
        n_looked_at_before_first=int(looked_at[: clicked[0] + 1].sum()) if clicked.size else 0,
        liking=liking,
    )


def _liking(listener: Listener, page: ShownPage) -> NDArray[np.float64]:
    """Return the log-odds of choosing each card that is looked at."""
    known = page.row >= 0
    rows = np.where(known, page.row, 0)
    ware = listener.ware
    familiar = np.fromiter((row in listener.familiar for row in rows.tolist()), dtype=np.bool_, count=rows.size)
    talk_level = _TALK_LEVEL + (0.0 if listener.plays_talk else _TALK_STRANGER)
    level = np.where(ware.is_talk[rows], talk_level, _MUSIC_LEVEL)
    liking = level + _LIKENESS * listener.relevance(rows) + _APPEAL * ware.appeal[rows] + _FAMILIAR * familiar
    # An item outside the catalogue is judged as an average piece of music.
    return np.where(known, liking, _MUSIC_LEVEL)
