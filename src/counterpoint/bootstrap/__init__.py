"""Bootstrap: the only place that knows which class implements which port."""

from counterpoint.bootstrap.configuring import moment_of
from counterpoint.bootstrap.delivering import DeliveryOnly, opened_delivery
from counterpoint.bootstrap.feed import SnapshotFeed, Staleness
from counterpoint.bootstrap.fleet import Fleet
from counterpoint.bootstrap.opening import opened, short_id, utc_now
from counterpoint.bootstrap.places import open_content
from counterpoint.bootstrap.platform import Platform
from counterpoint.bootstrap.proposing import Edit
from counterpoint.bootstrap.rehearsal import Progress, SimulatedClock, rehearse

__all__ = [
    "DeliveryOnly",
    "Edit",
    "Fleet",
    "Platform",
    "Progress",
    "SimulatedClock",
    "SnapshotFeed",
    "Staleness",
    "moment_of",
    "open_content",
    "opened",
    "opened_delivery",
    "rehearse",
    "short_id",
    "utc_now",
]
