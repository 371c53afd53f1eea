"""Idle sentences: what a hypothesis only tells, with no dial, no metric, no users and no order in it."""

from collections.abc import Sequence

from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_set

_ASKED = words_set("only for if when unless except among without with and or but not no also plus then so per")
_LEAST = 4
# A sentence of English has small words; what has none of them may be anything.
_PLAIN = 2


def idle_sentences(text: Text, links: Links, change: ChangeReading) -> set[int]:
    """Return the numbers of the sentences that say nothing of the experiment: "I watched four people in a lab"."""
    spoken = change.used | text.audience
    spoken |= {i for m in links.metrics for i in m.tokens}
    spoken |= {i for m in links.parameters if m.coverage >= 0.85 for i in m.tokens}
    sized = {q.start for q in text.quantities if q.kind in (Kind.PERCENT, Kind.POINTS) or q.sign}
    busy = {text.tokens[i].sentence for i in spoken | sized}
    return {
        number
        for number in {t.sentence for t in text.tokens} - busy
        if not _orders([t for t in text.tokens if t.sentence == number], text)
    }


def _orders(sentence: Sequence[Token], text: Text) -> bool:
    words = [t for t in sentence if t.is_word]
    plain = [t for t in words if len(t.text) > 1 and t.text in text.lexicon.stop]
    if len(words) < _LEAST or len(plain) < _PLAIN:
        return True
    acts = text.lexicon.lists["act"].at(words, 0) is not None
    shared = {t.text for t in words} & words_set("traffic sample allocation exposure eligible rollout")
    return acts or words[0].text in _ASKED or bool(shared) or text.lexicon.has("vague", words)
