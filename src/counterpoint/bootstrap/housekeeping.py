"""Housekeeping of one process: take over what others published, imported or left unfinished, and seal the event log."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from counterpoint.bootstrap.slots import Slot, abandoned_slots
from counterpoint.content import LiveCatalogue
from counterpoint.delivery import SnapshotFeed
from counterpoint.events import DEFAULT_BOUNDS
from counterpoint.orchestration import Clock
from counterpoint.storage.events import FileEventLog

SWEEP_EVERY = timedelta(minutes=1)
SEAL_AT = 10_000
"""Records below which a file would be too small to be read well."""


class Adopts(Protocol):
    """What takes over the work of executors that died."""

    def adopt(self, executor_id: str) -> int:
        """Resume what a dead executor left unfinished, and return how many workflows that were."""
        ...


@dataclass(slots=True, kw_only=True)
class Housekeeping:
    """What has to be done every so often; `run` is quick when there is nothing to do."""

    feed: SnapshotFeed
    catalogue: LiveCatalogue
    files: FileEventLog
    executor: Adopts
    slot: Slot | None
    folder: Path
    clock: Clock
    swept_at: datetime | None = field(default=None, init=False)

    def run(self) -> None:
        """Do what is to be done now."""
        self.feed.refresh()
        self.catalogue.refresh()
        if self.slot is not None:
            for dead in abandoned_slots(self.folder, self.slot):
                self.executor.adopt(dead.name)
                dead.release()
        now = self.clock()
        if self.swept_at is not None and now - self.swept_at < SWEEP_EVERY:
            return
        self.swept_at = now
        self.files.seal(at_least=SEAL_AT)
        self.files.forget_ids_before(now - DEFAULT_BOUNDS.max_late)
