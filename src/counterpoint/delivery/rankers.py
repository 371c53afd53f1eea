"""The models that pages rank with: trained on the listening that is known, loaded on the catalogue that is served."""

from collections.abc import Mapping
from datetime import datetime

from counterpoint.config import Surface
from counterpoint.content import Catalogue
from counterpoint.errors import CounterpointError
from counterpoint.recommend import Model, ModelRegistry
from counterpoint.simulation import Population, listening_log
from counterpoint.telemetry import logger

MUSIC_MODELS = ("als", "als_diverse", "sequence", "follow_recency")
"""Every value of `ranking.model` and `podcasts.ranker` but popularity, which the page knows by itself."""
_N_LISTENERS = 400
_SEED = 7


def train_on_simulated(registry: ModelRegistry, catalogue: Catalogue, surface: Surface, *, now: datetime) -> bool:
    """Train every model on simulated listening if one has no version yet, and return whether that was done.

    The models' facts say what they learnt from.
    """
    missing = tuple(name for name in MUSIC_MODELS if not registry.versions(name))
    if missing and len(catalogue) > 0:
        population = Population.generate(catalogue, surface, _N_LISTENERS, _SEED)
        log = listening_log(population, now)
        for name in missing:
            registry.train(name, log, data=f"{_N_LISTENERS} simulated listeners, seed {_SEED}", seed=_SEED)
    return bool(missing)


def load_rankers(registry: ModelRegistry, catalogue: Catalogue) -> Mapping[str, Model]:
    """Return the newest version of each model on `catalogue`; one that cannot be loaded is left out, and logged.

    The page then ranks by popularity and says that it is degraded.
    """
    rankers: dict[str, Model] = {}
    for name in MUSIC_MODELS:
        try:
            rankers[name] = registry.load(name, catalogue)
        except CounterpointError as error:
            logger("rankers").warning("model not loaded", extra={"model": name, "problem": error.as_document()})
    return rankers
