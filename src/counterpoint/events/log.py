"""The event log port: durable appends, and reads of a range of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from counterpoint.events.records import Event

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """What became of an append: how many records are new, and how many the log already held."""

    n_stored: int
    n_duplicates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Where the records of one kind are, at one instant: every record is in exactly one place.

    Attributes:
        files: Parquet files, immutable, one column per field; `at` in UTC, `attributes` as JSON text. Outcomes may have
            `unit_keys` beside them (`UNIT_KEY`, `UNIT_CHECK`); files sealed before there were any have none.
        tail: Records not yet in a file.
    """

    files: tuple[Path, ...]
    tail: tuple[Event, ...]


class EventLog(Protocol):
    """Keeps records for good: what `append` returned for is never lost and never doubled."""

    def append(self, events: Sequence[Event]) -> Appended:
        """Store `events` durably; those whose kind and id the log holds already are left out.

        Raises:
            DependencyFailure: `event_log_unavailable`; nothing of the batch is stored, and it can be sent again.
        """
        ...

    def read(self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None) -> Iterator[E]:
        """Yield the records of one kind with `since <= at < until`, in no particular order."""
        ...

    def segments(
        self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None
    ) -> Segments:
        """Return where the records of one kind are; what lies outside the range may be among them."""
        ...

    def close(self) -> None:
        """Release files; the log must not be used afterwards."""
        ...
