"""Factorisation of implicit feedback by alternating least squares, folded in for listeners never trained on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue
from counterpoint.errors import CannotCompute
from counterpoint.recommend.listening import ListenerState, PlayLog
from counterpoint.recommend.popularity import popularity_prior
from counterpoint.recommend.trained import Trained, trained
from counterpoint.vocabulary import Scalar

NAME = "als"
N_FACTORS = 24
N_SWEEPS = 8
CONFIDENCE = 8.0
REGULARISATION = 4.0
_RIDGE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Als:
    """Scores by the product of a listener's and an item's factors; see `Model`.

    Attributes:
        factors: Shape (n_rows, n_factors); a row that training did not have is predicted from its embedding.
        gram: `factors` of the trained items, squared: the part of every listener's equations that is shared.
        prior: Popularity, for a listener without a past.
    """

    version: str
    factors: NDArray[np.float64]
    gram: NDArray[np.float64]
    prior: NDArray[np.float64]
    name: str = NAME

    def score(self, state: ListenerState) -> NDArray[np.float64]:
        """Return the predicted preference of each row."""
        if not state.has_past:
            return self.prior
        rows, place = np.unique(state.played, return_inverse=True)
        weight = np.asarray(np.bincount(place, weights=state.weight), dtype=np.float64)
        return np.asarray(self.factors @ _solve_one(self.gram, self.factors[rows], weight), dtype=np.float64)


def train_als(log: PlayLog, facts: dict[str, Scalar], *, seed: int) -> Trained:
    """Return item factors that reconstruct who played what.

    Confidence in a pair grows with the logarithm of how much was heard, so that one night on repeat is not a taste.

    Raises:
        CannotCompute: The log has fewer than two listeners or two items.

    Source:
        Hu, Koren, Volinsky 2008, "Collaborative filtering for implicit feedback datasets", equations 4 and 5;
        the logarithm is their equation 6.
    """
    if np.unique(log.unit).size < 2 or np.unique(log.item).size < 2:
        raise CannotCompute(
            "log_too_small", "factorisation needs at least two listeners and two items", fix="train on a longer log"
        )
    pairs, place = np.unique(np.stack([log.unit, log.item]), axis=1, return_inverse=True)
    weight = np.log1p(np.bincount(np.ravel(place), weights=log.amount / log.amount.mean()))
    by_unit = _groups(pairs[0], pairs[1], weight, len(log.units))
    by_item = _groups(pairs[1], pairs[0], weight, len(log.items))
    items = np.random.default_rng(seed).normal(0.0, 0.1, (len(log.items), N_FACTORS))
    for _ in range(N_SWEEPS):
        units = _solve_all(by_unit, items)
        items = _solve_all(by_item, units)
    n_listeners = np.bincount(pairs[1], minlength=len(log.items)).astype(np.float64)
    return trained(NAME, log.items, {"factors": items, "n_listeners": n_listeners}, {**facts, "seed": seed})


def load_als(model: Trained, catalogue: Catalogue) -> Als:
    """Return the model on `catalogue`, with factors predicted for items that training did not have.

    Source:
        Predicting factors from content: van den Oord, Dieleman, Schrauwen 2013, "Deep content-based music
        recommendation", here by ridge regression on embeddings.
    """
    learnt = np.asarray(model.arrays["factors"], dtype=np.float64)
    pairs = [(n, catalogue.row_of[item]) for n, item in enumerate(model.items) if item in catalogue.row_of]
    known, rows = (np.array(column, dtype=np.intp) for column in (zip(*pairs, strict=True) if pairs else ((), ())))
    space = catalogue.embeddings.astype(np.float64)
    seen = space[rows]
    ridge = np.linalg.solve(seen.T @ seen + _RIDGE * np.eye(space.shape[1]), seen.T @ learnt[known])
    factors = space @ ridge
    factors[rows] = learnt[known]
    return Als(
        version=model.version,
        factors=factors,
        gram=learnt.T @ learnt,
        prior=popularity_prior(model.items, model.arrays["n_listeners"], catalogue),
    )


_Group = tuple[NDArray[np.intp], NDArray[np.float64]]


def _groups(keys: NDArray[np.intp], others: NDArray[np.intp], weight: NDArray[np.float64], n: int) -> list[_Group]:
    order = np.argsort(keys, kind="stable")
    ends = np.cumsum(np.bincount(keys, minlength=n))[:-1]
    return list(zip(np.split(others[order], ends), np.split(weight[order], ends), strict=True))


def _solve_all(groups: list[_Group], fixed: NDArray[np.float64]) -> NDArray[np.float64]:
    gram = fixed.T @ fixed
    solved = np.zeros((len(groups), fixed.shape[1]))
    for n, (others, weight) in enumerate(groups):
        if others.size:
            solved[n] = _solve_one(gram, fixed[others], weight)
    return solved


def _solve_one(gram: NDArray[np.float64], met: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    extra = CONFIDENCE * weight
    left = gram + (met * extra[:, None]).T @ met + REGULARISATION * np.eye(gram.shape[0])
    return np.asarray(np.linalg.solve(left, met.T @ (1.0 + extra)), dtype=np.float64)
