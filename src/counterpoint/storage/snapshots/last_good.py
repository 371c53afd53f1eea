"""The last good snapshot of each surface in memory: what is taken, what is refused, and who is told of it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from counterpoint.config import CompiledSnapshot, Staleness, load_snapshot
from counterpoint.errors import Conflict, CounterpointError, DependencyFailure, InvalidInput, NotFound
from counterpoint.storage.snapshots.deltas import Piece, delta_between, patched
from counterpoint.storage.snapshots.files import SnapshotFiles
from counterpoint.telemetry import logger

Origin: TypeAlias = Literal["releases", "control plane", "disk"]
N_PAST = 3
"""So many snapshots before the newest are kept, for followers that were sent one of them last."""
MAX_PAST_BYTES = 8_000_000
"""Beyond it only the last one is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """What is served of one surface.

    Attributes:
        data: The snapshot as it travels: JSON.
        origin: Where it was taken from.
    """

    compiled: CompiledSnapshot
    data: bytes
    origin: Origin

    @property
    def release(self) -> int:
        """Number of the release that it was made from."""
        return self.compiled.snapshot.release


class LastGood:
    """Holds what is served; a snapshot is replaced in one step, and only by one that is good and not older.

    Reading takes no lock. Methods that write may be called from any thread.

    Args:
        files: Where snapshots survive the process; None keeps them in memory alone.
        tighter: What this process promises about their age beyond what each declares.
    """

    def __init__(self, files: SnapshotFiles | None = None, *, tighter: Staleness | None = None) -> None:
        self._files = files
        self.tighter = tighter
        self._live: Mapping[str, Live] = {}
        self._past: Mapping[str, Mapping[str, bytes]] = {}
        self._deltas: dict[tuple[str, str], bytes | None] = {}
        self._problems: Mapping[str, dict[str, Any]] = {}
        self._watchers: tuple[Callable[[], object], ...] = ()
        self._lock = threading.Lock()
        self.closed = False

    def live(self, surface: str) -> Live:
        """Return what is served for `surface`.

        Raises:
            NotFound: code `unknown_surface`.
            DependencyFailure: code `no_snapshot_yet`, when nothing has arrived since the start.
        """
        live = self._live.get(surface)
        if live is not None:
            return live
        if not self._live:
            raise DependencyFailure(
                "no_snapshot_yet",
                "no snapshot has arrived, and none is on disk",
                where=surface[:80],
                fix="wait for the control plane, or see why it cannot be reached",
            )
        known = ", ".join(sorted(self._live))
        raise NotFound(
            "unknown_surface", f"there is no surface {surface[:80]!r}", where="surface", fix=f"one of: {known}"
        )

    def held(self, surface: str) -> Live | None:
        """Return what is served for `surface`, or None."""
        return self._live.get(surface)

    def surfaces(self) -> tuple[str, ...]:
        """Return the surfaces that are served, sorted."""
        return tuple(sorted(self._live))

    @property
    def problems(self) -> Mapping[str, dict[str, Any]]:
        """The newest refusal of each surface, as an error document; gone when a good snapshot is taken."""
        return self._problems

    def put(self, compiled: CompiledSnapshot, data: bytes, origin: Origin) -> bool:
        """Serve a snapshot from now on, and return whether that changes anything.

        Raises:
            Conflict: code `snapshot_older`; what is served stays.
        """
        surface = compiled.snapshot.surface
        with self._lock:
            present = self._live.get(surface)
            if present is not None and present.release > compiled.snapshot.release:
                raise Conflict(
                    "snapshot_older",
                    f"release {compiled.snapshot.release} is older than release {present.release}, which is served",
                    where=surface,
                    fix="publish again; to go back on purpose, stop this process and remove its kept snapshot",
                    facts={"offered": compiled.snapshot.release, "served": present.release},
                )
            changed = present is None or present.compiled.id != compiled.id
            if changed:
                if present is not None:
                    self._past = {**self._past, surface: _kept_past(self._past.get(surface, {}), present)}
                    self._deltas = {}
                self._live = {**self._live, surface: Live(compiled=compiled, data=data, origin=origin)}
            self._problems = {key: each for key, each in self._problems.items() if key != surface}
        if not changed:
            self.confirm(surface, compiled.id, compiled.confirmed_at)
            return False
        if origin != "disk":
            self._save(compiled, data)
        self._notify()
        # It is served already; this spares the first request some milliseconds where there are many experiments.
        compiled.warm()
        return True

    def take(self, surface: str, data: bytes, *, expected_id: str, now: datetime, age_s: float) -> bool:
        """Serve a snapshot that came over the network, and return whether that changes anything.

        Args:
            expected_id: Content address under which it was announced.
            age_s: How long ago the sender last knew it to be the newest, seconds.

        Raises:
            InvalidInput: As in `decode_snapshot`, or `wrong_surface`.
            Conflict: code `snapshot_older`.
        """
        return self._taken(surface, data, expected_id, now, now - timedelta(seconds=age_s), "control plane")

    def patch(
        self, surface: str, pieces: Sequence[Piece], *, base: str, expected_id: str, now: datetime, age_s: float
    ) -> bool:
        """Serve what `pieces` make of the snapshot that is served, and return whether that changes anything.

        Args:
            base: Content address of the snapshot that the pieces are runs of.
            expected_id: As in `take`.
            age_s: As in `take`.

        Raises:
            Conflict: code `other_base`, when another is served; or `snapshot_older`.
            InvalidInput: code `bad_delta`, or as in `take`.
        """
        live = self._live.get(surface)
        if live is None or live.compiled.id != base:
            raise Conflict("other_base", "the change is one of another snapshot", where=surface[:80])
        return self.take(surface, patched(live.data, pieces), expected_id=expected_id, now=now, age_s=age_s)

    def delta(self, live: Live, base: str) -> bytes | None:
        """Return what makes `live` of the snapshot `base`, as a JSON list of pieces; made once for all who ask.

        None when the base is not remembered, or the change is not much smaller than the whole.
        """
        made, asked = self._deltas, (base, live.compiled.id)
        if asked not in made:
            data = self._past.get(live.compiled.snapshot.surface, {}).get(base)
            made[asked] = None if data is None else delta_between(data, live.data)
        return made[asked]

    def confirm(self, surface: str, snapshot_id: str, at: datetime) -> None:
        """Note that what is served was the newest at `at`; its age counts from then."""
        with self._lock:
            live = self._live.get(surface)
            if live is None or live.compiled.id != snapshot_id or at <= live.compiled.confirmed_at:
                return
            self._live = {**self._live, surface: replace(live, compiled=live.compiled.confirmed(at))}
        if self._files is not None:
            try:
                self._files.confirm(surface, snapshot_id, at)
            except DependencyFailure as error:
                self.refused(surface, error)

    def restore(self, now: datetime) -> tuple[str, ...]:
        """Serve what the disk holds, and return the surfaces found; what is corrupt is refused and named."""
        found = []
        for surface in self._files.surfaces() if self._files else ():
            try:
                assert self._files is not None  # noqa: S101 - the loop is empty without files
                kept = self._files.load(surface)
                confirmed_at = min(kept.confirmed_at, now)
                self._taken(surface, kept.data, kept.id, now, confirmed_at, "disk")
                found.append(surface)
            except CounterpointError as error:
                self.refused(surface, error)
        return tuple(found)

    def refused(self, surface: str, error: CounterpointError) -> None:
        """Remember why a snapshot was not taken or not kept, and say so in the log."""
        document = error.as_document()
        with self._lock:
            self._problems = {**self._problems, surface: document}
        logger("snapshots").warning("snapshot refused", extra={"surface": surface, "problem": document})

    def watch(self, notify: Callable[[], object]) -> Callable[[], None]:
        """Call `notify` after each change, in the thread that made it, until what is returned is called."""
        with self._lock:
            self._watchers = (*self._watchers, notify)

        def stop() -> None:
            with self._lock:
                self._watchers = tuple(each for each in self._watchers if each is not notify)

        return stop

    def close(self) -> None:
        """Tell everybody who waits that nothing more will come; what is served stays. Safe in a signal handler."""
        self.closed = True
        self._notify()

    def _taken(
        self, surface: str, data: bytes, expected_id: str, now: datetime, confirmed_at: datetime, origin: Origin
    ) -> bool:
        present = self._live.get(surface)
        compiled = load_snapshot(
            data,
            expected_id=expected_id,
            now=now,
            confirmed_at=confirmed_at,
            tighter=self.tighter,
            before=present.compiled if present is not None else None,
        )
        if compiled.snapshot.surface != surface:
            raise InvalidInput(
                "wrong_surface", f"it is the snapshot of {compiled.snapshot.surface[:80]!r}", where=surface[:80]
            )
        return self.put(compiled, data, origin)

    def _save(self, compiled: CompiledSnapshot, data: bytes) -> None:
        if self._files is None:
            return
        snapshot = compiled.snapshot
        try:
            self._files.save(
                surface=snapshot.surface,
                release=snapshot.release,
                snapshot_id=compiled.id,
                data=data,
                at=compiled.confirmed_at,
            )
        except DependencyFailure as error:  # a full disk must not keep a kill switch from being served
            self.refused(snapshot.surface, error)

    def _notify(self) -> None:
        for notify in self._watchers:
            # Who watches from an event loop may have closed it since; the others still want to know.
            with suppress(RuntimeError):
                notify()


def _kept_past(past: Mapping[str, bytes], present: Live) -> Mapping[str, bytes]:
    kept = dict([*past.items(), (present.compiled.id, present.data)][-N_PAST:])
    return kept if sum(map(len, kept.values())) <= MAX_PAST_BYTES else {present.compiled.id: present.data}
