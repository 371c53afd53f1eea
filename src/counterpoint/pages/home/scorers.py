"""How Home's shelves rank their candidates."""

from dataclasses import dataclass

import numpy as np

from counterpoint.pages.evidence import Rows, Scores
from counterpoint.pages.home.sources import ranking
from counterpoint.pages.visit import POPULARITY, Visit


@dataclass(frozen=True, slots=True)
class AsFetched:
    """Keeps the order of the source."""

    key: str = "as_fetched"

    def score(self, visit: Visit, rows: Rows) -> Scores:  # noqa: ARG002 - a Scorer is asked with the visit
        """Return scores that fall evenly from 1."""
        return 1.0 - np.arange(len(rows)) / len(rows)


@dataclass(frozen=True, slots=True)
class ByRanking:
    """Ranks by `ranking.model`; by popularity for a listener without plays."""

    key: str = "ranking"

    def score(self, visit: Visit, rows: Rows) -> Scores:
        """Return the relevance of `rows`."""
        relevance = ranking(visit)
        return (visit.relevance(POPULARITY) if relevance is None else relevance)[rows]


@dataclass(frozen=True, slots=True)
class ByPodcastRanker:
    """Ranks podcasts by `podcasts.ranker`."""

    key: str = "podcasts"

    def score(self, visit: Visit, rows: Rows) -> Scores:
        """Return the relevance of `rows` by that ranker."""
        listener = visit.listener
        knows_more = listener.played.size or listener.history.follows
        # Every ranker knows as much as popularity about a listener without a past: nothing to read.
        ranker = visit.text("podcasts.ranker") if knows_more else POPULARITY
        return visit.relevance(ranker)[rows]
