"""Words about a doubt: questions by code, and what may be repeated of what a model wrote."""

import re
import unicodedata

from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.orders import unsafe_words

_LONGEST = 300
_ASKED = {
    "arms": "Which parameter should change, and to what",
    "change": "Which parameter should change, and to what",
    "value": "To which value should it be set",
    "audience": "Which users exactly are meant",
    "primary": "Which one metric decides whether this worked",
    "metric": "Which one metric decides whether this worked",
    "direction": "Which way should the metric move",
    "mde": "How large an effect is expected",
    "mde_abs": "How large an effect is expected",
    "guardrails": "Which metrics must not get worse, and by how much may they",
    "allocation": "Which share of the audience should take part",
    "days": "For how many days should it run",
    "surface": "Which surface is this about",
    "outcome": "Can this be tested here",
}


def question_about(field: str, because: str) -> str:
    """Return the question for a field that is in doubt, and why it is."""
    return f"{_ASKED[field.partition('[')[0]]}? ({because[:1].upper()}{because[1:]}.)"


def said_by_a_model(text: str, lexicon: Lexicon) -> str:
    """Return what may be shown of a model's own words: one line, no control characters, nothing that reads as an order.

    A question travels on, to people and to other agents; it must not carry an order from one to the other.
    """
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    plain = re.sub(r"\s+", " ", plain).strip()[:_LONGEST]
    return "" if unsafe_words(plain, lexicon) is not None else plain
