"""Drift: whether every backend still holds what it should, since when it does not, and what a person can do about it.

What somebody changed by hand is told and never overwritten by itself. What merely lags behind, because a baseline
changed and nobody touched the flag, is written.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from counterpoint.control.acting import a_person
from counterpoint.control.live.drift_checks import LIVE, Checks
from counterpoint.control.live.drift_words import findings_of, standing_key
from counterpoint.errors import CounterpointError, InvalidInput, NotFound
from counterpoint.orchestration import Backend, LaunchStore
from counterpoint.orchestration.backends import HeldBackend, Notes
from counterpoint.telemetry import logger

Document = dict[str, Any]
CHECK_EVERY = timedelta(minutes=1)
"""For what holds definitions: one reading of a file or a few calls for a surface."""
ASK_EVERY = timedelta(minutes=30)
"""For what costs a call, or a row read, for each experiment."""
_HOLD_NOTHING = frozenset({"content", "reach"})
_LOG = logger("drift")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Looks at backends, remembers what it found, and carries out what a person decides.

    Attributes:
        backends: All of a launch's, in order.
        stopwatch: Seconds of a monotonic clock: a process that has just started, or whose clock is simulated, does not
            begin with checks.
    """

    backends: tuple[Backend, ...]
    launches: LaunchStore
    checks: Checks
    new_id: Callable[[], str]
    stopwatch: Callable[[], float]
    _looked: dict[str, float] = field(default_factory=dict, init=False)
    _threads: list[threading.Thread] = field(default_factory=list, init=False)
    _closing: threading.Event = field(default_factory=threading.Event, init=False)

    @property
    def held(self) -> tuple[HeldBackend, ...]:
        """The backends that keep definitions."""
        return tuple(backend for backend in self.backends if isinstance(backend, HeldBackend))

    def tick(self) -> bool:
        """Begin the checks that are due, of all processes in one, and return whether any was.

        They run beside the caller: a system outside that is slow must not keep a launch from being looked at.
        """
        if self._threads and self._threads[-1].is_alive():
            return False
        held = bool(self.held) and self._due("held", CHECK_EVERY)
        asked = self._due("asked", ASK_EVERY)
        if held or asked:
            thread = threading.Thread(target=self._run, args=(held, asked), name="drift", daemon=True)
            self._threads[:] = [thread]
            thread.start()
        return held or asked

    def settle(self) -> None:
        """Wait until the checks that have begun have ended."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """Let the check that runs be the last, and wait for it."""
        self._closing.set()
        self.settle()

    def _run(self, held: bool, asked: bool) -> None:
        # A failure of one check keeps no other from being done.
        for backend, surface in self._places() if held else ():
            if not self._closing.is_set():
                self._quietly(self.checks.held, backend, surface)
        if asked:
            self._quietly(self._ask_all)

    def check(self) -> list[Document]:
        """Look at everything now and return what is not as it should be."""
        for backend, surface in self._places():
            self.checks.held(backend, surface)
        self._ask_all()
        return self.findings()

    def findings(self, surface: str | None = None) -> list[Document]:
        """Return what the last checks found, the oldest first: backend, what, since when, and what to do."""
        surfaces = self.checks.releases.surfaces()
        kept = [self.standing(backend.name, where) for backend, where in self._places()]
        kept += [self.standing("surface", where) for where in surfaces]
        notes = [note for note in kept if note is not None] + [*self.asked().values()]
        found = (finding for note in notes for finding in findings_of(note))
        wanted = (each for each in found if surface in (None, each["surface"]))
        return sorted(wanted, key=lambda each: (each["since"], each["backend"], each["path"]))

    def standing(self, backend: str, surface: str) -> Document | None:
        """Return what the last check of a backend on a surface saw; None before the first."""
        return self._notes.get(standing_key(backend, surface))

    def asked(self) -> Mapping[tuple[str, str, str], Document]:
        """Return what was last seen of each live experiment, by backend, surface and experiment."""
        kept = (self._notes.get(_asked_key(backend)) or {"experiments": []} for backend in self._askable())
        return {
            (note["backend"], note["surface"], note["experiment"]): note
            for document in kept
            for note in document["experiments"]
        }

    def reapply(self, backend: str, *, surface: str | None = None, actor: str, reason: str) -> list[str]:
        """Put back what should be there, over what somebody changed, and return the parameters.

        Raises:
            Forbidden: code `agents_do_not_approve`.
            NotFound: code `unknown_backend`.
            InvalidInput: code `reason_missing`.
            Conflict: code `flag_taken`, when one is somebody else's.
            DependencyFailure: The backend does not answer.
        """
        return self._resolve("reapply", backend, surface, actor, reason)

    def adopt(self, backend: str, *, surface: str | None = None, actor: str, reason: str) -> list[str]:
        """Take what is there for what shall be there until it changes again, and return the parameters.

        Raises:
            NotFound: code `unknown_backend`.
            InvalidInput: code `reason_missing`.
            DependencyFailure: The backend does not answer.
        """
        return self._resolve("adopt", backend, surface, actor, reason)

    def _resolve(self, verb: str, name: str, surface: str | None, actor: str, reason: str) -> list[str]:
        by = a_person(actor, doing=verb)
        backend = next((each for each in self.held if each.name == name), None)
        if backend is None:
            known = ", ".join(each.name for each in self.held) or "none is declared"
            raise NotFound(
                "unknown_backend", f"no backend {name!r} keeps definitions", where="backend", fix=f"known: {known}"
            )
        if not reason.strip():
            raise InvalidInput("reason_missing", "no reason is given", where="reason", fix="say why in a few words")
        done: list[str] = []
        for where in [surface] if surface is not None else self._surfaces(backend):
            seen, now = self.checks.compared(backend, where), self.checks.clock()
            if not seen.drifted:
                continue
            before = {key: seen.there.get(key) for key in seen.drifted}
            after = {key: seen.right.get(key) for key in seen.drifted} if verb == "reapply" else before
            if verb == "reapply":
                backend.put(where, after, before, at=now)
            else:
                adopted = {"at": now.isoformat(), "adopted": {"by": by, "reason": reason}}
                backend.note_written(where, {key: {"definition": each, **adopted} for key, each in before.items()})
            self.checks.record(verb, backend.name, where, actor=by, reason=reason, before=before, after=after)
            done += seen.drifted
            self.checks.held(backend, where)
        return done

    def _ask_all(self) -> None:
        """Check the releases themselves, and ask each backend that keeps something for each experiment."""
        for surface in self.checks.releases.surfaces():
            self.checks.rows(surface)
        # One that is being moved is in step with nothing yet.
        live = [
            each for each in self.launches.list() if each.state in LIVE and each.claim is None and each.wish is None
        ]
        seen = self.asked()
        for backend in self._askable():
            notes: list[Document] = []
            for launch in live:
                if self._closing.is_set():
                    return
                # One that does not answer for one experiment is not asked for the next: each would wait in vain.
                silent = notes[-1]["down"]["why"] if notes and notes[-1]["down"] else None
                old = seen.get((backend.name, launch.surface, launch.experiment))
                notes.append(self.checks.ask(backend, launch, old, silent=silent))
            # One record for each backend: a thousand experiments are one write.
            self._notes.change(_asked_key(backend), lambda _, notes=notes: {"experiments": notes})  # type: ignore[misc]  # bound by default

    def _askable(self) -> list[Backend]:
        return [each for each in self.backends if each.name not in _HOLD_NOTHING and not isinstance(each, HeldBackend)]

    def _places(self) -> Iterator[tuple[HeldBackend, str]]:
        for backend in self.held:
            for surface in self._surfaces(backend):
                yield backend, surface

    def _surfaces(self, backend: HeldBackend) -> list[str]:
        return [surface for surface in self.checks.releases.surfaces() if backend.holds(surface)]

    def _due(self, what: str, every: timedelta) -> bool:
        """Return whether this process may do a check now: of those that tick, one does it."""
        looked = self._looked.setdefault(what, self.stopwatch())
        if self.stopwatch() - looked < every.total_seconds():
            return False
        self._looked[what] = self.stopwatch()
        now, mine = self.checks.clock(), self.new_id()

        def change(old: Document | None) -> Document:
            if old is not None and datetime.fromisoformat(old["at"]) <= now < datetime.fromisoformat(old["at"]) + every:
                return old
            return {"at": now.isoformat(), "by": mine}

        return bool(self._notes.change(f"due/{what}", change)["by"] == mine)

    @property
    def _notes(self) -> Notes:
        return self.checks.notes

    def _quietly(self, check: Callable[..., None], *about: Any) -> None:
        try:
            check(*about)
        except CounterpointError as error:
            _LOG.warning("check failed", extra={"code": error.code, "what": error.sentence})


def _asked_key(backend: Backend) -> str:
    return f"asked/{backend.name}"
