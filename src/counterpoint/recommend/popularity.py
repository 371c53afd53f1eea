"""Popularity: what everybody plays, as the log says; what the log does not have, as the catalogue says."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue
from counterpoint.recommend.listening import ListenerState, PlayLog
from counterpoint.recommend.trained import Trained, trained
from counterpoint.vocabulary import Scalar

NAME = "popularity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Popularity:
    """Scores every listener alike; see `Model`."""

    version: str
    scores: NDArray[np.float64]
    name: str = NAME

    def score(self, state: ListenerState) -> NDArray[np.float64]:  # noqa: ARG002  everybody gets the same
        """Return the popularity of each row, in [0, 1]."""
        return self.scores


def train_popularity(log: PlayLog, facts: dict[str, Scalar]) -> Trained:
    """Return how many listeners played each item: listeners, not plays, so that nobody makes an item popular alone."""
    pairs = np.unique(np.stack([log.item, log.unit]), axis=1)
    n_listeners = np.bincount(pairs[0], minlength=len(log.items)).astype(np.float64)
    return trained(NAME, log.items, {"n_listeners": n_listeners}, facts)


def load_popularity(model: Trained, catalogue: Catalogue) -> Popularity:
    """Return the model on `catalogue`."""
    return Popularity(
        version=model.version, scores=popularity_prior(model.items, model.arrays["n_listeners"], catalogue)
    )


def popularity_prior(
    items: tuple[str, ...], n_listeners: NDArray[np.float64] | NDArray[np.intp], catalogue: Catalogue
) -> NDArray[np.float64]:
    """Return a popularity of each row in [0, 1]: its share of the most played, or else the catalogue's percentile.

    The catalogue's word counts little beside the log's: it says how often something was played elsewhere.
    """
    scores = 0.01 * np.nan_to_num(catalogue.popularity, nan=0.0) / 100.0
    most = max(float(n_listeners.max(initial=0.0)), 1.0)
    for item, n in zip(items, n_listeners.tolist(), strict=True):
        row = catalogue.row_of.get(item)
        if row is not None:
            scores[row] += 0.99 * n / most
    return scores
