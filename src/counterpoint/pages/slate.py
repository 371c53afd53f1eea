"""Putting the surviving candidates on shelves: where shelves stand, how candidates rank, which become cards."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from counterpoint.pages.evidence import BELOW_CUT, FIRST_RULE, MISCONFIGURED, Rows, Scores
from counterpoint.pages.judge import Candidates
from counterpoint.pages.layout import arrange
from counterpoint.pages.select import fates_of
from counterpoint.pages.stages import SELECTION_RULES, Fetched, PageDeclaration, Selection, ShelfDeclaration
from counterpoint.pages.visit import POPULARITY, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One shelf of the slate: its rows in order, with the scores that ordered them."""

    shelf: ShelfDeclaration
    fetched: Fetched
    rows: Rows
    scores: Scores


def choose(visit: Visit, candidates: Candidates, declaration: PageDeclaration) -> list[Chosen]:
    """Return the shelves of the page, top first, and write into `candidates` what became of each candidate."""
    alive = np.flatnonzero(candidates.fates == BELOW_CUT)
    bounds = np.searchsorted(alive, candidates.offsets).tolist()
    survivors = [alive[begin:end] for begin, end in pairwise(bounds)]
    standing = [k for k, places in enumerate(survivors) if places.size]
    wanted: list[int | None] = []
    for k in standing:
        parameter = candidates.shelves[k].position
        # With one shelf there is nothing to arrange: the parameter cannot change the page.
        wanted.append(visit.whole(parameter) if parameter and len(standing) > 1 else None)
    n_most = visit.whole(declaration.max_shelves) if len(standing) > 1 else 1
    first_rule = FIRST_RULE + len(declaration.filter_keys)
    taken: set[int] = set()
    chosen: list[Chosen] = []
    for k in (standing[place] for place in arrange(wanted)):
        places = survivors[k]
        if len(chosen) == n_most:
            candidates.fates[places] = first_rule + SELECTION_RULES.index("shelf_cut")
            continue
        shelf = candidates.shelves[k]
        rows = candidates.rows[places]
        scores = _scores(visit, shelf, rows)
        candidates.scores[places] = scores
        size = _size(visit, shelf.selection, len(rows))
        picks = declaration.selector(
            visit, shelf=shelf.key, rows=rows, scores=scores, selection=shelf.selection, size=size, taken=taken
        )
        fates = fates_of(picks, len(rows), first_rule)
        if len(picks.chosen) < shelf.selection.minimum:
            fates[picks.chosen] = first_rule + SELECTION_RULES.index("shelf_too_short")
        else:
            shown = rows[picks.chosen]
            taken.update(shown.tolist())
            chosen.append(Chosen(shelf=shelf, fetched=candidates.fetched[k], rows=shown, scores=scores[picks.chosen]))
        candidates.fates[places] = fates
    return chosen


def _size(visit: Visit, selection: Selection, n_rows: int) -> int:
    if isinstance(selection.size, int):
        return selection.size
    return visit.whole(selection.size) if n_rows > 1 else 1


def _scores(visit: Visit, shelf: ShelfDeclaration, rows: Rows) -> Scores:
    if len(rows) < 2:
        return np.ones(len(rows))  # one candidate needs no ranking, so no ranking parameter is read for it
    try:
        return shelf.scorer.score(visit, rows)
    except MISCONFIGURED:
        raise
    except Exception as failure:
        # A scorer is a dependency: popularity stands in for it, and the page says so.
        visit.degrade(f"scorer_failed:{shelf.key}:{type(failure).__name__}")
        return visit.relevance(POPULARITY)[rows]
