"""The snapshot feed: what is published, compiled and put into service without a pause, and how stale it is."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from counterpoint.config import Staleness, address_of, compile_snapshot, encode_snapshot
from counterpoint.errors import CounterpointError
from counterpoint.releases import ReleaseStore, snapshot_of
from counterpoint.storage.snapshots import LastGood, Live
from counterpoint.telemetry import Meters


class SnapshotFeed:
    """Takes what is published from the release store into service.

    Args:
        releases: Where releases are published.
        tighter: What this process promises about a snapshot's age beyond what its surface declares.
    """

    def __init__(
        self,
        releases: ReleaseStore,
        meters: Meters,
        clock: Callable[[], datetime],
        *,
        tighter: Staleness | None = None,
    ) -> None:
        self.good = LastGood(tighter=tighter)
        self._clock = clock
        self._releases = releases
        self._lock = threading.Lock()
        count_releases(self.good, meters)

    def live(self, surface: str) -> Live:
        """Return what is served for `surface`.

        Raises:
            NotFound: code `unknown_surface`.
            DependencyFailure: code `no_snapshot_yet`.
        """
        return self.good.live(surface)

    def surfaces(self) -> tuple[str, ...]:
        """Return the surfaces that are served."""
        return self.good.surfaces()

    @property
    def problems(self) -> Any:
        """The newest refusal of each surface."""
        return self.good.problems

    def refresh(self) -> tuple[str, ...]:
        """Take over what was published since, and return the surfaces that changed.

        A store that cannot be reached changes nothing: the last good copies go on being served, and grow old.
        """
        with self._lock:
            # The clock is read first: what is published while the store answers is not confirmed by that answer.
            now = self._clock()
            try:
                heads = self._releases.heads()
            except CounterpointError as error:
                self.good.refused("", error)
                return ()
            return tuple(surface for surface, number in heads.items() if self._refreshed(surface, number, now))

    def _refreshed(self, surface: str, number: int, now: datetime) -> bool:
        try:
            present = self.good.held(surface)
            if present is not None and present.release == number:
                self.good.confirm(surface, present.compiled.id, now)
                return False
            snapshot = snapshot_of(self._releases.get(surface, number))
            data = encode_snapshot(snapshot)
            compiled = compile_snapshot(
                snapshot,
                address=address_of(data),
                confirmed_at=now,
                tighter=self.good.tighter,
                before=present.compiled if present is not None else None,
            )
            return self.good.put(compiled, data, "releases")
        except CounterpointError as error:
            # One surface that cannot be read must not keep a kill switch on another from being served.
            self.good.refused(surface, error)
            return False


def count_releases(good: LastGood, meters: Meters) -> None:
    """Show the release that is served of each surface among the metrics."""

    def count() -> None:
        for surface in good.surfaces():
            meters.snapshot_release.labels(surface).set(good.live(surface).release)

    good.watch(count)
