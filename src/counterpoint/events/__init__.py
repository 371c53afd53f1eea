"""Event records: exposures, outcomes, impressions and served pages; their ingest and the port of their log."""

from counterpoint.events.exposures import exposures_of
from counterpoint.events.ingest import DEFAULT_BOUNDS, MAX_BATCH, ClockBounds, IngestResult, Refusal, ingest
from counterpoint.events.log import Appended, EventLog, Segments
from counterpoint.events.records import EVENT_TYPES, Event, Exposure, Impression, Outcome, PageStatus, Served, kind_of
from counterpoint.events.unit_keys import UNIT_CHECK, UNIT_KEY, unit_keys

__all__ = [
    "DEFAULT_BOUNDS",
    "EVENT_TYPES",
    "MAX_BATCH",
    "UNIT_CHECK",
    "UNIT_KEY",
    "Appended",
    "ClockBounds",
    "Event",
    "EventLog",
    "Exposure",
    "Impression",
    "IngestResult",
    "Outcome",
    "PageStatus",
    "Refusal",
    "Segments",
    "Served",
    "exposures_of",
    "ingest",
    "kind_of",
    "unit_keys",
]
