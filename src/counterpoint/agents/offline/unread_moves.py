"""Signs that a movement was misread: a number is said to go one way, and its value goes the other way, or nowhere."""

from collections.abc import Iterator

from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.dials import is_number, is_position
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import words_of, words_set
from counterpoint.agents.plan import Missing

Sign = tuple[Missing, str]
_MORE = words_set("more raise raising increase increasing extend lengthen")
_FEWER = words_set("fewer less reduce reducing lower decrease decreasing cut shorten")
_ELSEWHERE = words_set("than when with while if where")
_MOVED = words_set("up down raise raised lower lowered move moved increase increased reduce reduced cut drop dropped")


def moved_the_other_way(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Fewer podcast cards: eleven instead of eight": the word and the number contradict each other.
    """
    del loose
    for m in links.parameters:
        parameter = text.surface.parameters[m.key]
        values = [arm[m.key] for arm in change.arms if m.key in arm]
        if not values or not is_number(parameter) or is_position(parameter):
            continue
        today = float(parameter.baseline)
        for i in _words_before(text, m):
            word = text.tokens[i].text
            wrong = (word in _MORE and all(float(v) < today for v in values)) or (
                word in _FEWER and all(float(v) > today for v in values)
            )
            if wrong:
                told = [
                    q.end
                    for q in text.quantities
                    if q.start >= m.start and text.tokens[q.start].sentence == text.tokens[i].sentence
                ]
                return Missing.CHANGE, words_of(text.tokens, i, max([m.end, *told[:1]]))
    return None


def moved_nowhere(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Moods up to 5, podcasts down to 8": the second number is what its dial has today, so it was meant of another.
    """
    del loose
    used = {key for arm in change.arms for key in arm}
    for key, quantities in links.values.items():
        parameter = text.surface.parameters[key]
        if key in used or not is_number(parameter):
            continue
        for q in quantities:
            lead = [t.text for t in text.tokens[max(0, q.start - 3) : q.start]]
            moved = lead[-1:] == ["to"] and bool(_MOVED & set(lead)) and "from" not in lead
            if moved and q.kind is Kind.NUMBER and q.value == float(parameter.baseline):
                return Missing.CHANGE, words_of(text.tokens, max(0, q.start - 3), q.end)
    return None


def _words_before(text: Text, mention: Mention) -> Iterator[int]:
    """Yield the word that begins a mention, or stands right before it, where a number is said of it in the sentence."""
    tokens, start = text.tokens, mention.start
    told = any(tokens[q.start].sentence == tokens[start].sentence for q in text.quantities)
    for i in (start - 1, start) if told else ():
        denied = i > 0 and tokens[i - 1].text == "no"
        follows = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if i >= 0 and tokens[i].clause == tokens[start].clause and not denied and follows not in _ELSEWHERE:
            yield i
