"""What is live where: backends and processes, what they hold, and what somebody changed by hand."""

from counterpoint.control.live.drift import Drift
from counterpoint.control.live.drift_checks import Checks
from counterpoint.control.live.live import Live
from counterpoint.control.live.notes import StoredNotes
from counterpoint.control.live.outside import Around, read_backends

__all__ = [
    "Around",
    "Checks",
    "Drift",
    "Live",
    "StoredNotes",
    "read_backends",
]
