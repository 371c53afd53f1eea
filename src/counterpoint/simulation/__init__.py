"""Simulated listeners, who say that they are: who they are, when they come, and what they do with the page they see.

They exist so that a demonstration and the calibration of the whole path need nobody's data. Every effect arises from
one mechanism (what stands higher is seen more often; what is seen is chosen by likeness of real embeddings and by real
listening counts); nothing here can know of variants or experiments. Ids start with "sim-".
"""

from counterpoint.simulation.behaviour import Behaviour, Play, behave
from counterpoint.simulation.log import listening_log
from counterpoint.simulation.population import ID_PREFIX, Listener, Population, is_simulated
from counterpoint.simulation.visits import Visit

__all__ = [
    "ID_PREFIX",
    "Behaviour",
    "Listener",
    "Play",
    "Population",
    "Visit",
    "behave",
    "is_simulated",
    "listening_log",
]
