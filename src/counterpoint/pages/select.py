"""Choosing the cards of one shelf from its ranked candidates: chance, likeness, artist caps and repetition."""

from collections.abc import Callable

import numpy as np

from counterpoint.pages.chance import chances
from counterpoint.pages.evidence import BELOW_CUT, SHOWN, Rows, Scores
from counterpoint.pages.stages import SELECTION_RULES, Picks, Selection
from counterpoint.pages.visit import Visit

_DUPLICATE = SELECTION_RULES.index("duplicate")
_ARTIST_CAP = SELECTION_RULES.index("artist_cap")
_POOL_PER_CARD = 3
"""Diversity looks this many times deeper than the shelf is long; deeper changes little and costs more."""


def pick(
    visit: Visit, *, shelf: str, rows: Rows, scores: Scores, selection: Selection, size: int, taken: set[int]
) -> Picks:
    """Return which survivors become cards.

    Args:
        rows: Survivors of every rule.
        scores: One per survivor; higher is better, ties go to the one that its source proposed first.
        size: Most cards.
        taken: Rows already on shelves above; not changed.
    """
    order: list[int] = np.argsort(-scores, kind="stable").tolist()
    row_list: list[int] = rows.tolist()
    passed_over: dict[int, int] = {}
    if not taken.isdisjoint(row_list):
        passed_over = {place: _DUPLICATE for place in order if row_list[place] in taken}
        order = [place for place in order if place not in passed_over]
    if selection.diversifies and len(order) > 1:
        order = _diversified(visit, rows, scores, order, size)
    artists = _artists(visit, rows) if selection.caps_artists else None
    cap = visit.whole("ranking.max_per_artist") if artists is not None else 0
    explore = _exploration(visit, shelf) if selection.explores and len(order) > size else None
    chosen: list[int] = []
    per_artist: dict[int, int] = {}
    while order and len(chosen) < size:
        place = order.pop(0 if explore is None else explore(len(chosen), len(order)))
        if artists is not None and (artist := artists[place]) >= 0:
            n_already = per_artist.get(artist, 0)
            if n_already >= cap:
                passed_over[place] = _ARTIST_CAP
                continue
            per_artist[artist] = n_already + 1
        chosen.append(place)
    return Picks(chosen=chosen, passed_over=passed_over)


def fates_of(picks: Picks, n_rows: int, first_selection_rule: int) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Return one fate per survivor, numbered as in `Trace.fates`."""
    fates = np.full(n_rows, BELOW_CUT, dtype=np.uint8)
    for place, rule in picks.passed_over.items():
        fates[place] = first_selection_rule + rule
    fates[picks.chosen] = SHOWN
    return fates


def _artists(visit: Visit, rows: Rows) -> list[int] | None:
    """Return the artist of each row, or None where no artist occurs twice and so no cap can matter."""
    artists: list[int] = visit.index.artist[rows].tolist()
    known = [artist for artist in artists if artist >= 0]
    return artists if len(set(known)) < len(known) else None


def _exploration(visit: Visit, shelf: str) -> Callable[[int, int], int] | None:
    rate = visit.number("ranking.exploration_rate")
    if rate <= 0:
        return None
    draw = chances(visit.request.seed, shelf)

    def place_of(slot: int, n_left: int) -> int:
        # One draw decides whether and, rescaled, which: the draw below the rate is uniform on [0, rate).
        drawn = draw(slot)
        return int(drawn / rate * n_left) if drawn < rate else 0

    return place_of


def _diversified(visit: Visit, rows: Rows, scores: Scores, order: list[int], size: int) -> list[int]:
    """Return `order` with its head re-ranked for maximal marginal relevance.

    Source:
        Carbonell and Goldstein 1998, eq. 1, with relevance scaled to [0, 1] over the head.
    """
    weight = visit.number("ranking.diversity_lambda")
    if weight <= 0:
        return order
    head = order[: size * _POOL_PER_CARD]
    vectors = visit.index.catalogue.embeddings[rows[head]]
    relevance = scores[head]
    least = float(relevance.min())
    spread = float(relevance[0]) - least
    worth = (relevance - least) * ((1.0 - weight) / spread) if spread > 0 else np.zeros(len(head))
    # Worth less the greatest likeness to anything chosen is the least of worth less each likeness.
    beside = worth - weight * (vectors @ vectors.T)
    picked: list[int] = []
    for _ in range(min(size, len(head))):
        best = int(worth.argmax())
        picked.append(best)
        np.minimum(worth, beside[best], out=worth)
        worth[best] = -np.inf
    chosen = set(picked)
    return [head[k] for k in picked] + [place for k, place in enumerate(head) if k not in chosen] + order[len(head) :]
