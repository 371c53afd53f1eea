"""A placebo: the units of one variant told as an A/A experiment, split again by another salt; nothing may be found."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar, cast

from msgspec.structs import replace

from counterpoint.assignment import split
from counterpoint.events import Appended, Event, EventLog, Exposure, Segments

E = TypeVar("E", bound=Event)


class PlaceboLog:
    """A log whose exposures to one variant are told as those to an experiment that changes nothing.

    Args:
        experiment: Whose exposures, and `variant`, to which of its variants.
        told_as: Key of the A/A experiment; salts its split.
        variants: Its two variants, control first.
    """

    def __init__(
        self, log: EventLog, *, experiment: str, variant: str, told_as: str, variants: tuple[str, str]
    ) -> None:
        self._log = log
        self._taken = (experiment, variant)
        self._told_as = told_as
        self._variants = variants

    def append(self, events: Sequence[Event]) -> Appended:
        """Pass records on."""
        return self._log.append(events)

    def read(self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None) -> Iterator[E]:
        """Yield records; of exposures only those taken, as they are told here."""
        for event in self._log.read(event_type, since=since, until=until):
            if not isinstance(event, Exposure):
                yield event
            elif (event.experiment, event.variant) == self._taken:
                variant = self._variants[split(event.unit, self._told_as, (1, 1))]
                yield cast("E", replace(event, experiment=self._told_as, variant=variant))

    def segments(
        self, event_type: type[E], *, since: datetime | None = None, until: datetime | None = None
    ) -> Segments:
        """Return where records are; exposures as they are told here."""
        if event_type is not Exposure:
            return self._log.segments(event_type, since=since, until=until)
        return Segments(files=(), tail=tuple(self.read(Exposure, since=since, until=until)))

    def close(self) -> None:
        """Leave the log below open; it belongs to somebody else."""
