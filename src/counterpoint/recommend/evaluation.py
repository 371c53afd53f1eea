"""Offline evaluation: how well a model trained on one part of a log foretells the other."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from counterpoint.content import Catalogue
from counterpoint.errors import CannotCompute
from counterpoint.recommend.listening import PlayLog, listener_state
from counterpoint.recommend.registry import load_model
from counterpoint.recommend.trained import Trained

Split = Literal["time", "random"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How well a model foretold what was held out.

    Attributes:
        n_listeners: Listeners with something held out that they had not played before, and a past to score from.
        recall_at_k: Mean share of a listener's held-out items among the first k; at most k count as all.
        ndcg_at_k: Mean normalised discounted cumulative gain of the first k, with gains of 0 and 1.
        coverage: Share of the catalogue's items of the log's kinds that stand among the first k of anybody.
    """

    model: str
    version: str
    k: int
    n_listeners: int
    recall_at_k: float
    ndcg_at_k: float
    coverage: float


def split_log(log: PlayLog, *, by: Split, share: float, seed: int) -> tuple[PlayLog, PlayLog]:
    """Return the plays to learn from and those held out.

    Args:
        by: `time` holds out the last plays of the whole log, so that nothing is learnt from the future; `random` holds
            out plays at random, for logs without times.
        share: Share held out, in (0, 1).
        seed: Of the random split; the split by time has no use for it.
    """
    if by == "time":
        held_out = log.at_s > np.quantile(log.at_s, 1.0 - share)
    else:
        held_out = np.random.default_rng(seed).random(len(log)) < share
    return log.where(~held_out), log.where(held_out)


def evaluate(
    model: Trained,
    catalogue: Catalogue,
    learnt: PlayLog,
    held_out: PlayLog,
    *,
    k: int = 20,
    half_life_days: float = 14.0,
) -> Evaluation:
    """Return how well `model`, trained on `learnt`, foretells new items of `held_out`.

    Items that a listener played in `learnt` are neither recommended nor counted: foretelling repeats is easy.

    Estimand:
        Means over listeners; standard errors are not given because listeners share the model.

    Raises:
        CannotCompute: Nobody has both a past and something new held out.

    Source:
        Järvelin, Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", doi:10.1145/582415.582418.
    """
    loaded = load_model(model, catalogue)
    rows = np.array([catalogue.row_of.get(item, -1) for item in learnt.items], dtype=np.intp)
    past, future = _rows_by_unit(learnt, rows), _rows_by_unit(held_out, rows)
    times = _by_unit(learnt, learnt.at_s, rows)
    now_s = float(learnt.at_s.max(initial=0.0))
    kinds = {catalogue.items[row].kind for row in rows[rows >= 0].tolist()}
    eligible = np.array([item.kind in kinds for item in catalogue.items], dtype=np.bool_)
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    recalls: list[float] = []
    gains: list[float] = []
    recommended = np.zeros(len(catalogue), dtype=np.bool_)
    for played, played_at, new in zip(past, times, future, strict=True):
        wanted = np.setdiff1d(new, played)
        if not played.size or not wanted.size:
            continue
        scores = loaded.score(listener_state(played, played_at, now_s=now_s, half_life_days=half_life_days))
        scores = np.where(eligible, scores, -np.inf)
        scores[played] = -np.inf
        first = np.argsort(-scores, kind="stable")[:k]
        hits = np.isin(first, wanted)
        n_possible = min(k, wanted.size)
        recalls.append(float(hits.sum()) / n_possible)
        gains.append(float((hits * discounts[: first.size]).sum() / discounts[:n_possible].sum()))
        recommended[first] = True
    if not recalls:
        raise CannotCompute(
            "nothing_held_out", "no listener has a past and something new held out", fix="use a longer log"
        )
    return Evaluation(
        model=model.name,
        version=model.version,
        k=k,
        n_listeners=len(recalls),
        recall_at_k=float(np.mean(recalls)),
        ndcg_at_k=float(np.mean(gains)),
        coverage=float(recommended[eligible].mean()),
    )


def _rows_by_unit(log: PlayLog, rows: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    return [values.astype(np.intp) for values in _by_unit(log, rows[log.item].astype(np.float64), rows)]


def _by_unit(log: PlayLog, values: NDArray[np.float64], rows: NDArray[np.intp]) -> list[NDArray[np.float64]]:
    known = rows[log.item] >= 0
    order = np.argsort(log.unit[known], kind="stable")
    ends = np.cumsum(np.bincount(log.unit[known], minlength=len(log.units)))[:-1]
    return np.split(values[known][order], ends)
