"""Audiences by yes or no: "podcast listeners", "those who never play podcasts", "people without a podcast play"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from counterpoint.agents.offline.audience_context import excluded
from counterpoint.agents.offline.audience_reading import AudienceReading, Trouble
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import MS_PER_DAY, Kind, Quantity
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.config import Surface
from counterpoint.vocabulary import AttributeType

_CONSUME = words_set("listen play hear stream consum do lik lov enjoy follow us into")
# "Who never tried a podcast" says that they play none; "who tried one" is an outcome.
_BEGIN = words_set("touch try tri start open begin begun press")
_FRIENDS = words_set(
    "peopl audienc fan lover user people audience crowd folk consumer head enthusiast addict buff devotee"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flag:
    """A span that names users by an attribute that is yes or no, and whether the span itself says no."""

    start: int
    end: int
    negated: bool = False


def read_flags(
    tokens: Sequence[Token],
    quantities: Sequence[Quantity],
    reading: AudienceReading,
    surface: Surface,
    lexicon: Lexicon,
) -> None:
    """Read attributes that are yes or no: "podcast listeners", "those who never play podcasts"."""
    for attribute in surface.attributes.values():
        stems = [s for s in lexicon.stems(attribute.key.replace("_", " ")) if s not in ("is", "has", "be", "have")]
        if attribute.type is not AttributeType.BOOL or not stems:
            continue
        verbs, noun = frozenset(stems[:-1]), stems[-1]
        verbs |= _CONSUME if verbs & _CONSUME else frozenset()
        for i, token in enumerate(tokens):
            named_before = token.text in ("one", "any", "them", "those") and any(
                t.stem == noun and t.sentence == token.sentence for t in tokens[:i]
            )
            if (token.stem != noun and not named_before) or i in reading.used:
                continue
            if named_before:
                # "Podcasts for users who have not played one": the pronoun stands for what was named.
                spoken = _related(tokens, i, verbs, lexicon)
                if spoken is None or lexicon.lists["people"].at(tokens, spoken.start) is None:
                    continue
            flag = _named(tokens, i, verbs) or _related(tokens, i, verbs, lexicon) or _owned(tokens, i, verbs, lexicon)
            if flag is None:
                continue
            negation = lexicon.lists["negation"]
            lead = range(max(0, flag.start - 2), i)
            negated = (
                flag.negated
                or any(negation.at(tokens, j) or tokens[j].text in ("non", "zero") for j in lead)
                or excluded(tokens, flag.start, flag.end, lexicon, reading.used)
            )
            end = _with_window(tokens, quantities, flag.end, attribute.description)
            if end is None:
                reading.troubles.append((Trouble.VAGUE, words_of(tokens, flag.start, flag.end)))
                end = flag.end
            reading.clauses[attribute.key] = f"!{attribute.key}" if negated else attribute.key
            reading.take(tokens, flag.start, end)
            break


def _named(tokens: Sequence[Token], i: int, verbs: frozenset[str]) -> _Flag | None:
    """Return "podcast listeners", "podcast non-listeners", "listeners of podcasts"."""
    doers = {f"{v}er" for v in verbs} | _FRIENDS
    after = [t.stem for t in tokens[i + 1 : i + 3] if t.sentence == tokens[i].sentence]
    if after[:1] and after[0] in doers and _selects(tokens, i):
        return _Flag(start=i, end=i + 2)
    if after[:1] == ["non"] and after[1:] and after[1] in doers:
        return _Flag(start=i, end=i + 3, negated=True)
    if i > 1 and tokens[i - 1].text in ("of", "to") and tokens[i - 2].stem in doers - {"user", "people"}:
        negated = i > 2 and tokens[i - 3].text == "non"
        start = i - 3 if negated else i - 2
        return _Flag(start=start, end=i + 1, negated=negated) if _selects(tokens, start) else None
    return None


def _related(tokens: Sequence[Token], i: int, verbs: frozenset[str], lexicon: Lexicon) -> _Flag | None:
    """Return "people who already listen to podcasts": a relative pronoun opens, a verb of the key stands between."""
    people, negation = lexicon.lists["people"], lexicon.lists["negation"]
    first = next(
        (
            j
            for j in range(i - 1, max(-1, i - 9), -1)
            if tokens[j].text in words_set("who that those whoever anyone anybody everyone")
            and tokens[j].sentence == tokens[i].sentence
        ),
        None,
    )
    if first is None:
        return None
    said = tokens[first:i]
    habit = tokens[i + 1].stem in words_set("habit routine") if i + 1 < len(tokens) else False
    if habit and any(t.stem in ("hav", "has", "have", "got") for t in said):
        return _Flag(start=first - (first > 0 and people.at(tokens, first - 1) is not None), end=i + 2)
    owned = tokens[i - 1].text in ("one", "a", "any") and any(t.text in ("had", "have", "has") for t in said)
    if owned and (i + 1 >= len(tokens) or tokens[i + 1].text not in ("shelf", "row", "card", "cards")):
        return _Flag(start=first - (first > 0 and people.at(tokens, first - 1) is not None), end=i + 1)
    never = any(negation.at(said, j) for j in range(len(said)))
    if not (any(t.stem in verbs for t in said) or (never and any(t.stem in _BEGIN for t in said))):
        return None
    opener = first - 1 if first > 0 and people.at(tokens, first - 1) else first
    return _Flag(start=opener, end=i + 1) if _selects(tokens, opener) else None


def _owned(tokens: Sequence[Token], i: int, verbs: frozenset[str], lexicon: Lexicon) -> _Flag | None:
    """Return "people without a podcast play", "users with at least one podcast play"."""
    people = lexicon.lists["people"]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    plays = after is not None and after.stem in verbs | words_set("activ activity histor history minut habit routine")
    for j in range(i - 1, max(0, i - 6), -1):
        if tokens[j].text not in ("with", "without", "having", "lacking") or people.at(tokens, j - 1) is None:
            continue
        between = {t.text for t in tokens[j + 1 : i]}
        if not between <= words_set("a an any no zero at least one single or more recent"):
            return None
        negated = tokens[j].text in ("without", "lacking") or bool(between & {"no", "zero"})
        return _Flag(start=j - 1, end=i + 1 + plays, negated=negated) if plays or negated else None
    return None


def _with_window(tokens: Sequence[Token], quantities: Sequence[Quantity], end: int, description: str) -> int | None:
    """Return where a span ends with the window behind it; None when that is not the window of the attribute."""
    stated = next((q for q in quantities if q.kind is Kind.TIME and end < q.start <= end + 4), None)
    opener = tokens[end].text if end < len(tokens) else ""
    if opener not in words_set("in over within during for since"):
        return end
    if stated is None:
        words = [t.text for t in tokens[end : end + 4]]
        return end + 3 if words[1:3] in (["the", "past"], ["the", "last"]) else end
    if any(t.text in words_set("run test experiment") for t in tokens[end : stated.start]) or opener == "for":
        return end
    own = re.search(r"(\d+) days", description)
    if own is None:
        return stated.end
    days = float(own.group(1))
    said = stated.value / MS_PER_DAY
    return stated.end if said == days or (28 <= days <= 31 and 28 <= said <= 31) else None


def _selects(tokens: Sequence[Token], start: int) -> bool:
    """Return whether a phrase can select users: "more podcast listeners" and "into podcast listeners" are outcomes."""
    before = tokens[start - 1].text if start > 0 else ""
    return before not in words_set("more fewer into become of new additional many which makes")
