"""A backend that holds definitions: given a place to read and write them, plan, apply, verify and revert follow.

What a place shall hold is a function of the live release. So a launch writes what is right for everything that is live,
not only for itself, and two launches on one parameter end alike in whatever order they write.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from counterpoint.errors import Conflict
from counterpoint.orchestration.backends.outlook import Outlook, Rendered
from counterpoint.orchestration.backends.protocol import Desired, Diff, Edit, Goal
from counterpoint.orchestration.launch import Receipt
from counterpoint.vocabulary import digest

Note = dict[str, Any]


class Holder(Protocol):
    """A place that holds definitions of ours beside those of others: the one file that a new backend is."""

    def read(self, surface: str) -> Mapping[str, Any]:
        """Return the definitions that are ours, by parameter.

        Raises:
            DependencyFailure: The place does not answer, or what it answers cannot be read.
        """
        ...

    def write(self, surface: str, changes: Mapping[str, Any], *, before: Mapping[str, Any]) -> None:
        """Put each definition of `changes` there, and take away those that are None; leave everything else alone.

        Args:
            before: What the caller read of the same parameters, None for those that were not there.

        Raises:
            Conflict: code `flag_taken`, when one of that name belongs to somebody else; `changed_meanwhile`, when one
                is no longer as it was read, where the place can tell.
            DependencyFailure: The place does not answer.
        """
        ...


@runtime_checkable
class Stepwise(Protocol):
    """A holder that needs several calls for one definition, and so may leave one half-written."""

    def is_between(self, there: Any, before: Any, after: Any) -> bool:
        """Return whether `there` is a state that a write from `before` to `after` passes through."""
        ...


class Notes(Protocol):
    """Small durable records by key, each changed by one writer at a time."""

    def get(self, key: str) -> Note | None:
        """Return a record, or None."""
        ...

    def change(self, key: str, change: Callable[[Note | None], Note]) -> Note:
        """Return the record as `change` left it, stored; called again when another writer came first."""
        ...


class HeldBackend:
    """Keeps the definitions of a surface's parameters in one holder.

    Args:
        name: Stored with every receipt, so it never changes.
        surfaces: The surfaces that it holds; None for all.
    """

    def __init__(
        self, name: str, holder: Holder, outlook: Outlook, notes: Notes, *, surfaces: frozenset[str] | None = None
    ) -> None:
        self._name = name
        self.holder, self.outlook, self._notes = holder, outlook, notes
        self._surfaces = surfaces

    @property
    def name(self) -> str:
        """The declared name."""
        return self._name

    def holds(self, surface: str) -> bool:
        """Return whether it holds definitions of `surface`."""
        return self._surfaces is None or surface in self._surfaces

    def plan(self, desired: Desired) -> Diff:
        """Return what would change of the parameters that the experiment sets; other parameters are not its business.

        `detail["left_out"]` names parameters that the system cannot hold, with the reason; `detail["caveat"]` says
        where it gives another value than this platform; `detail["by_hand"]` names what somebody changed there.

        Raises:
            Conflict: The goal cannot be reached from what is live.
            DependencyFailure: The system does not answer.
        """
        surface = desired.spec.surface
        if not self.holds(surface):
            return Diff(backend=self.name, edits=())
        wanted = self.outlook.after(desired)
        there = self.holder.read(surface)
        mine = _concerned(desired, wanted, there)
        edits = tuple(
            Edit(path=key, before=there.get(key), after=wanted.definitions.get(key))
            for key in mine
            if there.get(key) != wanted.definitions.get(key)
        )
        detail: dict[str, Any] = {}
        left_out = {key: wanted.left_out[key] for key in sorted(_sets(desired) & wanted.left_out.keys())}
        if left_out:
            detail["left_out"] = left_out
        if edits and desired.spec.key in wanted.caveats:
            detail["caveat"] = wanted.caveats[desired.spec.key]
        by_hand = sorted(edit.path for edit in edits if not self._is_known(surface, edit.path, edit.before))
        if by_hand:
            detail["by_hand"] = by_hand
        return Diff(backend=self.name, edits=edits, detail=detail)

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Write the definitions; under a key that was reverted, nothing.

        What somebody changed there by hand keeps a START from happening, and is left alone by every other goal: a stop
        must not wait for it, and overwriting it is for a person to say.

        Raises:
            Conflict: code `changed_by_hand`, or what the holder raises.
            DependencyFailure: The system does not answer.
        """
        surface, by_hand = desired.spec.surface, diff.detail.get("by_hand", [])
        fresh = self._notes.get(self._receipt(idempotency_key)) is None
        if fresh and by_hand and desired.goal is Goal.START:
            raise Conflict(
                "changed_by_hand",
                f"somebody changed {', '.join(by_hand)} there by hand",
                where=self.name,
                fix=f"decide what is right: counterpoint live reapply {self.name}, or adopt {self.name}",
                facts={"flags": by_hand},
            )
        mine = {edit.path: edit for edit in diff.edits if edit.path not in by_hand}
        first: Note = {
            "state": "begun",
            "surface": surface,
            "experiment": desired.spec.key,
            "goal": str(desired.goal),
            "at": desired.now.isoformat(),
            "before": {key: edit.before for key, edit in mine.items()},
            "after": {key: edit.after for key, edit in mine.items()},
            "left_alone": by_hand,
        }
        # Noted before it is done: whoever repeats this after a crash knows what was there before.
        note = self._notes.change(self._receipt(idempotency_key), lambda old: old or first)
        if note["state"] == "begun":
            self._put(
                surface,
                note["after"],
                note["before"],
                lambda: self.outlook.after(desired),
                at=desired.now,
                resumed=not fresh,
            )
            self._notes.change(
                self._receipt(idempotency_key), lambda old: _in_state(old, "done", unless=("reverting", "reverted"))
            )
        detail = {
            "surface": surface,
            "experiment": note["experiment"],
            "goal": note["goal"],
            "flags": {key: None if value is None else digest(value) for key, value in note["after"].items()},
            "left_alone": note["left_alone"],
        }
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail=detail)

    def verify(self, receipt: Receipt) -> str | None:
        """Return None while each definition is the one that was written, or the one that is right by now."""
        surface, flags = receipt.detail["surface"], receipt.detail["flags"]
        if not flags:
            return None
        there, now = self.holder.read(surface), self.outlook.now(surface).definitions
        wrong = [
            key for key, wrote in flags.items() if _digest(there.get(key)) != wrote and there.get(key) != now.get(key)
        ]
        return f"{', '.join(wrong)} there is not what was written" if wrong else None

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        """Put back what was there before; where another launch has written since, only this one's part goes.

        Raises:
            Conflict: code `changed_since`, when somebody changed it by hand meanwhile.
            DependencyFailure: The system does not answer.
        """
        key = self._receipt(receipt.idempotency_key)
        note = self._notes.get(key)
        if note is None or note["state"] == "reverted":
            return
        surface, experiment, goal = note["surface"], note["experiment"], Goal(note["goal"])
        # What died halfway left its apply, or its revert, begun: then a half-written definition is ours.
        resumed = note["state"] != "done"
        self._notes.change(key, lambda old: _in_state(old, "reverting"))
        self._put(
            surface,
            note["before"],
            note["after"],
            lambda: self.outlook.undone(surface, experiment, goal),
            at=now,
            resumed=resumed,
        )
        self._notes.change(key, lambda old: {**_in_state(old, "reverted"), "by": actor, "reason": reason})

    def written(self, surface: str) -> dict[str, Any]:
        """Return what this platform wrote last: parameter -> `{"definition", "at"}` and, if adopted, by whom."""
        note = self._notes.get(f"written/{self.name}/{surface}")
        return {} if note is None else dict(note["flags"])

    def put(self, surface: str, definitions: Mapping[str, Any], before: Mapping[str, Any], *, at: datetime) -> None:
        """Write definitions and note that they are ours; None takes one away."""
        if definitions:
            self.holder.write(surface, definitions, before=before)
            self.note_written(
                surface, {key: {"definition": each, "at": at.isoformat()} for key, each in definitions.items()}
            )

    def note_written(self, surface: str, flags: Mapping[str, Note]) -> None:
        """Take what is there for what this platform knows of."""

        def change(old: Note | None) -> Note:
            kept = {} if old is None else old["flags"]
            return {"flags": {**kept, **flags}}

        self._notes.change(f"written/{self.name}/{surface}", change)

    def _put(
        self,
        surface: str,
        wanted: Mapping[str, Any],
        expected: Mapping[str, Any],
        rendered: Callable[[], Rendered],
        *,
        at: datetime,
        resumed: bool,
    ) -> None:
        """Bring flags from `expected` to `wanted`; those that another launch wrote meanwhile, to what is right now.

        Args:
            resumed: Whether an earlier attempt may have left a definition half-written.
        """
        there = self.holder.read(surface)
        changes: dict[str, Any] = {}
        strange = []
        for key, value in wanted.items():
            now_is = there.get(key)
            if now_is == value:
                continue
            if now_is == expected[key] or (resumed and self._is_between(now_is, expected[key], value)):
                changes[key] = value
            elif self._is_known(surface, key, now_is):
                changes[key] = rendered().definitions.get(key)
            else:
                strange.append(key)
        changed = {key: value for key, value in changes.items() if there.get(key) != value}
        self.put(surface, changed, {key: there.get(key) for key in changed}, at=at)
        # What a run wrote that died before it noted so is ours too.
        done = {key: value for key, value in wanted.items() if key not in changes and key not in strange}
        unknown = {key: value for key, value in done.items() if not self._is_known(surface, key, value)}
        if unknown:
            self.note_written(
                surface, {key: {"definition": value, "at": at.isoformat()} for key, value in unknown.items()}
            )
        if strange:
            raise Conflict(
                "changed_since",
                f"somebody changed {', '.join(strange)} there by hand",
                where=self.name,
                fix=f"look at it with counterpoint live, then counterpoint live reapply {self.name} or adopt it",
                facts={"flags": strange, "expected": {key: wanted[key] for key in strange}},
            )

    def _is_known(self, surface: str, key: str, value: Any) -> bool:
        """Return whether `value` is nothing at all, or what this platform wrote last."""
        last = self.written(surface).get(key)
        return last["definition"] == value if last is not None else value is None

    def _is_between(self, there: Any, before: Any, after: Any) -> bool:
        return isinstance(self.holder, Stepwise) and self.holder.is_between(there, before, after)

    def _receipt(self, idempotency_key: str) -> str:
        return f"receipt/{self.name}/{idempotency_key}"


def _sets(desired: Desired) -> set[str]:
    return {key for variant in desired.spec.variants for key in variant.set}


def _concerned(desired: Desired, wanted: Rendered, there: Mapping[str, Any]) -> list[str]:
    return sorted(key for key in _sets(desired) if key in wanted.definitions or key in there)


def _digest(value: Any) -> str | None:
    return None if value is None else digest(value)


def _in_state(note: Note | None, state: str, *, unless: tuple[str, ...] = ()) -> Note:
    kept = note or {}
    return kept if kept.get("state") in unless else {**kept, "state": state}
