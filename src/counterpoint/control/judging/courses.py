"""Courses of experiments that this process has computed, kept until the records change."""

from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from counterpoint.control.judging.gates import Judge
from counterpoint.orchestration import Launch
from counterpoint.vocabulary import digest

_MOST = 32
_DAY = timedelta(days=1)


class Courses:
    """A course is a scorecard a day: what was read once is read again only when its records changed."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: dict[str, tuple[str, dict[str, Any]]] = {}

    def read(self, launch: Launch, at: datetime, judge: Judge) -> dict[str, Any]:
        """Return the course of a launch as of `at`."""
        latest = judge.scorecard(launch, at, primary_only=True)
        # Within a day the same records tell the same; a day later there is a point more even without new ones.
        now = digest([dict(latest.inputs), (latest.as_of - latest.started_at) // _DAY, latest.looks])
        with self._lock:
            kept = self._kept.get(launch.id)
        if kept is not None and kept[0] == now:
            return kept[1]
        found = judge.course(launch, at)
        with self._lock:
            self._kept.pop(launch.id, None)
            self._kept[launch.id] = (now, found)
            while len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return found
