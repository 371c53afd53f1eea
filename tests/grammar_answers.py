"""What the planner's grammar answers by itself, for tests of the grammar: the network beside it is not asked."""

from counterpoint.agents import Plan
from counterpoint.agents.offline.lexicon import Lexicon, default_lexicon
from counterpoint.agents.offline.planner import answer_of, read_hypothesis
from counterpoint.config import Surface


def answer_by_grammar(text: str, surface: Surface, lexicon: Lexicon | None = None) -> Plan:
    """Return the grammar's plan, question or refusal."""
    words = lexicon or default_lexicon()
    return answer_of(text, read_hypothesis(text, surface, words), words)
