"""Learns from labelled hypotheses which words speak of which dial and metric; the same cases give the same weights."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from counterpoint.agents.evaluation import Case
from counterpoint.agents.offline.associations import DIALS, METRICS, features_of
from counterpoint.agents.offline.lexicon import default_lexicon
from counterpoint.config import Surface
from counterpoint.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_N_STEPS = 400
_RATE = 0.05
_RIDGE = 2e-5
_START = -3.0
_N_KEPT = 12_000
"""Weights kept for dials, and for metrics: the rest moves the log-odds of a usual text by less than about 0.1."""


def learn_associations(cases: Sequence[Case], surface: Surface) -> str:
    """Return associations as JSON text, from the cases of `cases` that are labelled as plans.

    Logistic regression, one against the rest, on the rarity-weighted stems and pairs of stems of each text, with a
    small ridge; the surface's own names and descriptions are texts too.

    Args:
        cases: Labelled hypotheses, as for `eval`.
        surface: The surface they are about.

    Raises:
        InvalidInput: `too_few_cases` when fewer than 20 are labelled as plans.
    """
    said = [(case.text, *labels) for case in cases if (labels := _labels(case.expect, surface))]
    if len(said) < 20:
        raise InvalidInput(
            "too_few_cases", f"only {len(said)} cases are labelled as plans", where="cases", fix="give 20 or more"
        )
    lexicon = default_lexicon()
    own = [
        *((f"{_words(key)} {dial.description}", {key}, "") for key, dial in surface.parameters.items()),
        *((f"{_words(key)} {metric.description}", set[str](), key) for key, metric in surface.metrics.items()),
    ]
    features = [features_of(lexicon.read(text)) for text, _, _ in (*said, *own)]
    n_texts = Counter(feature for each in features for feature in each)
    vocabulary = sorted(feature for feature, n in n_texts.items() if n > 1)
    rarity, rows = _rows(features, vocabulary, n_texts)
    keys = {DIALS: sorted(surface.parameters), METRICS: sorted(surface.metrics)}
    speaks = {
        DIALS: [[key in dials for key in keys[DIALS]] for _, dials, _ in (*said, *own)],
        METRICS: [[key == metric for key in keys[METRICS]] for _, _, metric in (*said, *own)],
    }
    fitted = {group: _fit(rows, speaks[group]) for group in keys}
    heavy = {group: _heaviest(fitted[group][0], rarity) for group in keys}
    rows_of = {
        feature: [round(float(rarity[n]), 1), *(heavy[group][n] for group in (DIALS, METRICS))]
        for n, feature in enumerate(vocabulary)
        if any(heavy[group][n] for group in keys)
    }
    head = {
        group: {key: round(float(b), 2) for key, b in zip(keys[group], fitted[group][1], strict=True)} for group in keys
    }
    # A feature a line: what changed between two files can be read.
    body = ",\n".join(f"{_json(feature)}:{_json(row)}" for feature, row in rows_of.items())
    return f'{{"bias":{_json(head)},\n"features":{{\n{body}\n}}}}'


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _labels(expect: Mapping[str, Any], surface: Surface) -> tuple[set[str], str] | None:
    """Return the dials that a labelled plan moves and its metric, or None where it is no plan of this surface."""
    arms = expect.get("arms") or (expect.get("arms_any") or [None])[0]
    metric = expect.get("primary") or (expect.get("primary_any") or [None])[0]
    if expect.get("outcome") != "plan" or not arms or not isinstance(metric, str):
        return None
    moved = {
        key
        for arm in arms
        for key, value in arm.items()
        if key in surface.parameters and surface.parameters[key].baseline != value
    }
    # A switch that only had to be thrown for another dial is not what the words speak of.
    needed = {need for key in moved for need in surface.parameters[key].requires} & moved
    return moved - needed or moved, metric


def _heaviest(weights: "NDArray[np.float32]", rarity: "NDArray[np.float32]") -> list[dict[str, float]]:
    """Return for each feature the weights that say most, by the place of their key."""
    import numpy as np

    says = np.abs(weights * rarity[:, None])
    least = np.sort(says, axis=None)[-min(_N_KEPT, says.size)]
    return [
        {str(m): round(float(row[m]), 1) for m in np.flatnonzero(heard >= least).tolist()}
        for row, heard in zip(weights, says, strict=True)
    ]


def _words(key: str) -> str:
    return key.replace(".", " ").replace("_", " ")


def _rows(
    features: Sequence[set[str]], vocabulary: Sequence[str], n_texts: Mapping[str, int]
) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    import numpy as np

    place = {feature: n for n, feature in enumerate(vocabulary)}
    rarity = np.log(len(features) / np.array([n_texts[feature] for feature in vocabulary], np.float32))
    rows = np.zeros((len(features), len(vocabulary)), np.float32)
    for n, each in enumerate(features):
        rows[n, [place[feature] for feature in each if feature in place]] = 1.0
    rows *= rarity
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return rarity, rows


def _fit(
    rows: "NDArray[np.float32]", speaks: Sequence[Sequence[bool]]
) -> "tuple[NDArray[np.float32], NDArray[np.float32]]":
    """Return weights (features x keys) and biases of logistic regressions, by Adam's steps from nothing."""
    import numpy as np

    truth = np.array(speaks, np.float32)
    weights = np.zeros((rows.shape[1], truth.shape[1]), np.float32)
    bias = np.full(truth.shape[1], _START, np.float32)
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, _N_STEPS + 1):
        off = 1.0 / (1.0 + np.exp(-(rows @ weights + bias))) - truth
        slope = rows.T @ off / len(rows) + _RIDGE * weights
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope * slope
        weights -= _RATE * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        bias -= 0.5 * off.mean(axis=0)
    return weights, bias
