"""What a served page leaves behind: exposures, impressions and one served record, for the caller to write."""

from collections.abc import Mapping
from dataclasses import dataclass

from counterpoint.events import Exposure, Impression, Served
from counterpoint.pages.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecords:
    """Records of one page; exposures are to be written before the last byte leaves, the rest may follow."""

    exposures: tuple[Exposure, ...] = ()
    impressions: tuple[Impression, ...] = ()
    served: Served | None = None


NOTHING = PageRecords()


def page_records(
    page: Page, *, latency_ms: float, n_shelves_seen: int | None = None, other_units: Mapping[str, str] | None = None
) -> PageRecords:
    """Return the records of `page`: nothing at all for one that was forced, previewed or replayed.

    Args:
        latency_ms: From request to last byte.
        n_shelves_seen: How many shelves came into view, from the top; None counts every shelf as seen.
        other_units: Experiment -> whom it exposed, of those that randomise another unit (`Config.other_units`).
    """
    request = page.request
    if not request.leaves_records:
        return NOTHING
    others = other_units or {}
    # Ids derive from the request, so that writing a page's records twice counts once.
    exposures = tuple(
        Exposure(
            id=f"{request.request_id}:exposure:{one.experiment}",
            at=request.now,
            surface=request.surface,
            unit=others.get(one.experiment, request.unit),
            experiment=one.experiment,
            variant=one.variant,
            parameter=one.parameter,
            snapshot=page.snapshot.id,
            release=page.snapshot.release,
            request_id=request.request_id,
        )
        for one in page.exposures
    )
    impressions = tuple(
        Impression(
            id=f"{request.request_id}:impression:{shelf.position}.{card.position}",
            at=request.now,
            surface=request.surface,
            unit=request.unit,
            request_id=request.request_id,
            shelf=shelf.key,
            shelf_position=shelf.position,
            item=card.item,
            position=card.position,
        )
        for shelf in page.shelves[:n_shelves_seen]
        for card in shelf.cards
    )
    served = Served(
        id=f"{request.request_id}:served",
        at=request.now,
        surface=request.surface,
        unit=request.unit,
        request_id=request.request_id,
        snapshot=page.snapshot.id,
        status=page.status.value,
        latency_ms=latency_ms,
        attributes=dict(request.context),
    )
    return PageRecords(exposures=exposures, impressions=impressions, served=served)
