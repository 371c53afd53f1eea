"""What a change would do to pages, before anybody sees it: recorded requests, run through every variant."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import numpy as np

from counterpoint.explain.diff import Diff, diff
from counterpoint.pages import FIRST_RULE, Inputs, Kit, Page, PageConfig, PageStatus, Request, compose
from counterpoint.vocabulary import Scalar

N_EXAMPLES = 3


class Resolver(Protocol):
    """Gives the values of one request: a compiled snapshot, or one with a variant laid over it."""

    def resolve(self, unit: str, context: Mapping[str, Scalar], now: datetime) -> PageConfig:
        """Return the config of one request, nothing read yet."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request with the inputs that any of the variants needs."""

    request: Request
    inputs: Inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfMove:
    """How a shelf moved on the pages that have it in both variants: how often, and its mean position there."""

    n_pages: int
    mean_before: float
    mean_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantPreview:
    """What one variant does to the pages of control.

    Attributes:
        n_triggered: Pages that read a parameter of the change: only their units would be exposed.
        n_triggered_units: How many units those are.
        n_changed: Pages that a listener could tell from control's.
        n_composed: Pages that had to be made; the others read nothing that differs, so they are control's.
        removals: Rule -> candidates that it removes more (or fewer) than under control.
        n_empty: Pages without a shelf; `n_fallback` and `n_degraded` count the other kinds of incomplete page.
        examples: The first few changed pages.
    """

    variant: str
    n_pages: int
    n_triggered: int
    n_triggered_units: int
    n_changed: int
    n_composed: int
    n_cards_in: int
    n_cards_out: int
    shelves_in: Mapping[str, int]
    shelves_out: Mapping[str, int]
    shelves_moved: Mapping[str, ShelfMove]
    removals: Mapping[str, int]
    n_empty: int
    n_fallback: int
    n_degraded: int
    examples: tuple[tuple[str, Diff], ...]

    @property
    def share_changed(self) -> float:
        """Share of pages that differ from control's, in [0, 1]."""
        return self.n_changed / self.n_pages

    @property
    def trigger_rate(self) -> float:
        """Share of pages that read a parameter of the change, in [0, 1]."""
        return self.n_triggered / self.n_pages

    @property
    def share_empty(self) -> float:
        """Share of pages without a shelf, in [0, 1]."""
        return self.n_empty / self.n_pages

    @property
    def alters_nothing(self) -> bool:
        """Whether no page differs from control's."""
        return self.n_changed == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A change on recorded requests, before launch.

    Attributes:
        n_requests: Requests that were offered.
        n_in_audience: Those of them that the change is for; every variant is run on each of these.
        n_units: Units among these.
        variants: Control first; compared with itself it shows nothing but its own incomplete pages.
    """

    n_requests: int
    n_in_audience: int
    n_units: int
    variants: tuple[VariantPreview, ...]


def preview(
    recorded: Sequence[Recorded],
    arms: Mapping[str, Resolver],
    kit: Kit,
    *,
    parameters: Iterable[str],
    n_requests: int | None = None,
) -> Preview:
    """Return what each arm does to the pages of `recorded`, compared with the first arm.

    Chance is drawn from the request's seed and named slots, so two arms draw alike and no noise needs subtracting.

    Args:
        arms: Variant -> its values; control first.
        kit: The catalogue, models and declaration that all pages are made with.
        parameters: What the change may set; a page that reads one of them is triggered.
        n_requests: How many requests were offered before the audience was applied.
    """
    watched = frozenset(parameters)
    (control, first), *others = arms.items()
    tallies = {key: _Tally() for key in arms}
    for one in recorded:
        request = one.request
        before = compose(request, _resolve(first, request), one.inputs, kit)
        tallies[control].add(before, before, watched, is_composed=True)
        for key, resolver in others:
            is_same = _reads_alike(before, _resolve(resolver, request))
            after = before if is_same else compose(request, _resolve(resolver, request), one.inputs, kit)
            tallies[key].add(before, after, watched, is_composed=not is_same)
    base = tallies[control].removals
    return Preview(
        n_requests=len(recorded) if n_requests is None else n_requests,
        n_in_audience=len(recorded),
        n_units=len({one.request.unit for one in recorded}),
        variants=tuple(tally.result(key, base) for key, tally in tallies.items()) if recorded else (),
    )


def preview_document(result: Preview) -> dict[str, Any]:
    """Return the JSON form of `result`."""
    return {
        "n_requests": result.n_requests,
        "n_in_audience": result.n_in_audience,
        "n_units": result.n_units,
        "variants": [
            {
                "variant": one.variant,
                "n_pages": one.n_pages,
                "share_changed": one.share_changed,
                "trigger_rate": one.trigger_rate,
                "n_triggered_units": one.n_triggered_units,
                "n_composed": one.n_composed,
                "cards": {"in": one.n_cards_in, "out": one.n_cards_out},
                "shelves": {
                    "in": dict(one.shelves_in),
                    "out": dict(one.shelves_out),
                    "moved": {
                        key: {"pages": move.n_pages, "before": move.mean_before, "after": move.mean_after}
                        for key, move in one.shelves_moved.items()
                    },
                },
                "removals": dict(one.removals),
                "pages": {"empty": one.n_empty, "fallback": one.n_fallback, "degraded": one.n_degraded},
                "examples": [request_id for request_id, _ in one.examples],
            }
            for one in result.variants
        ],
    }


def _resolve(resolver: Resolver, request: Request) -> PageConfig:
    return resolver.resolve(request.unit, request.context, request.now)


def _reads_alike(page: Page, config: PageConfig) -> bool:
    """Return whether `config` gives everything that `page` read the same value.

    Then it gives the same page (law 2): until a value differs, both run the same code on the same inputs.
    """
    return all(config.value(key) == read.value for key, read in page.reads.items())


@dataclass(slots=True)
class _Tally:
    n_pages: int = 0
    n_triggered: int = 0
    units: set[str] = field(default_factory=set)
    n_changed: int = 0
    n_composed: int = 0
    n_cards_in: int = 0
    n_cards_out: int = 0
    shelves_in: Counter[str] = field(default_factory=Counter)
    shelves_out: Counter[str] = field(default_factory=Counter)
    moves: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    removals: Counter[str] = field(default_factory=Counter)
    n_empty: int = 0
    statuses: Counter[PageStatus] = field(default_factory=Counter)
    examples: list[tuple[str, Diff]] = field(default_factory=list)

    def add(self, before: Page, after: Page, watched: frozenset[str], *, is_composed: bool) -> None:
        self.n_pages += 1
        self.n_composed += is_composed
        if not watched.isdisjoint(after.reads):
            self.n_triggered += 1
            self.units.add(after.request.unit)
        self.n_empty += not after.shelves
        self.statuses[after.status] += 1
        _count_removals(after, self.removals)
        if after is before:
            return
        found = diff(before, after)
        if found.is_empty:
            return
        self.n_changed += 1
        self.n_cards_in += len(found.cards_in)
        self.n_cards_out += len(found.cards_out)
        self.shelves_in.update(found.shelves_in.keys())
        self.shelves_out.update(found.shelves_out.keys())
        for key, move in found.shelves_moved.items():
            self.moves.setdefault(key, []).append(move)
        if len(self.examples) < N_EXAMPLES:
            self.examples.append((after.request.request_id, found))

    def result(self, variant: str, base: Counter[str]) -> VariantPreview:
        rules = {*self.removals, *base}
        return VariantPreview(
            variant=variant,
            n_pages=self.n_pages,
            n_triggered=self.n_triggered,
            n_triggered_units=len(self.units),
            n_changed=self.n_changed,
            n_composed=self.n_composed,
            n_cards_in=self.n_cards_in,
            n_cards_out=self.n_cards_out,
            shelves_in=dict(self.shelves_in),
            shelves_out=dict(self.shelves_out),
            shelves_moved={
                key: ShelfMove(
                    n_pages=len(moves),
                    mean_before=float(np.mean([one[0] for one in moves])),
                    mean_after=float(np.mean([one[1] for one in moves])),
                )
                for key, moves in self.moves.items()
            },
            removals={
                rule: self.removals[rule] - base[rule] for rule in sorted(rules) if self.removals[rule] != base[rule]
            },
            n_empty=self.n_empty,
            n_fallback=self.statuses[PageStatus.FALLBACK],
            n_degraded=self.statuses[PageStatus.DEGRADED],
            examples=tuple(self.examples),
        )


def _count_removals(page: Page, removals: Counter[str]) -> None:
    trace = page.trace
    counts = np.bincount(trace.fates, minlength=FIRST_RULE + len(trace.rules))[FIRST_RULE:]
    for rule, count in zip(trace.rules, counts.tolist(), strict=True):
        if count:
            removals[rule] += count
