"""Follow and recency, for podcasts: what the listener follows or played lately first, then what is popular."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue
from counterpoint.recommend.listening import ListenerState, PlayLog
from counterpoint.recommend.popularity import popularity_prior, train_popularity
from counterpoint.recommend.trained import Trained, trained
from counterpoint.vocabulary import Scalar

NAME = "follow_recency"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRecency:
    """Scores 1 for what is followed, up to 1 for what was played lately, and popularity below both; see `Model`."""

    version: str
    catalogue: Catalogue
    prior: NDArray[np.float64]
    name: str = NAME

    def score(self, state: ListenerState) -> NDArray[np.float64]:
        """Return followed plus recency plus a tenth of popularity for each row."""
        scores = 0.1 * self.prior
        scores[self.catalogue.rows(sorted(state.follows))] += 1.0
        recency = np.zeros_like(scores)
        np.maximum.at(recency, state.played, state.weight)
        return scores + recency


def train_follow_recency(log: PlayLog, facts: dict[str, Scalar]) -> Trained:
    """Return the popularity that decides where nothing is followed."""
    return trained(NAME, log.items, train_popularity(log, facts).arrays, facts)


def load_follow_recency(model: Trained, catalogue: Catalogue) -> FollowRecency:
    """Return the model on `catalogue`."""
    prior = popularity_prior(model.items, model.arrays["n_listeners"], catalogue)
    return FollowRecency(version=model.version, catalogue=catalogue, prior=prior)
