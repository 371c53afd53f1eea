"""The content backend: every variant must have something to show before anybody meets it."""

from collections.abc import Callable, Mapping
from datetime import datetime

from counterpoint.errors import NotFound
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration.backends.protocol import Desired, Diff, Edit, Goal
from counterpoint.orchestration.launch import Receipt

Probe = Callable[[ExperimentSpec], Mapping[str, int]]
"""Serves one page under each variant, unrecorded, and returns variant -> number of cards on it."""


class ContentBackend:
    """Warms and checks the content that a launch relies on; it stores nothing, so there is nothing to revert."""

    name = "content"

    def __init__(self, probe: Probe) -> None:
        self._probe = probe

    def plan(self, desired: Desired) -> Diff:
        """Return the warming that a START needs."""
        if desired.goal is not Goal.START:
            return Diff(backend=self.name, edits=())
        edits = tuple(
            Edit(path=f"warm.{variant.key}", before=None, after="served") for variant in desired.spec.variants
        )
        return Diff(backend=self.name, edits=edits)

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        """Serve a page under each variant.

        Raises:
            NotFound: code `content_missing`, naming the variants whose page is empty.
        """
        n_cards = dict(self._probe(desired.spec)) if diff.edits else {}
        empty = sorted(variant for variant, n in n_cards.items() if n == 0)
        if empty:
            raise NotFound(
                "content_missing",
                f"the page is empty under {', '.join(empty)}",
                where=desired.spec.key,
                fix="import content with `counterpoint content import`, then launch again",
            )
        return Receipt(backend=self.name, idempotency_key=idempotency_key, detail={"n_cards": n_cards})

    def verify(self, receipt: Receipt) -> str | None:
        """Return None if every variant had cards when it was warmed."""
        empty = sorted(variant for variant, n in receipt.detail["n_cards"].items() if n == 0)
        return f"the page is empty under {', '.join(empty)}" if empty else None

    def revert(self, receipt: Receipt, *, actor: str, reason: str, now: datetime) -> None:
        """Do nothing: a warm cache harms nobody."""
