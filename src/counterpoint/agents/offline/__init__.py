"""The offline planner: deterministic, without a network or a model, from words to a plan."""

from counterpoint.agents.offline.lexicon import Lexicon, default_lexicon, load_lexicon
from counterpoint.agents.offline.planner import plan_offline

__all__ = ["Lexicon", "default_lexicon", "load_lexicon", "plan_offline"]
