"""What is shown when an essential shelf failed or nothing is left: the unit's last page, then the editors'."""

from dataclasses import dataclass

import numpy as np

from counterpoint.pages.evidence import FIRST_RULE, Rows, Scores, StageStatus
from counterpoint.pages.judge import Candidates, judge
from counterpoint.pages.slate import Chosen, choose
from counterpoint.pages.sourcing import editors
from counterpoint.pages.stages import SELECTION_RULES, Fetched, PageDeclaration, Selection, ShelfDeclaration
from counterpoint.pages.visit import Visit


def lost_essential(candidates: Candidates, chosen: list[Chosen]) -> bool:
    """Return whether a shelf that the page cannot do without is missing because its source failed."""
    shown = {one.shelf.key for one in chosen}
    return any(
        shelf.essential and shelf.key not in shown and found.status in (StageStatus.FAILED, StageStatus.TIMEOUT)
        for shelf, found in zip(candidates.shelves, candidates.fetched, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _AsServed:
    """Keeps the order in which a page was served before."""

    key: str = "as_served"

    def score(self, visit: Visit, rows: Rows) -> Scores:  # noqa: ARG002 - a Scorer
        return 1.0 - np.arange(len(rows)) / max(len(rows), 1)


def fallback(visit: Visit, declaration: PageDeclaration) -> tuple[Candidates, list[Chosen]]:
    """Return the unit's last page judged again by policy, or else the editors' page of its market."""
    last = visit.inputs.last_page
    if last is not None:
        for parameter in last.reads:
            visit.value(parameter)
        kept = [(key, title, visit.index.rows_of(items), "last_page") for key, title, items in last.shelves]
        candidates, chosen = _as_is(visit, declaration, kept)
        if chosen:
            visit.degrade("last_page")
            return candidates, chosen
    visit.degrade("editors_page")
    return _as_is(visit, declaration, [("editors_picks", "Editors' picks", editors(visit, declaration), "editors")])


def _as_is(
    visit: Visit, declaration: PageDeclaration, shelves: list[tuple[str, str, Rows, str]]
) -> tuple[Candidates, list[Chosen]]:
    declared = [
        ShelfDeclaration(
            key=key, title=title, scorer=_AsServed(), source=_Kept(source, rows), selection=Selection(size=len(rows))
        )
        for key, title, rows, source in shelves
    ]
    candidates = Candidates(declared, [Fetched(rows=rows, status=StageStatus.STALE) for _, _, rows, _ in shelves])
    # No taste rule knows its shelves, so only policy judges them.
    judge(visit, candidates, declaration)
    return candidates, choose(visit, candidates, declaration)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A source whose candidates are already known."""

    key: str
    rows: Rows

    def fetch(self, visit: Visit) -> Fetched:  # noqa: ARG002 - a Source
        return Fetched(rows=self.rows)


def give_up(candidates: Candidates, declaration: PageDeclaration) -> None:
    """Write into `candidates` that the page they were on is replaced."""
    replaced = FIRST_RULE + len(declaration.filter_keys) + SELECTION_RULES.index("page_replaced")
    candidates.fates[candidates.fates < FIRST_RULE] = replaced
