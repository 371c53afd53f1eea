"""An event log in front of another that writes many records at once, where losing the last few would harm nobody."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from counterpoint.events import Appended, Event, EventLog, Segments

E = TypeVar("E", bound=Event)
_FLUSH_AT = 20_000


class BufferedLog:
    """An event log that writes many records at once: simulated ones need not survive a crash one by one."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._waiting: list[Event] = []

    def append(self, events: Sequence[Event]) -> Appended:
        """Keep records for the next flush."""
        self._waiting.extend(events)
        if len(self._waiting) >= _FLUSH_AT:
            self.flush()
        return Appended(n_stored=len(events), n_duplicates=0)

    def flush(self) -> None:
        """Write what is waiting."""
        if self._waiting:
            self._log.append(self._waiting)
            self._waiting = []

    def read(self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None) -> Iterator[E]:
        """Yield records, those waiting included."""
        self.flush()
        return self._log.read(event_type, since=since, until=until)

    def segments(
        self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None
    ) -> Segments:
        """Return where records are, those waiting included."""
        self.flush()
        return self._log.segments(event_type, since=since, until=until)

    def close(self) -> None:
        """Write what is waiting; the log below stays open."""
        self.flush()
