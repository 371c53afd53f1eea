"""A trained model as arrays that can be stored, and the protocol of one that is loaded and scores."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from counterpoint.recommend.listening import ListenerState
from counterpoint.vocabulary import Scalar, canonical_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What training left: everything a model needs, by item id, whatever catalogue it is loaded on.

    Attributes:
        name: Which model, as the parameter `ranking.model` names it.
        version: Digest of the arrays and settings: equal training gives an equal version.
        items: Item of each row of the arrays.
        arrays: Learnt numbers.
        facts: Settings and sizes, for people; `data` says what the log was.
    """

    name: str
    version: str
    items: tuple[str, ...]
    arrays: Mapping[str, NDArray[np.float64] | NDArray[np.intp]]
    facts: Mapping[str, Scalar] = field(default_factory=dict)


class Model(Protocol):
    """A model loaded on one catalogue."""

    @property
    def name(self) -> str:
        """Which model, as `ranking.model` names it."""
        ...

    @property
    def version(self) -> str:
        """Which training of it."""
        ...

    def score(self, state: ListenerState) -> NDArray[np.float64]:
        """Return how much the listener would like each row of the catalogue: finite, higher is better.

        Scores of one call can be compared with each other, those of two models or listeners cannot. For a listener
        without a past every model falls back on popularity; an item that was not in the training data is placed by
        its embedding where the model learns from embeddings, and last where it does not.
        """
        ...


def trained(
    name: str,
    items: tuple[str, ...],
    arrays: Mapping[str, NDArray[np.float64] | NDArray[np.intp]],
    facts: Mapping[str, Scalar],
) -> Trained:
    """Return a `Trained` with its version."""
    content = hashlib.sha256(canonical_json({"name": name, "items": items, "facts": facts}))
    for key in sorted(arrays):
        content.update(key.encode())
        content.update(np.ascontiguousarray(arrays[key]).tobytes())
    return Trained(name=name, version=content.hexdigest()[:12], items=items, arrays=arrays, facts=facts)
