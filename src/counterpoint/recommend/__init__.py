"""Versioned models that say how much a listener would like each item: train, evaluate, store, load, score."""

from counterpoint.recommend.evaluation import Evaluation, Split, evaluate, split_log
from counterpoint.recommend.listening import NO_PAST, ListenerState, PlayLog, listener_state, play_log
from counterpoint.recommend.registry import MODEL_NAMES, ModelRegistry, ModelStore, load_model, train
from counterpoint.recommend.rerank import mmr_order
from counterpoint.recommend.trained import Model, Trained

__all__ = [
    "MODEL_NAMES",
    "NO_PAST",
    "Evaluation",
    "ListenerState",
    "Model",
    "ModelRegistry",
    "ModelStore",
    "PlayLog",
    "Split",
    "Trained",
    "evaluate",
    "listener_state",
    "load_model",
    "mmr_order",
    "play_log",
    "split_log",
    "train",
]
