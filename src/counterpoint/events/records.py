"""The records that come back from serving: exposures, outcomes, impressions and served pages."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from counterpoint.vocabulary import Scalar

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Instant = Annotated[datetime, Meta(tz=True)]
Position = Annotated[int, Meta(ge=1, le=100_000)]
PageStatus = Literal["complete", "degraded", "fallback"]


class Exposure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="exposure"):
    """A unit met the changed code path: the first read of a parameter that one of its experiments may set.

    Attributes:
        id: Makes ingest idempotent: a second record of one kind with the same id is a duplicate.
        at: When the parameter was read, aware.
        snapshot: Content address of the snapshot that gave the value.
        release: Number of the release of that snapshot.
        enrolled_at: When the unit first met the experiment's allocation, when the client knows it.
    """

    id: Name
    at: Instant
    surface: Name
    unit: Name
    experiment: Name
    variant: Name
    parameter: Name
    snapshot: Name
    release: Annotated[int, Meta(ge=0)]
    request_id: Name
    enrolled_at: Instant | None = None


class Outcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="outcome"):
    """Something a unit did, or that happened to it, that a metric sums.

    Attributes:
        name: Which metric's events these are (`counterpoint.config.outcome_names`).
        value: How much, in the metric's unit, kept to a millionth; 1 for a plain event. At most 1e12 either way.
        item: What was played, saved or clicked, when it was one item; histories are made from it.
    """

    id: Name
    at: Instant
    surface: Name
    unit: Name
    name: Name
    value: float
    request_id: Name | None = None
    item: Name | None = None


class Impression(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="impression"
):
    """One item that was shown: on which shelf, where the shelf stood, and where on it the item stood (both from 1)."""

    id: Name
    at: Instant
    surface: Name
    unit: Name
    request_id: Name
    shelf: Name
    shelf_position: Position
    item: Name
    position: Position


class Served(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="served"):
    """One page that was answered: how well, how fast, to whom; one per request.

    Attributes:
        latency_ms: From request to last byte, in milliseconds.
        attributes: What the request said about its unit; audiences are counted from it.
        forced: A tester asked for a variant on this request, so it never counts.
    """

    id: Name
    at: Instant
    surface: Name
    unit: Name
    request_id: Name
    snapshot: Name
    status: PageStatus
    latency_ms: Annotated[float, Meta(ge=0)]
    attributes: dict[str, Scalar] = {}
    forced: bool = False


Event: TypeAlias = Exposure | Outcome | Impression | Served
"""Any record; its JSON form has a `kind`."""

EVENT_TYPES: tuple[type[Event], ...] = (Exposure, Outcome, Impression, Served)


def kind_of(event_type: type[msgspec.Struct]) -> str:
    """Return the `kind` that records of `event_type` carry in JSON, file names and refusals."""
    return str(event_type.__struct_config__.tag)
