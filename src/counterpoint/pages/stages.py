"""The kinds of stage, one method each, and the declaration that puts them together into a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from counterpoint.pages.evidence import Rows, Scores, StageStatus
from counterpoint.pages.inputs import RemoteResult
from counterpoint.pages.ports import World
from counterpoint.pages.request import Request
from counterpoint.pages.visit import Visit

KEPT, DROPPED, UNKNOWN = 0, 1, 2
"""Codes of a rule per candidate: keep; remove; remove because a fact is unknown."""

Codes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a source proposes for one shelf, best first.

    Attributes:
        rows: Rows of the index; may repeat nothing.
        title: Replaces the declared title when not empty.
        explanation: Why these, for the listener.
    """

    rows: Rows
    title: str = ""
    explanation: str | None = None
    status: StageStatus = StageStatus.OK
    reason: str = ""


class Gate(Protocol):
    """Opens or closes a shelf before anything is fetched for it."""

    @property
    def key(self) -> str:
        """Name in traces."""
        ...

    def opens(self, visit: Visit) -> bool:
        """Return whether the shelf is wanted."""
        ...


class Source(Protocol):
    """Proposes candidates from what is in memory: pure, fetched once per page however many shelves use it."""

    @property
    def key(self) -> str:
        """Name in traces."""
        ...

    def fetch(self, visit: Visit) -> Fetched:
        """Return the candidates; no rows when it has none."""
        ...


class RemoteSource(Protocol):
    """Proposes candidates from another process; asked before the page is composed, within a deadline."""

    @property
    def key(self) -> str:
        """Name in traces."""
        ...

    def question(self, visit: Visit) -> str:
        """Return what to ask; equal questions have equal answers within a page."""
        ...

    def timeout_ms(self, visit: Visit) -> float:
        """Return how long the page waits."""
        ...

    async def ask(self, request: Request, question: str, world: World) -> RemoteResult:
        """Return the answer.

        Raises:
            DependencyFailure: It cannot be had now.
        """
        ...


class Hydrator(Protocol):
    """Looks up facts about the request before anything else."""

    @property
    def key(self) -> str:
        """Name in traces."""
        ...

    @property
    def timeout_ms(self) -> float:
        """How long the page waits."""
        ...

    async def hydrate(self, request: Request, world: World) -> Any:
        """Return the facts.

        Raises:
            DependencyFailure: They cannot be had now; the declared default is used and marked.
        """
        ...


class Filter(Protocol):
    """Judges candidates, all at once."""

    @property
    def key(self) -> str:
        """Name in traces."""
        ...

    def judge(self, visit: Visit, rows: Rows) -> Codes | None:
        """Return one code per row: KEPT, DROPPED or UNKNOWN; None when all are kept."""
        ...


class Scorer(Protocol):
    """Says which of a shelf's candidates are better."""

    @property
    def key(self) -> str:
        """Name in traces."""
        ...

    def score(self, visit: Visit, rows: Rows) -> Scores:
        """Return one score per row, higher is better; rows come in the order of their source."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """How a shelf chooses among its ranked candidates.

    Attributes:
        size: Most cards, or the parameter that says it.
        minimum: With fewer cards the shelf is not shown.
        explores: Some slots go to chance (`ranking.exploration_rate`).
        diversifies: Likeness to cards already chosen counts against a candidate (`ranking.diversity_lambda`).
        caps_artists: One artist has a limited number of cards (`ranking.max_per_artist`).
    """

    size: int | str = 12
    minimum: int = 1
    explores: bool = False
    diversifies: bool = False
    caps_artists: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Picks:
    """What a selector made of the survivors of one shelf.

    Attributes:
        chosen: Places among the survivors, in the order of the shelf.
        passed_over: Place -> number in `SELECTION_RULES`, for survivors that were removed.
    """

    chosen: list[int]
    passed_over: Mapping[int, int]


SELECTION_RULES = ("duplicate", "artist_cap", "shelf_too_short", "shelf_cut", "page_replaced")
"""Reasons of selection, which follow the rules of policy and taste in a trace."""


class Selector(Protocol):
    """Chooses the cards of one shelf from its ranked survivors; a page declares one."""

    def __call__(
        self, visit: Visit, *, shelf: str, rows: Rows, scores: Scores, selection: Selection, size: int, taken: set[int]
    ) -> Picks:
        """Return the places of the chosen, and why others were passed over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfDeclaration:
    """One shelf of a page: where its candidates come from, and everything that happens to them.

    Attributes:
        source: Proposes candidates; exactly one of `source` and `remote` is set.
        gates: All must open; an essential shelf opens when a gate fails.
        taste: Rules that fail open, after the page's policy rules, in order.
        position: Parameter that pins the shelf, counted from 1; None floats in declared order.
        essential: Without it the page counts as failed.
        falls_back: Its source failing, the editors' list takes its place.
    """

    key: str
    title: str
    scorer: Scorer
    source: Source | None = None
    remote: RemoteSource | None = None
    gates: tuple[Gate, ...] = ()
    taste: tuple[Filter, ...] = ()
    selection: Selection = Selection()
    position: str | None = None
    essential: bool = False
    falls_back: bool = False

    @property
    def source_key(self) -> str:
        """Key of whatever proposes its candidates."""
        proposer = self.source or self.remote
        return proposer.key if proposer else ""


@dataclass(frozen=True, kw_only=True)  # no slots: the rule table is a cached property
class PageDeclaration:
    """A whole page, declared: the framework does order, deadlines, timing, counting and recording.

    Attributes:
        shelves: In the order in which they stand unless a parameter pins them.
        policy: Rules that fail closed, judged first, on every shelf.
        selector: Chooses the cards of every shelf.
        max_shelves: Parameter that says how many shelves there are at most.
        hero_shelf: Shelf whose first card may become the hero.
        deadline_ms: Within which the page is answered.
        compose_ms: What is kept of that for composing and sending it.
    """

    surface: str
    hydrator: Hydrator
    shelves: tuple[ShelfDeclaration, ...]
    policy: tuple[Filter, ...]
    selector: Selector
    max_shelves: str
    hero_shelf: str = ""
    deadline_ms: float = 300.0
    compose_ms: float = 30.0
    presentation: Mapping[str, str] = field(default_factory=dict)
    """Name in the document -> parameter, read when the page has cards."""

    @cached_property
    def taste(self) -> tuple[tuple[Filter, frozenset[str]], ...]:
        """Every taste rule with the shelves that declare it, in order of first mention."""
        rules: dict[str, tuple[Filter, set[str]]] = {}
        for shelf in self.shelves:
            for rule in shelf.taste:
                rules.setdefault(rule.key, (rule, set()))[1].add(shelf.key)
        return tuple((rule, frozenset(shelves)) for rule, shelves in rules.values())

    @cached_property
    def filter_keys(self) -> tuple[str, ...]:
        """Keys of the policy rules, then of the taste rules: the numbers of a trace."""
        return (*(rule.key for rule in self.policy), *(rule.key for rule, _ in self.taste))


def membership(members: Rows, n_items: int) -> NDArray[np.bool_]:
    """Return for each of `n_items` rows whether it is among `members`, without searching."""
    flags = np.zeros(n_items, dtype=np.bool_)
    flags[members] = True
    return flags
