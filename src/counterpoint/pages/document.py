"""The page as JSON: what leaves the process, what the web draws and what listeners read."""

from typing import Any

from counterpoint.pages.page import Card, Page


def page_document(page: Page) -> dict[str, Any]:
    """Return the JSON form of `page`; equal pages give equal bytes, so timings and evidence are not in it."""
    return {
        "surface": page.request.surface,
        "request_id": page.request.request_id,
        "unit": page.request.unit,
        "snapshot": {"id": page.snapshot.id, "release": page.snapshot.release, "age_s": page.snapshot.age_s},
        "status": page.status.value,
        "reasons": list(page.reasons),
        "presentation": dict(page.presentation),
        "loading": None
        if page.loading is None
        else {
            "mode": page.loading.mode,
            "folds": [list(fold) for fold in page.loading.folds],
            "cursor": page.loading.cursor,
            "prefetch_next": page.loading.prefetch_next,
            "max_age_s": page.loading.max_age_s,
        },
        "shelves": [
            {
                "key": shelf.key,
                "title": shelf.title,
                "position": shelf.position,
                "status": shelf.status.value,
                "cards": [_card(card) for card in shelf.cards],
            }
            for shelf in page.shelves
        ],
        "exposures": [
            {"experiment": one.experiment, "variant": one.variant, "parameter": one.parameter} for one in page.exposures
        ],
        "config": {
            key: {"value": read.value, "reason": read.reason, "variant": read.variant}
            for key, read in page.reads.items()
        },
    }


def _card(card: Card) -> dict[str, Any]:
    document: dict[str, Any] = {
        "item": card.item,
        "kind": card.kind,
        "title": card.title,
        "subtitle": card.subtitle,
        "position": card.position,
        "source": card.source,
        "score": card.score,
        "explanation": card.explanation,
    }
    if card.progress is not None:
        document["progress"] = card.progress
    return document
