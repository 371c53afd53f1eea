"""A composed page: shelves of cards, how complete it is, and what it read."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec

from counterpoint.pages.evidence import StageStatus, Trace
from counterpoint.pages.request import Request
from counterpoint.vocabulary import Scalar


class PageStatus(StrEnum):
    """How complete a page is."""

    COMPLETE = "complete"
    DEGRADED = "degraded"
    FALLBACK = "fallback"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One item on one shelf.

    Attributes:
        position: Counted from 1 within its shelf.
        source: Key of the source that proposed it.
        score: What ordered it, higher is better; comparable within its shelf only.
        explanation: Why it is shown, for the listener; None when nobody asked.
        progress: Share of an episode that was played, in [0, 1]; None when not shown.
    """

    item: str
    kind: str
    title: str
    subtitle: str
    position: int
    source: str
    score: float
    explanation: str | None = None
    progress: float | None = None


class Shelf(msgspec.Struct, frozen=True, kw_only=True):
    """A row of cards; `position` is counted from 1 at the top of the page."""

    key: str
    title: str
    position: int
    status: StageStatus
    cards: tuple[Card, ...]


class ReadValue(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter that the page read, its value and why it had that value.

    Attributes:
        experiment: The experiment of this unit that may set it; None when there is none.
    """

    value: Scalar
    reason: str
    experiment: str | None = None
    variant: str | None = None


class ReadExposure(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment of this unit whose parameter was read: the first read is the exposure."""

    experiment: str
    variant: str
    parameter: str


class SnapshotStamp(msgspec.Struct, frozen=True, kw_only=True):
    """Which snapshot the config came from, and its age in seconds when the page was made."""

    id: str
    release: int
    age_s: float


class LoadPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How the page reaches the client.

    Attributes:
        mode: `full`, `progressive` (folds are streamed) or `paged` (folds are asked for with the cursor).
        folds: Keys of shelves, in the order in which they are sent.
        cursor: Where the next fold begins, for `paged`: pins snapshot, seed, moment and what was served.
        prefetch_next: The client should fetch the next page before it is asked for.
        max_age_s: How long the client may show this page again, in seconds.
    """

    mode: str
    folds: tuple[tuple[str, ...], ...]
    cursor: str | None
    prefetch_next: bool
    max_age_s: int


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A whole page with its evidence; `page_document` is what leaves the process.

    Attributes:
        reasons: Why the page is not complete, one identifier each; empty when it is.
        presentation: How the client draws it: card size, captions, density, hero...
        trace: Where every candidate went.
    """

    request: Request
    snapshot: SnapshotStamp
    status: PageStatus
    reasons: tuple[str, ...]
    shelves: tuple[Shelf, ...]
    presentation: Mapping[str, Any]
    loading: LoadPlan | None
    reads: Mapping[str, ReadValue]
    exposures: tuple[ReadExposure, ...]
    trace: Trace
