"""The in-memory event log, and what every event log must do; `test_event_log.py` runs it on all of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from counterpoint.events import Appended, Event, Segments

E = TypeVar("E", bound=Event)


class MemoryEventLog:
    """An `EventLog` that forgets everything with its process."""

    def __init__(self) -> None:
        self._events: dict[tuple[type, str], Event] = {}

    def append(self, events: Sequence[Event]) -> Appended:
        before = len(self._events)
        for event in events:
            self._events.setdefault((type(event), event.id), event)
        n_stored = len(self._events) - before
        return Appended(n_stored=n_stored, n_duplicates=len(events) - n_stored)

    def read(self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None) -> Iterator[E]:
        for event in list(self._events.values()):
            if isinstance(event, event_type) and (not since or event.at >= since) and (not until or event.at < until):
                yield event

    def segments(
        self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None
    ) -> Segments:
        return Segments(files=(), tail=tuple(self.read(event_type, since=since, until=until)))

    def close(self) -> None:
        self._events.clear()
