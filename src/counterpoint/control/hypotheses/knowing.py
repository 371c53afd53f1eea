"""What the platform has learnt, put together: past experiments searched, and results told in words in their light."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from counterpoint.agents import (
    EffectHistory,
    PastExperiment,
    effect_history,
    expected_effects,
    search_past,
    summarize,
)
from counterpoint.errors import InvalidInput
from counterpoint.experiments import ExperimentSpec, Unknown
from counterpoint.storage.sql import SqlPastExperiments

Document = dict[str, Any]
MOST = 100
_CITED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowing:
    """Reads what ended experiments left."""

    past: SqlPastExperiments

    def search(self, words: str, *, surface: str | None = None, metric: str | None = None, limit: int = 10) -> Document:
        """Return past experiments nearest to `words`, and the history of `metric` when one is named.

        Args:
            surface: Only of this surface.
            metric: Only those whose primary metric it was.

        Raises:
            InvalidInput: `bad_limit`, or `nothing_to_search` when neither words nor a metric are given.
        """
        if not 1 <= limit <= MOST:
            raise InvalidInput("bad_limit", f"{limit} results", where="limit", fix=f"ask for 1 to {MOST}")
        if not words.strip() and metric is None:
            raise InvalidInput(
                "nothing_to_search", "neither words nor a metric are given", where="words", fix="give one of them"
            )
        library = self._library(surface)
        wanted = [each for each in library if metric is None or each.primary == metric]
        found = search_past(words, wanted, primary=metric, limit=limit)
        document: Document = {
            "n_past": len(library),
            "experiments": [match.as_document() for match in found],
            "history": None,
        }
        if metric is not None and surface is not None:
            document["history"] = _history_document(effect_history(library, surface=surface, metric=metric))
        return document

    def primaries(self, surface: str | None) -> frozenset[str]:
        """Return the metrics that decided past experiments, those that are declared no more among them."""
        return frozenset(each.primary for each in self._library(surface))

    def cited(self, spec: ExperimentSpec) -> list[Document]:
        """Return the past experiments that a plan should be read beside, the nearest first."""
        found = search_past(
            spec.hypothesis,
            self.past.past(spec.surface),
            parameters=frozenset(spec.parameters),
            primary=spec.metrics.primary.metric,
            audience=spec.audience,
            limit=_CITED,
        )
        return [match.as_document() for match in found]

    def history(self, surface: str, metric: str | None) -> EffectHistory | None:
        """Return what past experiments found on a metric; None where that says nothing yet."""
        if metric is None:
            return None
        found = effect_history(self.past.past(surface), surface=surface, metric=metric)
        return None if isinstance(found, Unknown) else found

    def told(self, results: Mapping[str, Any]) -> Document:
        """Return results with what to `expect` of their effects by history, and their `summary` in words."""
        whole = {**results, "expected": self.expected(results)}
        return {**whole, "summary": [sentence.as_document() for sentence in summarize(whole)]}

    def expected(self, results: Mapping[str, Any]) -> list[Document]:
        """Return what to expect of the primary effects in results, shrunk by the history of their metric."""
        primary = next((row["metric"] for row in results["metrics"] if row["role"] == "primary"), None)
        # The experiment's own result is no prior of itself.
        others = [each for each in self.past.past(results["surface"]) if each.key != results["experiment"]]
        history = effect_history(others, surface=results["surface"], metric=primary or "")
        return expected_effects(results, history)

    def _library(self, surface: str | None) -> tuple[PastExperiment, ...]:
        if surface is not None:
            return self.past.past(surface)
        surfaces = dict.fromkeys(learning.surface for learning in self.past.learnings(limit=10_000))
        return tuple(each for one in surfaces for each in self.past.past(one))


def _history_document(history: EffectHistory | Unknown) -> Document:
    if isinstance(history, Unknown):
        return {"reason": {"code": history.code, "message": history.reason}}
    return history.as_document()
