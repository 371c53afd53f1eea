"""Judging all candidates of a page at once: policy rules fail closed, taste rules fail open, every reason is kept."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from counterpoint.pages.evidence import BELOW_CUT, FIRST_RULE, MISCONFIGURED, Rows, Scores
from counterpoint.pages.stages import KEPT, UNKNOWN, Codes, Fetched, Filter, PageDeclaration, ShelfDeclaration
from counterpoint.pages.visit import Visit


class Candidates:
    """Candidates of all shelves in arrays, shelf by shelf; stages fill in what becomes of them.

    Attributes:
        shelves: Declared shelves that asked, in declared order.
        fetched: What each got.
        offsets: Where the candidates of each begin; one more than there are shelves.
    """

    __slots__ = ("dropped", "fates", "fetched", "offsets", "rows", "scores", "shelves", "unknown")

    def __init__(self, shelves: Sequence[ShelfDeclaration], fetched: Sequence[Fetched]) -> None:
        self.shelves = shelves
        self.fetched = fetched
        lengths = [len(one.rows) for one in fetched]
        self.offsets: list[int] = [0]
        for length in lengths:
            self.offsets.append(self.offsets[-1] + length)
        self.rows: Rows = np.concatenate([one.rows for one in fetched]) if fetched else np.empty(0, dtype=np.int64)
        n = self.offsets[-1]
        self.scores: Scores = np.full(n, np.nan)
        self.fates: NDArray[np.uint8] = np.zeros(n, dtype=np.uint8)
        self.dropped: NDArray[np.uint32] = np.zeros(n, dtype=np.uint32)
        self.unknown: NDArray[np.uint32] = np.zeros(n, dtype=np.uint32)

    def of(self, shelf: int) -> slice:
        """Return where the candidates of shelf number `shelf` stand."""
        return slice(self.offsets[shelf], self.offsets[shelf + 1])


def judge(visit: Visit, candidates: Candidates, declaration: PageDeclaration) -> None:
    """Write into `candidates` which rule removes each of them first, and every rule that would."""
    if not candidates.rows.size:
        return
    for number, rule in enumerate(declaration.policy):
        codes = _closed(visit, rule, candidates.rows)
        if codes is not None:
            _mark(candidates, slice(None), codes, number)
    lengths = np.diff(candidates.offsets)
    for number, (rule, wanted_by) in enumerate(declaration.taste, start=len(declaration.policy)):
        flags = [shelf.key in wanted_by for shelf in candidates.shelves]
        where = np.flatnonzero(np.repeat(flags, lengths))
        if where.size:
            codes = _open(visit, rule, candidates.rows[where])
            if codes is not None:
                _mark(candidates, where, codes, number)


def lawful(visit: Visit, rows: Rows, declaration: PageDeclaration) -> Rows:
    """Return those of `rows` that no policy rule removes, in their order."""
    for rule in declaration.policy:
        codes = _closed(visit, rule, rows)
        if codes is not None:
            rows = rows[codes == KEPT]
    return rows


def _mark(candidates: Candidates, where: Rows | slice, codes: Codes, number: int) -> None:
    removed = codes != KEPT
    if not removed.any():
        return
    bit = np.uint32(1 << number)
    candidates.dropped[where] |= removed * bit
    candidates.unknown[where] |= (codes == UNKNOWN) * bit
    fates = candidates.fates[where]
    fates[removed & (fates == BELOW_CUT)] = FIRST_RULE + number
    candidates.fates[where] = fates


def _closed(visit: Visit, rule: Filter, rows: Rows) -> Codes | None:
    try:
        return rule.judge(visit, rows)
    except MISCONFIGURED:
        raise
    except Exception as failure:
        # Policy fails closed, and only for the candidates it fails on: one by one, those that raise are dropped.
        visit.degrade(f"policy_failed:{rule.key}:{type(failure).__name__}")
        return np.array([_closed_one(visit, rule, rows[k : k + 1]) for k in range(len(rows))], dtype=np.uint8)


def _closed_one(visit: Visit, rule: Filter, row: Rows) -> int:
    try:
        codes = rule.judge(visit, row)
    except MISCONFIGURED:
        raise
    except Exception:  # the reason is already on the page
        return UNKNOWN
    return KEPT if codes is None else int(codes[0])


def _open(visit: Visit, rule: Filter, rows: Rows) -> Codes | None:
    try:
        return rule.judge(visit, rows)
    except MISCONFIGURED:
        raise
    except Exception as failure:
        # Taste fails open: a page with one item too many is better than no page.
        visit.degrade(f"taste_failed:{rule.key}:{type(failure).__name__}")
        return None
