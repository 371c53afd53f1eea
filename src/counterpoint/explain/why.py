"""Why a card is on a page, and why an item is not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from counterpoint.pages import BELOW_CUT, FIRST_RULE, SHOWN, Judgement, Page, PageIndex, ReadValue, judgements

Fate = Literal["shown", "removed", "below_cut", "never_fetched", "unknown_item"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What became of one item as a candidate of one shelf.

    Attributes:
        removed_by: The rule that removed it first; None when it was not removed.
        score: What it was ordered by; None when it was removed before scoring.
        rank: Its rank by score among the candidates that no rule removed, from 1; None with `score`.
        n_ranked: How many those are.
        short_by: How much its score lacks to the lowest one shown on the shelf; None unless it fell below the cut. 0 or
            less means that chance or diversity took its place.
        judgements: Everything that was decided about it, in the order of the rules.
    """

    shelf: str
    source: str
    fate: Fate
    removed_by: str | None
    score: float | None
    rank: int | None
    n_ranked: int
    short_by: float | None
    judgements: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why an item is on a page or not.

    Attributes:
        fate: The best that became of it on any shelf.
        accounts: One for each shelf that it was a candidate of; none for an item that was never fetched.
        parameters: What the page read, those that an experiment of this unit may set first.
    """

    item: str
    fate: Fate
    accounts: tuple[Account, ...]
    parameters: Mapping[str, ReadValue]


def why(page: Page, item: str, index: PageIndex) -> Why:
    """Return what became of `item` on `page`, shelf by shelf, whether it is shown or not.

    Args:
        item: Id of the item.
        index: The columns that the page was made with.
    """
    ordered = sorted(page.reads.items(), key=lambda pair: (pair[1].experiment is None, pair[0]))
    row = index.catalogue.row_of.get(item)
    accounts = () if row is None else tuple(_accounts(page, row))
    fates: tuple[Fate, ...] = ("shown", "below_cut", "removed")
    best = next((fate for fate in fates if any(one.fate == fate for one in accounts)), None)
    fate: Fate = best or ("unknown_item" if row is None else "never_fetched")
    return Why(item=item, fate=fate, accounts=accounts, parameters=dict(ordered))


def sentence(answer: Why) -> str:
    """Return `answer` in one sentence for people."""
    if answer.fate == "unknown_item":
        return f"{answer.item} is not in the catalogue."
    if answer.fate == "never_fetched":
        return f"No source proposed {answer.item}."
    account = next(one for one in answer.accounts if one.fate == answer.fate)
    rank = f"{account.rank} of {account.n_ranked}"
    if account.fate == "shown":
        return f"{answer.item} is on {account.shelf}: {account.source} proposed it, it ranked {rank}."
    if account.fate == "removed":
        first = next((one for one in account.judgements if one.rule == account.removed_by), None)
        because = " because a fact about it is unknown" if first and first.reason == "unknown_fact" else ""
        return f"{answer.item} was a candidate of {account.shelf}; {account.removed_by} removed it{because}."
    by = "" if account.short_by is None else f", {account.short_by:.3g} below the last card"
    return f"{answer.item} ranked {rank} on {account.shelf}{by}."


def _accounts(page: Page, row: int) -> list[Account]:
    trace = page.trace
    found = []
    for place in np.flatnonzero(trace.rows == row).tolist():
        shelf = int(np.searchsorted(trace.offsets, place, side="right")) - 1
        fate = int(trace.fates[place])
        of_shelf = slice(trace.offsets[shelf], trace.offsets[shelf + 1])
        scores, fates = trace.scores[of_shelf], trace.fates[of_shelf]
        score = float(trace.scores[place])
        is_scored = not np.isnan(score)
        shown = scores[fates == SHOWN]
        found.append(
            Account(
                shelf=trace.shelves[shelf],
                source=trace.sources[shelf],
                fate="shown" if fate == SHOWN else "below_cut" if fate == BELOW_CUT else "removed",
                removed_by=trace.rules[fate - FIRST_RULE] if fate >= FIRST_RULE else None,
                score=score if is_scored else None,
                rank=1 + int(np.count_nonzero(scores > score)) if is_scored else None,
                n_ranked=int(np.count_nonzero(~np.isnan(scores))),
                short_by=float(shown.min()) - score if fate == BELOW_CUT and shown.size and is_scored else None,
                judgements=judgements(trace, place),
            )
        )
    return found
