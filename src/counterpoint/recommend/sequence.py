"""Sequence: what people played soon after what this listener played last."""

from dataclasses import dataclass

import numpy as np
import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without
from numpy.typing import NDArray

from counterpoint.content import Catalogue
from counterpoint.errors import CannotCompute
from counterpoint.recommend.listening import ListenerState, PlayLog
from counterpoint.recommend.popularity import popularity_prior
from counterpoint.recommend.trained import Trained, trained
from counterpoint.vocabulary import Scalar

NAME = "sequence"
REACH = 6
N_NEIGHBOURS = 50
SHRINKAGE = 3.0
_PRIOR_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Scores by what followed; see `Model`.

    Attributes:
        neighbours: Row reached by each remembered step, from the `starts[row]`-th to before the `starts[row + 1]`-th.
        strength: How strong that step is, in [0, 1].
    """

    version: str
    starts: NDArray[np.intp]
    neighbours: NDArray[np.intp]
    strength: NDArray[np.float64]
    prior: NDArray[np.float64]
    name: str = NAME

    def score(self, state: ListenerState) -> NDArray[np.float64]:
        """Return the strength of all steps from what was played to each row; popularity decides among the unreached."""
        scores = _PRIOR_WEIGHT * self.prior
        for row, weight in zip(state.played.tolist(), state.weight.tolist(), strict=True):
            steps = slice(self.starts[row], self.starts[row + 1])
            # A row is at most once among the neighbours of another, so a plain assignment adds each of them.
            scores[self.neighbours[steps]] += weight * self.strength[steps]
        return scores


def train_sequence(log: PlayLog, facts: dict[str, Scalar]) -> Trained:
    """Return, for each item, the items most often played within the next `REACH` plays, nearer ones counting more.

    Raises:
        CannotCompute: Nobody in the log played two different items.

    Source:
        Item-to-item co-occurrence: Linden, Smith, York 2003, "Amazon.com recommendations",
        doi:10.1109/MIC.2003.1167344; cosine with shrinkage: Bell, Koren 2007, "Lessons from the Netflix prize
        challenge", section 3.
    """
    order = np.lexsort((log.item, log.at_s, log.unit))
    unit, item, n = log.unit[order], log.item[order], len(log.items)
    follows = scipy.sparse.csr_array((n, n), dtype=np.float64)
    for step in range(1, REACH + 1):
        same = (unit[:-step] == unit[step:]) & (item[:-step] != item[step:])
        ones = np.full(int(same.sum()), 1.0 / step)
        follows = follows + scipy.sparse.csr_array((ones, (item[:-step][same], item[step:][same])), shape=(n, n))
    if follows.nnz == 0:
        raise CannotCompute(
            "log_too_small", "nobody in the log played two different items", fix="train on a longer log"
        )
    steps = follows.tocoo()
    left, right = (np.bincount(ends, weights=steps.data, minlength=n) for ends in (steps.row, steps.col))
    strength = steps.data / (np.sqrt(left[steps.row] * right[steps.col]) + SHRINKAGE)
    best = np.lexsort((steps.col, -strength, steps.row))
    rows = steps.row[best].astype(np.intp)
    # The rank of each step among those of its row: entries are ordered by row, so count from where the row begins.
    rank = np.arange(rows.size) - np.searchsorted(rows, rows, side="left")
    kept = best[rank < N_NEIGHBOURS]
    pairs = np.unique(np.stack([log.item, log.unit]), axis=1)
    arrays: dict[str, NDArray[np.float64] | NDArray[np.intp]] = {
        "source": steps.row[kept].astype(np.intp),
        "target": steps.col[kept].astype(np.intp),
        "strength": strength[kept].astype(np.float64),
        "n_listeners": np.bincount(pairs[0], minlength=n).astype(np.float64),
    }
    return trained(NAME, log.items, arrays, facts)


def load_sequence(model: Trained, catalogue: Catalogue) -> Sequence:
    """Return the model on `catalogue`; steps from or to items that it does not have are forgotten."""
    row_of_item = np.array([catalogue.row_of.get(item, -1) for item in model.items], dtype=np.intp)
    source, target = (row_of_item[model.arrays[key].astype(np.intp)] for key in ("source", "target"))
    known = (source >= 0) & (target >= 0)
    order = np.argsort(source[known], kind="stable")
    counts = np.bincount(source[known], minlength=len(catalogue))
    return Sequence(
        version=model.version,
        starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.intp),
        neighbours=target[known][order],
        strength=np.asarray(model.arrays["strength"], dtype=np.float64)[known][order],
        prior=popularity_prior(model.items, model.arrays["n_listeners"], catalogue),
    )
