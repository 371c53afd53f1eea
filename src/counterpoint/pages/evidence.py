"""What a page can say about how it was made: stage records, and the fate of every candidate."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from counterpoint.errors import InvalidInput, NotFound

Rows: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float64]

MISCONFIGURED = (InvalidInput, NotFound)
"""What no stage may swallow: the page, its surface or its models were put together wrongly."""

BELOW_CUT = 0
SHOWN = 1
FIRST_RULE = 2
"""Fates from here on are rules: `Trace.rules[fate - FIRST_RULE]` removed the candidate first."""


class StageStatus(StrEnum):
    """How one stage ended."""

    OK = "ok"
    EMPTY = "empty"
    GATED = "gated"
    STALE = "stale"
    TIMEOUT = "timeout"
    FAILED = "failed"


class Verdict(StrEnum):
    """What a rule says about a candidate: keep, keep reluctantly, remove."""

    KEEP = "keep"
    SOFT = "soft"
    DROP = "drop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One rule's verdict on one candidate.

    Attributes:
        rule: Key of the rule; None for a KEEP that no rule qualified.
        reason: Why, as a stable snake_case identifier: `dropped`, `unknown_fact`, `below_cut`, `shown`.
    """

    verdict: Verdict
    reason: str
    rule: str | None = None


class StageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of one page: how it ended, how long it took (microseconds), how many went in and came out."""

    stage: str
    key: str
    status: StageStatus
    elapsed_us: float
    n_in: int = 0
    n_out: int = 0
    reason: str = ""


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """Where every candidate of a page went; arrays run over candidates, shelf by shelf.

    Attributes:
        shelves: Keys of the shelves that asked for candidates; the candidates of `shelves[k]` are
            `offsets[k]:offsets[k + 1]`.
        sources: Key of the source of each shelf.
        rows: Row of each candidate in the page index.
        scores: Score that ordered it; NaN where it was removed before scoring.
        fates: BELOW_CUT, SHOWN, or FIRST_RULE + number of the rule that removed it first.
        dropped: Bit r is set where rule r would have removed it; all reasons are kept, not only the first.
        unknown: Bit r is set where rule r removed it because a fact was unknown.
        rules: Keys of the rules, in order.
        stages: Every stage that ran, in order.
    """

    shelves: tuple[str, ...]
    sources: tuple[str, ...]
    offsets: tuple[int, ...]
    rows: Rows
    scores: Scores
    fates: NDArray[np.uint8]
    dropped: NDArray[np.uint32]
    unknown: NDArray[np.uint32]
    rules: tuple[str, ...]
    stages: tuple[StageRecord, ...]


def judgements(trace: Trace, position: int) -> tuple[Judgement, ...]:
    """Return everything that was decided about the candidate at `position`, in the order of the rules."""
    fate = int(trace.fates[position])
    dropped, unknown = int(trace.dropped[position]), int(trace.unknown[position])
    verdicts = [
        Judgement(verdict=Verdict.DROP, rule=rule, reason="unknown_fact" if unknown >> number & 1 else "dropped")
        for number, rule in enumerate(trace.rules)
        if dropped >> number & 1 or fate == FIRST_RULE + number
    ]
    if fate == SHOWN:
        verdicts.append(Judgement(verdict=Verdict.KEEP, reason="shown"))
    elif fate == BELOW_CUT:
        verdicts.append(Judgement(verdict=Verdict.SOFT, reason="below_cut"))
    return tuple(verdicts)


def tally(trace: Trace) -> Mapping[str, Mapping[str, int]]:
    """Return, per shelf, how many candidates were shown, fell below the cut, or were removed by each rule.

    The numbers of a shelf add up to the candidates it asked for (law 7).
    """
    return {
        shelf: _tally_of(trace.fates[trace.offsets[k] : trace.offsets[k + 1]], trace.rules)
        for k, shelf in enumerate(trace.shelves)
    }


def _tally_of(fates: NDArray[np.uint8], rules: tuple[str, ...]) -> dict[str, int]:
    counts = np.bincount(fates, minlength=FIRST_RULE + len(rules))
    names = ("below_cut", "shown", *rules)
    return {name: int(count) for name, count in zip(names, counts, strict=True) if count}
