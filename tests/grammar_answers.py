"""What the grammar alone answers, for tests of how its answer is weighed against the network's."""

from counterpoint.agents import Plan
from counterpoint.agents.offline.lexicon import Lexicon, default_lexicon
from counterpoint.agents.offline.planner import answered, read_hypothesis
from counterpoint.config import Surface


def answer_by_grammar(text: str, surface: Surface, lexicon: Lexicon | None = None) -> Plan:
    """Return the grammar's plan, question or refusal."""
    words = lexicon or default_lexicon()
    return answered(text, read_hypothesis(text, surface, words), words)[1]
