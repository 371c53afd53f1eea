"""From the slate to what the client draws: cards, explanations, presentation and load plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from counterpoint.pages.index import TALK_KINDS
from counterpoint.pages.layout import load_plan
from counterpoint.pages.page import Card, LoadPlan, Shelf
from counterpoint.pages.slate import Chosen
from counterpoint.pages.stages import PageDeclaration
from counterpoint.pages.visit import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Shelves with their cards, how they look and how they travel; `loading` is None for an empty page."""

    shelves: tuple[Shelf, ...]
    presentation: Mapping[str, Any]
    loading: LoadPlan | None


def draw(visit: Visit, chosen: Sequence[Chosen], declaration: PageDeclaration) -> Drawn:
    """Return what the client draws for `chosen`, top first."""
    if not chosen:
        return Drawn(shelves=(), presentation={}, loading=None)
    explains = any(one.fetched.explanation for one in chosen) and visit.truth("visual.show_explanations")
    progress = _progress(visit, chosen)
    shelves = tuple(
        Shelf(
            key=one.shelf.key,
            title=one.fetched.title or one.shelf.title,
            position=position,
            status=one.fetched.status,
            cards=_cards(visit, one, one.fetched.explanation if explains else None, progress),
        )
        for position, one in enumerate(chosen, start=1)
    )
    presentation: dict[str, Any] = {name: visit.value(key) for name, key in declaration.presentation.items()}
    if hero := _hero(visit, shelves, declaration):
        presentation["hero"] = hero
    return Drawn(shelves=shelves, presentation=presentation, loading=load_plan(visit, [shelf.key for shelf in shelves]))


def _cards(visit: Visit, one: Chosen, explanation: str | None, progress: Mapping[str, float]) -> tuple[Card, ...]:
    items = visit.index.items
    source = one.shelf.source_key
    # Six digits say all that a reader can use, and hide how a processor rounds.
    scores: list[float] = np.round(one.scores, 6).tolist()
    cards = []
    for position, (row, score) in enumerate(zip(one.rows.tolist(), scores, strict=True), start=1):
        item = items[row]
        cards.append(
            Card(
                item=item.id,
                kind=item.kind,
                title=item.title,
                subtitle=item.subtitle or item.artist or "",
                position=position,
                source=source,
                score=score,
                explanation=explanation,
                progress=progress.get(item.id) if progress else None,
            )
        )
    return tuple(cards)


def _progress(visit: Visit, chosen: Sequence[Chosen]) -> Mapping[str, float]:
    """Return how far shown episodes were played; reads the parameter only where some shown episode was begun."""
    known = visit.listener.history.progress
    if not known:
        return {}
    items = visit.index.items
    begun = any(items[row].id in known for one in chosen for row in one.rows.tolist() if items[row].kind in TALK_KINDS)
    return known if begun and visit.truth("podcasts.show_progress") else {}


def _hero(visit: Visit, shelves: Sequence[Shelf], declaration: PageDeclaration) -> dict[str, str] | None:
    """Return the hero at the top, the first card of its shelf; reads its style only where there is such a card."""
    for shelf in shelves:
        if shelf.key == declaration.hero_shelf:
            style = visit.text("layout.hero_style")
            return (
                None
                if style == "none"
                else {"style": style, "item": shelf.cards[0].item, "title": shelf.cards[0].title}
            )
    return None
