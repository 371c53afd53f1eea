"""Bootstrap: the only place that knows which class implements which port."""

from counterpoint.bootstrap.opening import opened, short_id, utc_now
from counterpoint.bootstrap.places import open_content
from counterpoint.bootstrap.platform import Platform
from counterpoint.bootstrap.rehearsal import Progress, SimulatedClock, rehearse

__all__ = [
    "Platform",
    "Progress",
    "SimulatedClock",
    "open_content",
    "opened",
    "rehearse",
    "short_id",
    "utc_now",
]
