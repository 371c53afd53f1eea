"""The registry: which models there are, how each is trained and loaded, and which version is in use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from counterpoint.content import Catalogue
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.recommend import als, follow_recency, popularity, rerank, sequence
from counterpoint.recommend.listening import PlayLog
from counterpoint.recommend.trained import Model, Trained, trained
from counterpoint.vocabulary import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    train: Callable[[PlayLog, dict[str, Scalar], int], Trained]
    load: Callable[[Trained, Catalogue], Model]


def _train_als_diverse(log: PlayLog, facts: dict[str, Scalar], seed: int) -> Trained:
    learnt = als.train_als(log, facts, seed=seed)
    return trained(rerank.NAME, learnt.items, learnt.arrays, learnt.facts)


_MAKERS: Mapping[str, _Maker] = {
    popularity.NAME: _Maker(
        train=lambda log, facts, _: popularity.train_popularity(log, facts), load=popularity.load_popularity
    ),
    als.NAME: _Maker(train=lambda log, facts, seed: als.train_als(log, facts, seed=seed), load=als.load_als),
    rerank.NAME: _Maker(train=_train_als_diverse, load=rerank.load_als_diverse),
    sequence.NAME: _Maker(train=lambda log, facts, _: sequence.train_sequence(log, facts), load=sequence.load_sequence),
    follow_recency.NAME: _Maker(
        train=lambda log, facts, _: follow_recency.train_follow_recency(log, facts),
        load=follow_recency.load_follow_recency,
    ),
}
MODEL_NAMES = tuple(_MAKERS)


class ModelStore(Protocol):
    """Keeps trained models; a version, once stored, never changes."""

    def put(self, model: Trained) -> None:
        """Store `model` and make it the newest of its name; storing an equal version again changes nothing else."""
        ...

    def get(self, name: str, version: str | None = None) -> Trained:
        """Return a stored version, the newest when none is named.

        Raises:
            NotFound: There is no such model or version.
            DependencyFailure: It cannot be read back.
        """
        ...

    def versions(self, name: str) -> tuple[str, ...]:
        """Return stored versions of `name`, oldest first; empty when there is none."""
        ...


class ModelRegistry:
    """Trains into a store and loads from it, by name and version."""

    def __init__(self, store: ModelStore) -> None:
        self._store = store

    def train(self, name: str, log: PlayLog, *, data: str, seed: int) -> Trained:
        """Train model `name` on `log` and store it as the newest version; see `train`."""
        model = train(name, log, data=data, seed=seed)
        self._store.put(model)
        return model

    def load(self, name: str, catalogue: Catalogue, version: str | None = None) -> Model:
        """Return a stored version of model `name` on `catalogue`, the newest when none is named.

        Raises:
            NotFound: It was never trained.
        """
        _maker(name)
        return load_model(self._store.get(name, version), catalogue)

    def versions(self, name: str) -> tuple[str, ...]:
        """Return stored versions of `name`, oldest first."""
        _maker(name)
        return self._store.versions(name)


def train(name: str, log: PlayLog, *, data: str, seed: int) -> Trained:
    """Return model `name` trained on `log`; the same arguments give the same version.

    Args:
        data: What the log is, for people, such as "simulated listeners, seed 7"; kept in the facts.
        seed: Of everything random in training.

    Raises:
        InvalidInput: There is no such model.
        CannotCompute: The log is too small to determine it.
    """
    maker = _maker(name)
    if len(log) == 0:
        raise CannotCompute("log_too_small", "the listening log is empty", fix="train on a longer log")
    facts: dict[str, Scalar] = {
        "data": data,
        "n_plays": len(log),
        "n_listeners": len(log.units),
        "n_items": len(log.items),
    }
    return maker.train(log, facts, seed)


def load_model(model: Trained, catalogue: Catalogue) -> Model:
    """Return `model` on `catalogue`, ready to score.

    Raises:
        InvalidInput: It is of a kind that this version of Counterpoint does not know.
    """
    return _maker(model.name).load(model, catalogue)


def _maker(name: str) -> _Maker:
    maker = _MAKERS.get(name)
    if maker is None:
        raise InvalidInput(
            "unknown_model", f"there is no model called {name!r}", fix=f"use one of {', '.join(MODEL_NAMES)}"
        )
    return maker
