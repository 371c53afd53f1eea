"""The check before anything goes live: every system outside answers, and takes what the launch would give it."""

from collections.abc import Callable
from datetime import datetime

from counterpoint.errors import Conflict
from counterpoint.orchestration.backends.protocol import Backend, Desired, Diff, Edit, Goal
from counterpoint.orchestration.launch import Receipt


class ReachBackend:
    """Plans every outside backend before the surface goes live, so that one that is down exposes nobody.

    Outside systems hold what the live release says, so they are written after it; without this check a flag system that
    is down would be noticed only once listeners had met the treatment.
    """

    name = "reach"

    def __init__(self, outside: Callable[[], tuple[Backend, ...]]) -> None:
        self._outside = outside

    def plan(self, desired: Desired) -> Diff:
        """Return which systems a START has to reach."""
        asked = self._outside() if desired.goal is Goal.START else ()
        edits = tuple(Edit(path=f"answers.{backend.name}", before=None, after="yes") for backend in asked)
        return Diff(backend=self.name, edits=edits)

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Plan each of them.

        Raises:
            Conflict: code `changed_by_hand`, or what a backend's plan raises.
            DependencyFailure: A system does not answer.
        """
        n_edits: dict[str, int] = {}
        for backend in self._outside() if diff.edits else ():
            planned = backend.plan(desired)
            by_hand = planned.detail.get("by_hand", [])
            if by_hand:
                raise Conflict(
                    "changed_by_hand",
                    f"somebody changed {', '.join(by_hand)} there by hand",
                    where=backend.name,
                    fix=f"decide what is right: counterpoint live reapply {backend.name}, or adopt {backend.name}",
                    facts={"flags": by_hand},
                )
            n_edits[backend.name] = len(planned.edits)
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail={"n_edits": n_edits})

    def verify(self, receipt: Receipt) -> str | None:
        """Return None: that they answered is a thing of the past."""

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        """Do nothing: asking changed nothing."""
