"""Audiences by yes or no: "podcast listeners", "those who never play podcasts"."""

from collections.abc import Sequence

from counterpoint.agents.offline.audience_context import excluded
from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import AttributeType


def read_flags(tokens: Sequence[Token], reading: AudienceReading, surface: Surface, lexicon: Lexicon) -> None:
    """Read attributes that are yes or no: "podcast listeners", "those who never play podcasts"."""
    people, negation = lexicon.lists["people"], lexicon.lists["negation"]
    for attribute in surface.attributes.values():
        stems = [s for s in lexicon.stems(attribute.key.replace("_", " ")) if s not in ("is", "has", "be", "have")]
        if attribute.type is not AttributeType.BOOL or not stems:
            continue
        verbs, noun = set(stems[:-1]), stems[-1]
        if verbs & {"listen", "play", "hear", "stream"}:
            verbs |= {"listen", "play", "hear", "stream"}
        for i, token in enumerate(tokens):
            if token.stem != noun or i in reading.used:
                continue
            span = None
            if (
                i + 1 < len(tokens)
                and tokens[i + 1].stem in {f"{v}er" for v in verbs} | {"fan", "lover"}
                and _selects(tokens, i)
            ):
                span = (i, i + 2)
            else:
                # "people who already listen to podcasts": a relative pronoun opens, a verb of the key stands between.
                first = next(
                    (
                        j
                        for j in range(i - 1, max(-1, i - 9), -1)
                        if tokens[j].text in ("who", "that", "those", "whoever", "anyone")
                        and tokens[j].sentence == token.sentence
                    ),
                    None,
                )
                if first is not None and any(t.stem in verbs for t in tokens[first:i]):
                    opener = first - 1 if first > 0 and people.at(tokens, first - 1) else first
                    if _selects(tokens, opener):
                        span = (opener, i + 1)
            if span is None:
                continue
            lead = range(max(0, span[0] - 2), i)
            negated = (
                any(negation.at(tokens, j) for j in lead)
                or any(tokens[j].text == "non" for j in lead)
                or excluded(tokens, span[0], lexicon)
            )
            reading.clauses[attribute.key] = f"!{attribute.key}" if negated else attribute.key
            end = span[1]
            # A window the attribute already carries ("in the last 28 days") belongs to it.
            if end + 3 < len(tokens) and tokens[end].text in ("in", "over", "within", "during"):
                stop = next(
                    (
                        j
                        for j in range(end, min(len(tokens), end + 7))
                        if tokens[j].text in ("days", "weeks", "month", "week")
                    ),
                    None,
                )
                end = stop + 1 if stop is not None else end
            reading.take(tokens, span[0], end)
            break


def _selects(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a phrase can select users: "more podcast listeners" and "into podcast listeners" are outcomes."""
    before = tokens[start - 1].text if start > 0 else ""
    return before not in words_set("more fewer into become of new additional many which makes")
