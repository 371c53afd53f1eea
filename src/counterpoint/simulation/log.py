"""The listening log of a simulated population, for models to learn from where no real log may be used."""

from datetime import datetime

from counterpoint.recommend import PlayLog, play_log
from counterpoint.simulation.population import Population


def listening_log(population: Population, start: datetime) -> PlayLog:
    """Return what everybody played before a run that begins at `start` (aware UTC), in minutes.

    Say that it is simulated wherever a model trained on it is shown: `train(..., data="simulated listeners, ...")`.
    """
    ware = population.ware
    return play_log(
        (listener.unit, ware.catalogue.items[row].id, start.timestamp() - age_days * 86_400.0, float(ware.minutes[row]))
        for listener in population
        for row, age_days in listener.history
    )
