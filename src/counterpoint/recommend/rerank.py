"""Diversity: the same relevance, in an order in which neighbours are less alike."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue
from counterpoint.recommend.als import load_als
from counterpoint.recommend.listening import ListenerState
from counterpoint.recommend.trained import Model, Trained

NAME = "als_diverse"
DIVERSITY_LAMBDA = 0.3
N_RERANKED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverse:
    """Scores as `inner` does, with its best rows put in a diverse order; see `Model`."""

    inner: Model
    embeddings: NDArray[np.float32]
    diversity_lambda: float
    name: str = NAME

    @property
    def version(self) -> str:
        """Version of the model whose order is changed."""
        return self.inner.version

    def score(self, state: ListenerState) -> NDArray[np.float64]:
        """Return `inner`'s scores, those of its best rows exchanged among them so that the order is diverse."""
        scores = self.inner.score(state)
        n = min(N_RERANKED, scores.size)
        best = np.argpartition(-scores, n - 1)[:n] if n else np.empty(0, np.intp)
        best = best[np.lexsort((best, -scores[best]))]
        order = mmr_order(scores[best], self.embeddings[best], diversity_lambda=self.diversity_lambda, n=n)
        mixed = scores.copy()
        mixed[best[order]] = scores[best]
        return mixed


def load_als_diverse(model: Trained, catalogue: Catalogue) -> Diverse:
    """Return the re-ranker over the factorisation in `model`."""
    return Diverse(inner=load_als(model, catalogue), embeddings=catalogue.embeddings, diversity_lambda=DIVERSITY_LAMBDA)


def mmr_order(
    scores: NDArray[np.float64], embeddings: NDArray[np.float32], *, diversity_lambda: float, n: int
) -> NDArray[np.intp]:
    """Return the first `n` positions by maximal marginal relevance.

    Args:
        scores: Relevance, shape (n_candidates,); only its order and spacing matter.
        embeddings: Unit rows, shape (n_candidates, n_dimensions).
        diversity_lambda: Weight of unlikeness against relevance, in [0, 1]; 0 keeps the order of scores.
        n: How many to choose, at most n_candidates.

    Source:
        Carbonell, Goldstein 1998, "The use of MMR, diversity-based reranking", doi:10.1145/290941.291025.
    """
    spread = float(np.ptp(scores)) if scores.size else 0.0
    relevance = (scores - scores.min()) / spread if spread > 0 else np.zeros_like(scores)
    nearest = np.zeros(scores.size)
    taken = np.zeros(scores.size, dtype=np.bool_)
    order = np.empty(n, dtype=np.intp)
    for place in range(n):
        worth = (1.0 - diversity_lambda) * relevance - diversity_lambda * nearest
        worth[taken] = -np.inf
        best = int(np.argmax(worth))
        order[place] = best
        taken[best] = True
        np.maximum(nearest, embeddings @ embeddings[best], out=nearest)
    return order
