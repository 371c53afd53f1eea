"""Knowledge: what past experiments found, searched in words, and what it lets one expect of the next."""

from counterpoint.agents.knowledge.expectation import expected_effects
from counterpoint.agents.knowledge.history import EffectHistory, effect_history, expected_effect
from counterpoint.agents.knowledge.search import Match, search_past

__all__ = ["EffectHistory", "Match", "effect_history", "expected_effect", "expected_effects", "search_past"]
