"""Exposures of one request: the records that follow from what was read."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from counterpoint.config import Read
from counterpoint.events.records import Exposure


def exposures_of(
    reads: Iterable[Read],
    *,
    surface: str,
    unit: str,
    at: datetime,
    snapshot: str,
    release: int,
    request_id: str,
    other_units: Mapping[str, str] | None = None,
) -> tuple[Exposure, ...]:
    """Return one record per experiment whose parameter was read first on this request; forced reads never count.

    Ids derive from the request, so that writing a request's exposures twice counts once.

    Args:
        reads: In the order of reading.
        surface: Where.
        unit: Whom it exposed: the unit of the surface.
        at: When, aware.
        snapshot: Content address of the snapshot that gave the values.
        release: Number of its release.
        request_id: Identifies the request.
        other_units: Experiment -> whom it exposed, of those that randomise another unit (`Config.other_units`).
    """
    others = other_units or {}
    first: dict[str, Exposure] = {}
    for read in reads:
        if not read.is_exposure or read.forced or read.experiment is None or read.variant is None:
            continue
        if read.experiment not in first:
            first[read.experiment] = Exposure(
                id=f"{request_id}:exposure:{read.experiment}",
                at=at,
                surface=surface,
                unit=others.get(read.experiment, unit),
                experiment=read.experiment,
                variant=read.variant,
                parameter=read.parameter,
                snapshot=snapshot,
                release=release,
                request_id=request_id,
            )
    return tuple(first.values())
