"""The checks behind drift: what each backend holds, compared with what it should, noted with since when."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from counterpoint.control.live.drift_words import standing_key
from counterpoint.errors import Conflict, CounterpointError, DependencyFailure, PlatformFault
from counterpoint.orchestration import PLATFORM, Backend, Desired, Goal, Launch, LaunchState, spec_of
from counterpoint.orchestration.backends import HeldBackend, Notes
from counterpoint.releases import ReleaseStore
from counterpoint.vocabulary import digest

Document = dict[str, Any]
LIVE = {LaunchState.RUNNING: Goal.START, LaunchState.PAUSED: Goal.PAUSE}
"""What a launch in such a state wants of its backends, once more."""


class Record(Protocol):
    """Writes to the audit log what became of a surface's definitions in a backend."""

    def __call__(
        self,
        action: str,
        backend: str,
        surface: str,
        *,
        actor: str,
        reason: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        """Write one entry."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a holder has of a surface, beside what is right.

    Attributes:
        drifted: Parameters that somebody changed by hand.
        behind: Parameters that nobody touched and that are not right any more.
    """

    there: Mapping[str, Any]
    right: Mapping[str, Any]
    drifted: tuple[str, ...]
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """Looks once; the notes keep what it saw.

    Attributes:
        stored: Returns a release store that has read nothing yet, so that what it returns is what the rows say.
    """

    releases: ReleaseStore
    stored: Callable[[], ReleaseStore]
    notes: Notes
    clock: Callable[[], datetime]
    record: Record

    def held(self, backend: HeldBackend, surface: str) -> None:
        """Compare what a holder has of a surface, write what lags behind, and note the rest."""
        now = self.clock()
        key = standing_key(backend.name, surface)
        old = self.notes.get(key) or {"backend": backend.name, "surface": surface, "flags": {}}
        try:
            seen = self.compared(backend, surface)
            taken = self._follow(backend, surface, seen)
        except DependencyFailure as error:
            down = {"why": error.what, "since": (old.get("down") or {"since": now.isoformat()})["since"]}
            self.notes.change(key, lambda _: {**old, "down": down})
            return
        there, right, behind = seen.there, seen.right, seen.behind
        flags: Document = {}
        for name in seen.drifted:
            before = old["flags"].get(name, {})
            same = bool(before) and before["found"] == there.get(name)
            since = before["since"] if same else now.isoformat()
            flags[name] = {"code": "drifted", "since": since, "found": there.get(name), "expected": right.get(name)}
            if not same:
                self.record(
                    "drift",
                    backend.name,
                    surface,
                    actor=PLATFORM,
                    reason=f"{name} was changed by hand",
                    before={name: right.get(name)},
                    after={name: there.get(name)},
                )
        for name, why in taken.items():
            since = old["flags"].get(name, {}).get("since", now.isoformat())
            flags[name] = {"code": "flag_taken", "since": since, "found": None, "expected": right.get(name), "why": why}
        # What follows was written just now; what is somebody else's was not.
        held = {
            **{each: value for each, value in there.items() if each not in behind},
            **_written(right, behind, taken),
        }
        content = digest(held)
        same_content = content == old.get("digest")
        live = self.releases.latest(surface)
        note = {
            "backend": backend.name,
            "surface": surface,
            "flags": flags,
            "down": None,
            "checked_at": now.isoformat(),
            "n": len(held),
            "digest": content,
            "release": None if live is None else live.number,
            "since": old["since"] if same_content else now.isoformat(),
        }
        self.notes.change(key, lambda _: note)

    def compared(self, backend: HeldBackend, surface: str) -> Comparison:
        """Return what a holder has beside what is right.

        Raises:
            DependencyFailure: The holder does not answer.
        """
        there, right = backend.holder.read(surface), backend.outlook.now(surface).definitions
        written = backend.written(surface)
        drifted, behind = [], []
        for key in sorted(there.keys() | right.keys()):
            if there.get(key) == right.get(key):
                continue
            last = written.get(key)
            if (None if last is None else last["definition"]) != there.get(key):
                drifted.append(key)
            elif last is None or "adopted" not in last:
                behind.append(key)
        return Comparison(there=there, right=right, drifted=tuple(drifted), behind=tuple(behind))

    def _follow(self, backend: HeldBackend, surface: str, seen: Comparison) -> dict[str, str]:
        """Write what lags behind, and return what could not be because it is somebody else's, with the reason."""
        taken = {}
        for key in seen.behind:
            try:
                backend.put(surface, {key: seen.right.get(key)}, {key: seen.there.get(key)}, at=self.clock())
            except Conflict as error:
                taken[key] = error.sentence
        return taken

    def rows(self, surface: str) -> None:
        """Compare the rows of the release store with the digests they were published with."""
        now, key = self.clock(), standing_key("surface", surface)
        old = self.notes.get(key) or {}
        flags: Document = {}
        rows, served = None, self.releases.latest(surface)
        try:
            rows = self.stored().latest(surface)
        except PlatformFault as error:
            flags["release"] = {"why": error.what}
        if rows is not None and served is not None and rows.number == served.number and rows.digest != served.digest:
            flags["release"] = {"why": f"release {rows.number} has another digest than the one that is served"}
        for flag in flags.values():
            flag |= {"code": "release_altered", "found": None if rows is None else rows.digest}
            flag |= {"expected": None if served is None else served.digest}
            flag["since"] = old.get("flags", {}).get("release", {}).get("since", now.isoformat())
        note = {"backend": "surface", "surface": surface, "flags": flags, "down": None, "checked_at": now.isoformat()}
        self.notes.change(key, lambda _: note)

    def ask(self, backend: Backend, launch: Launch, old: Document | None, *, silent: str | None = None) -> Document:
        """Return what a backend would change of what a live launch has already, with since when: that has drifted.

        Args:
            old: What the last check saw; None before the first.
            silent: Why the backend does not answer, when it was just found out: it is not asked again.
        """
        now, before = self.clock(), old or {"flags": {}}
        note: Document = {"backend": backend.name, "surface": launch.surface, "experiment": launch.experiment}
        try:
            edits = backend.plan(standing_desire(launch, now)).edits if silent is None else ()
        except CounterpointError as error:
            silent = error.what
        if silent is not None:
            since = (before.get("down") or {"since": now.isoformat()})["since"]
            return {**before, **note, "down": {"why": silent, "since": since}}
        flags = {
            edit.path: {
                "code": "drifted",
                "since": before["flags"].get(edit.path, {}).get("since", now.isoformat()),
                "found": edit.before,
                "expected": edit.after,
            }
            for edit in edits
        }
        return {**note, "flags": flags, "down": None, "checked_at": now.isoformat()}


def standing_desire(launch: Launch, now: datetime) -> Desired:
    """Return what a live launch wants of its backends, once more."""
    return Desired(
        launch_id=launch.id,
        spec=spec_of(launch),
        goal=LIVE[launch.state],
        stage=launch.stage,
        actor=PLATFORM,
        reason="a check",
        now=now,
    )


def _written(right: Mapping[str, Any], behind: Sequence[str], taken: Mapping[str, str]) -> Document:
    return {key: right[key] for key in behind if key in right and key not in taken}
