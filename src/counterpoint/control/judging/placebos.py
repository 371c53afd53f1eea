"""The platform's own A/A runs: each decided experiment's control units, split again; how often something is found."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from counterpoint.control.judging.gates import Judge
from counterpoint.errors import Conflict, CounterpointError
from counterpoint.orchestration import Launch, LaunchState, LaunchStore
from counterpoint.stats import Effect, false_positive_rate
from counterpoint.storage.sql import SqlDocuments

Document = dict[str, Any]

AA_RUN = "aa_run"
_ASK_EVERY = timedelta(minutes=1)
_DECIDED = frozenset({LaunchState.DECIDED, LaunchState.SHIPPED, LaunchState.ROLLED_BACK})


class PlaceboRuns:
    """Measures decided experiments once each, and remembers the p-value of each A/A run's primary metric."""

    def __init__(
        self, documents: SqlDocuments, launches: LaunchStore, judge: Judge, clock: Callable[[], datetime]
    ) -> None:
        self._documents = documents
        self._launches = launches
        self._judge = judge
        self._clock = clock
        self._done: set[str] | None = None
        self._asked_at: datetime | None = None

    def measure_next(self) -> str | None:
        """Measure one decided experiment that was not yet, and return its launch; None when there is none.

        One at a time: it reads records, and ticks are to stay short. Simulated experiments do not count. When none is
        left it asks again after a minute, and for the decided ones alone: the many that wait are never read.
        """
        now = self._clock()
        if self._asked_at is not None and timedelta(0) <= now - self._asked_at < _ASK_EVERY:
            return None
        if self._done is None:
            self._done = {each.key for each in self._documents.list(AA_RUN)}
        for name in self._launches.ids_in(_DECIDED):
            if name in self._done:
                continue
            launch = self._launches.get(name)
            self._done.add(name)
            if launch.simulated:
                continue
            body = {"surface": launch.surface, "experiment": launch.experiment, **self._measured(launch)}
            # Another process may have measured it meanwhile, with the same result.
            with suppress(Conflict):
                self._documents.put(AA_RUN, name, body, expected_version=0, at=self._clock())
            return name
        self._asked_at = now
        return None

    def rate(self, surface: str, alpha: float) -> Document | None:
        """Return how often A/A runs on a surface found something at `alpha`, as a document; None before the first."""
        runs = [each.body for each in self._documents.list(AA_RUN) if each.body["surface"] == surface]
        found = [run["p_value"] for run in runs if run["p_value"] is not None]
        if not found:
            return None
        share, error = false_positive_rate(found, alpha)
        sentence = (
            f"Alpha is {alpha:.3g}; {len(found)} A/A runs of this surface found something in {share:.1%}"
            f" (expected {alpha:.1%}, give or take {2 * error:.1%})."
        )
        return {"alpha": alpha, "n": len(found), "rate": share, "std_error": error, "sentence": sentence}

    def _measured(self, launch: Launch) -> Document:
        try:
            card = self._judge.placebo(launch, self._clock())
        except CounterpointError as error:
            return {"p_value": None, "reason": error.code}
        row = next(row for row in card.rows if row.role == "primary")
        # Stopped early it has no fixed look, and a reading for any look is no measure of alpha.
        if not isinstance(row.effect, Effect):
            return {"p_value": None, "reason": "stopped_early" if row.missing is None else row.missing.code}
        return {"metric": row.metric, "p_value": row.effect.p_value, "reason": None}
