"""The snapshot feed: each surface's last good snapshot, compiled, refreshed without a pause."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from counterpoint.config import CompiledSnapshot, compile_snapshot
from counterpoint.errors import CounterpointError, NotFound
from counterpoint.releases import ReleaseStore, snapshot_of
from counterpoint.telemetry import Meters, logger


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """One surface's compiled snapshot, with the release it came from."""

    compiled: CompiledSnapshot
    release: int


class SnapshotFeed:
    """Serves the last good snapshot of each surface; what it serves is replaced in one step.

    Args:
        releases: Where releases are published.
        surfaces: Keys of the surfaces to serve.
    """

    def __init__(
        self,
        releases: ReleaseStore,
        surfaces: Callable[[], tuple[str, ...]],
        meters: Meters,
        clock: Callable[[], datetime],
    ) -> None:
        self._clock = clock
        self._releases = releases
        self._surfaces = surfaces
        self._meters = meters
        self._live: dict[str, Live] = {}
        self._lock = threading.Lock()

    def live(self, surface: str) -> Live:
        """Return what is served for `surface`.

        Raises:
            NotFound: code `unknown_surface`.
        """
        live = self._live.get(surface)
        if live is None:
            known = ", ".join(sorted(self._live)) or "none yet"
            raise NotFound(
                "unknown_surface", f"there is no surface {surface!r}", where="surface", fix=f"one of: {known}"
            )
        return live

    def surfaces(self) -> tuple[str, ...]:
        """Return the surfaces that are served."""
        return tuple(sorted(self._live))

    def refresh(self) -> tuple[str, ...]:
        """Take over what was published since, and return the surfaces that changed.

        A store that cannot be reached changes nothing: the last good copies go on being served.
        """
        changed = []
        with self._lock:
            try:
                for surface in self._surfaces():
                    note = self._releases.head(surface)
                    present = self._live.get(surface)
                    if note is None:
                        continue
                    if present is not None and present.release == note.number:
                        # Known to be the newest at this moment: its age counts from now.
                        fresh = present.compiled.confirmed(self._clock())
                        self._live = {**self._live, surface: Live(compiled=fresh, release=present.release)}
                        continue
                    release = self._releases.get(surface, note.number)
                    compiled = compile_snapshot(snapshot_of(release), confirmed_at=self._clock())
                    self._live = {**self._live, surface: Live(compiled=compiled, release=release.number)}
                    self._meters.snapshot_release.labels(surface).set(release.number)
                    changed.append(surface)
            except CounterpointError as error:
                logger("feed").warning("snapshot not refreshed", extra={"problem": error.as_document()})
        return tuple(changed)
