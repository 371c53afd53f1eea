"""Expressions: what the words around a number make of it before any dial is looked at - a label, a place, a step."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from counterpoint.agents.offline.labels import arm_labels
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.quantities import Kind, Quantity, find_quantities
from counterpoint.agents.offline.text import Token, words_set

_PLACES = (
    "row rows place places slot slots notch notches step steps spot spots position positions line lines rung rungs"
)
_UP = words_set("up higher upwards upward above earlier")
_DOWN = words_set("down lower downwards downward below later")
_DEGREE = words_set("further farther more a bit")


def read_quantities(tokens: Sequence[Token], lexicon: Lexicon) -> list[Quantity]:
    """Return the quantities of `tokens`: labels of arms left out, places and steps marked as such."""
    found = find_quantities(tokens, lexicon)
    labels = {i for label in arm_labels(tokens) for i in range(label.start, label.end)}
    found = [q for q in found if q.start not in labels]
    found = [_times(q, tokens) for q in found]
    found = [_excess(q, tokens) for q in found]
    found = [_place_step(q, tokens) for q in _with_elided_units(found, tokens)]
    found = [q for q in _with_second_places(found, tokens) if not _is_set_phrase(q, tokens)]
    return _with_references(_with_single_steps(found, tokens), tokens)


def _excess(q: Quantity, tokens: Sequence[Token]) -> Quantity:
    """Return "twelve shelves are two too many" as a step from today."""
    before = tokens[q.start - 1].text if q.start else ""
    after = [t.text for t in tokens[q.end : q.end + 2]]
    if q.kind is not Kind.NUMBER or before not in ("are", "is") or after[:1] != ["too"]:
        return q
    return replace(q, step=1 if after[1:] == ["few"] else -1) if after[1:] in (["many"], ["few"], ["much"]) else q


def _times(q: Quantity, tokens: Sequence[Token]) -> Quantity:
    """Return "no more than twice", "at most thrice" as a number of times."""
    before = tokens[q.start - 1].text if q.start else ""
    counted = (
        q.kind is Kind.FACTOR and tokens[q.start].text in ("twice", "thrice") and before in ("than", "most", "least")
    )
    after = [t.text for t in tokens[q.end : q.end + 2]]
    shown = (
        q.kind is Kind.FACTOR
        and tokens[q.end - 1].text == "times"
        and after in (["on", "a"], ["on", "one"], ["per", "shelf"])
    )
    return replace(q, kind=Kind.NUMBER) if counted or shown else q


def _with_elided_units(found: list[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Return the quantities, with "it remembers a month. Make it two" in the unit of the time before."""
    made = list(found)
    for n, (before, q) in enumerate(pairwise(found), start=1):
        lead = {t.text for t in tokens[max(before.end, q.start - 4) : q.start]}
        after = tokens[q.end].text if q.end < len(tokens) else "."
        asked = lead & words_set("it that") and lead & words_set("make let's call give try to be")
        near = tokens[q.start].sentence - tokens[before.start].sentence <= 1
        if (
            before.kind is Kind.TIME
            and q.kind is Kind.NUMBER
            and asked
            and near
            and after in words_set(". , ; ! ? and for or")
        ):
            made[n] = replace(q, kind=Kind.TIME, value=q.bare * before.value / before.bare, unit=before.unit)
    return made


def _place_step(q: Quantity, tokens: Sequence[Token]) -> Quantity:
    """Return "two rows further down", "three places up", "down two rows" as a step from a place."""
    clause = {t.stem for t in tokens if t.clause == tokens[q.start].clause}
    if q.kind is not Kind.NUMBER or q.sign or clause & words_set("scroll reach read"):
        return q
    after = [t.text for t in tokens[q.end : q.end + 5] if t.sentence == tokens[q.start].sentence]
    noun = 1 if after and after[0] in words_set(_PLACES + " shelf shelves rank ranks") else 0
    at = noun
    while at < len(after) and after[at] in _DEGREE:
        at += 1
    way = after[at] if at < len(after) else ""
    before = tokens[q.start - 1].text if q.start else ""
    if before in ("to", "at", "position", "row", "place") or (way in ("above", "below") and after[at + 1 : at + 2]):
        return q
    if way in _UP | _DOWN and (noun or way in ("up", "down")) and before not in ("from", "of"):
        if after[at + 1 : at + 2] in (["to"], ["front"]):
            return q
        return replace(q, step=-1 if way in _UP else 1, is_place=True, end=q.end + at + 1)
    if noun and before in ("up", "down"):
        return replace(q, step=-1 if before == "up" else 1, is_place=True, end=q.end + 1)
    return q


def _with_single_steps(found: list[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Return the quantities and "a row higher", "a notch down", of which the number is the article."""
    taken = {i for q in found for i in range(*q.span)}
    made = list(found)
    for t in tokens[:-2]:
        noun, way = tokens[t.index + 1].text, tokens[t.index + 2].text
        singular = noun in words_set("row place slot notch spot position line rung")
        if t.text in ("a", "one", "another") and singular and way in _UP | _DOWN and t.index not in taken:
            step = -1 if way in _UP else 1
            made.append(
                Quantity(
                    kind=Kind.NUMBER, value=1.0, bare=1.0, start=t.index, end=t.index + 3, step=step, is_place=True
                )
            )
    return sorted(made, key=lambda q: q.start)


def _with_second_places(found: list[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Return the quantities, with "right below the first shelf" as the second place."""
    made: list[Quantity] = []
    spans: list[tuple[int, int]] = []
    for i, t in enumerate(tokens[:-2]):
        near = t.text in words_set("right directly just immediately straight") and tokens[i + 1].text in words_set(
            "below under beneath underneath behind after"
        )
        at = i + 2
        if (
            near
            and at + 1 < len(tokens)
            and tokens[at].text in ("the", "our")
            and tokens[at + 1].text in words_set("first top topmost")
        ):
            noun = tokens[at + 2].text if at + 2 < len(tokens) else ""
            end = at + 3 if noun in words_set("shelf row one slot place card") else at + 2
            if noun.isalpha() and end == at + 2 and noun not in words_set("and for so on in at with to"):
                continue
            made.append(Quantity(kind=Kind.ORDINAL, value=2.0, bare=2.0, start=i, end=end, is_place=True))
            spans.append((i, end))
    kept = [q for q in found if not any(s <= q.start < e for s, e in spans)]
    return sorted([*kept, *made], key=lambda q: q.start)


def _with_references(found: list[Quantity], tokens: Sequence[Token]) -> list[Quantity]:
    """Return the quantities, with "by that much" as what it points at: "a third too long, cut it by that much"."""
    made = list(found)
    for i, t in enumerate(tokens[:-2]):
        if t.text == "by" and tokens[i + 1].text in ("that", "as") and tokens[i + 2].text in ("much", "many"):
            before = [q for q in found if q.end <= i and t.sentence - tokens[q.start].sentence <= 1]
            if before:
                made.append(replace(before[-1], start=i + 1, end=i + 3, sign=0))
    return sorted(made, key=lambda q: q.start)


def _is_set_phrase(q: Quantity, tokens: Sequence[Token]) -> bool:
    """Return whether a number belongs to a saying and counts nothing: "at first", "one thing", "in one go"."""
    before = tokens[q.start - 1].text if q.start else ""
    after = tokens[q.end].text if q.end < len(tokens) else ""
    if tokens[q.start].text == "two" and before == "the" and after in ("at", "together", "combined", "of"):
        return True  # "and the two at once"
    around = [t.text for t in tokens[max(0, q.start - 3) : q.end + 3] if t.is_word]
    if tokens[q.start].text == "two" and "two by two" in " ".join(around):
        return True  # a two-by-two
    if q.kind is Kind.ORDINAL and tokens[q.start].text == "first":
        return (before == "at" and after in (",", ".", "glance", "sight")) or after in ("glance", "sight", "and")
    if tokens[q.start].text == "one" and before == "not" and after in ("more", "fewer", "less"):
        return True  # "fourteen, and not one fewer"
    if tokens[q.start].text == "one" and q.kind is Kind.NUMBER:
        return after in words_set(
            "go bundle package piece lump thing arm variant follows likes knows with without gets sees keeps has where"
        ) or (before in ("for", "as") and after in (",", ".", ";"))
    return False
