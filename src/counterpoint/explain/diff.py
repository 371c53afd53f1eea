"""What differs between two pages of one request, and which parameters can have caused it."""

from collections.abc import Mapping
from dataclasses import dataclass

from counterpoint.pages import Page
from counterpoint.vocabulary import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedCard:
    """A card with the shelf it stands on; both positions from 1."""

    shelf: str
    item: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A parameter whose value differs; None where that page did not read it."""

    parameter: str
    before: Scalar | None
    after: Scalar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """How page b differs from page a.

    Attributes:
        cards_in: On b's shelves and not on the same shelf of a.
        cards_out: On a's shelves and not on the same shelf of b.
        n_cards_moved: On the same shelf of both, at another position.
        shelves_in: Shelves that only b has, with their position.
        shelves_out: Shelves that only a has, with their position.
        shelves_moved: Shelves of both at another position: before, after.
        is_drawn_otherwise: Presentation, explanations, titles or load plan differ.
        causes: Parameters that both or either read with different values: nothing else can have caused it.
    """

    cards_in: tuple[PlacedCard, ...]
    cards_out: tuple[PlacedCard, ...]
    n_cards_moved: int
    shelves_in: Mapping[str, int]
    shelves_out: Mapping[str, int]
    shelves_moved: Mapping[str, tuple[int, int]]
    is_drawn_otherwise: bool
    causes: tuple[Cause, ...]

    @property
    def is_empty(self) -> bool:
        """Whether a listener could tell the pages apart by nothing."""
        return not (
            self.cards_in
            or self.cards_out
            or self.n_cards_moved
            or self.shelves_in
            or self.shelves_out
            or self.shelves_moved
            or self.is_drawn_otherwise
        )


def diff(a: Page, b: Page) -> Diff:
    """Return how `b` differs from `a`; both are pages of one request under two configurations."""
    before, after = _cards(a), _cards(b)
    places_before = {shelf.key: shelf.position for shelf in a.shelves}
    places_after = {shelf.key: shelf.position for shelf in b.shelves}
    common = [key for key in places_before if key in places_after]
    return Diff(
        cards_in=tuple(card for key, card in after.items() if key not in before),
        cards_out=tuple(card for key, card in before.items() if key not in after),
        n_cards_moved=sum(key in after and after[key].position != card.position for key, card in before.items()),
        shelves_in={key: place for key, place in places_after.items() if key not in places_before},
        shelves_out={key: place for key, place in places_before.items() if key not in places_after},
        shelves_moved={
            key: (places_before[key], places_after[key]) for key in common if places_before[key] != places_after[key]
        },
        is_drawn_otherwise=_looks(a) != _looks(b),
        causes=causes(a, b),
    )


def causes(a: Page, b: Page) -> tuple[Cause, ...]:
    """Return the parameters that the two pages read with different values, or that only one of them read.

    A parameter that only one page read is a consequence of another cause, never the first; causes with two values come
    first.
    """
    keys = dict.fromkeys((*a.reads, *b.reads))
    found = [
        Cause(
            parameter=key,
            before=a.reads[key].value if key in a.reads else None,
            after=b.reads[key].value if key in b.reads else None,
        )
        for key in keys
    ]
    differing = [cause for cause in found if cause.before != cause.after]
    return tuple(sorted(differing, key=lambda cause: cause.before is None or cause.after is None))


def _cards(page: Page) -> dict[tuple[str, str], PlacedCard]:
    return {
        (shelf.key, card.item): PlacedCard(shelf=shelf.key, item=card.item, position=card.position)
        for shelf in page.shelves
        for card in shelf.cards
    }


def _looks(page: Page) -> tuple[object, ...]:
    explained = tuple((card.explanation, card.progress) for shelf in page.shelves for card in shelf.cards)
    # Which shelves go into which fold follows from the shelves; that they are folded at all is a difference.
    plan = page.loading
    how = None if plan is None else (plan.mode, tuple(map(len, plan.folds)), plan.prefetch_next, plan.max_age_s)
    shown = any(part is not None for pair in explained for part in pair)
    return page.status, dict(page.presentation), how, explained if shown else ()
