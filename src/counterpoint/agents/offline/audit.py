"""The audit of a finished reading: what the text counts, joins or names has to show in the arms of the plan."""

from collections.abc import Iterable, Iterator

from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.dials import is_number
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import words_of, words_set
from counterpoint.agents.plan import Missing

Sign = tuple[Missing, str]
_OTHERWISE = words_set(
    "other another different else nobody bore boring why without hide no not never question whether or"
)
_KEPT = words_set("stay stays keep keeps remain remains left leave untouched today now currently instead than not no")


def bundle_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "As one bundle", "both in a single arm": an arm that sets one dial does not show what was joined.
    """
    del links, loose
    if any(len(_asked_for(text, arm)) > 1 for arm in change.arms):
        return None
    for start, end, _ in text.lexicon.lists["bundled"].find(text.tokens):
        after = {
            t.text
            for t in text.tokens[end : end + (16 if len(change.arms) > 1 else 8)]
            if t.sentence == text.tokens[end - 1].sentence
        }
        if not after & words_set("another other second each every per"):
            return Missing.CHANGE, words_of(text.tokens, start, end)
    return None


def _asked_for(text: Text, arm: Iterable[str]) -> list[str]:
    """Return the dials of an arm that were asked for, without those that another one needs."""
    keys = list(arm)
    needed = {n for k in keys for n in (text.surface.parameters[k].requires or {})}
    return [k for k in keys if k not in needed]


def group_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "About moods for one group and about discovery for the other": two groups were described, and one arm was read.
    """
    del links, loose
    if len(change.arms) > 1:
        return None
    tokens = text.tokens
    for t in tokens[:-1]:
        if t.text != "one" or tokens[t.index + 1].text not in words_set("group arm half variant cell branch version"):
            continue
        rest = [k for k in tokens[t.index + 2 : t.index + 20] if k.sentence - t.sentence <= 1]
        other = next((k for k in rest if k.text in ("other", "another")), None)
        if other is not None and not {k.text for k in tokens[other.index : other.index + 6]} & _KEPT:
            return Missing.CHANGE, words_of(tokens, t.index, other.index + 1)
    return None


def value_unused(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "The sequence model with a half-life of a week": a value was named in full, and no arm has it.
    """
    del loose
    used = {k for arm in change.arms for k in arm}
    for m in links.parameters:
        parameter = text.surface.parameters[m.key]
        if m.key in used or m.coverage < 0.9 or not parameter.values:
            continue
        stems = {text.tokens[i].stem for i in m.tokens}
        for value in parameter.values:
            named = set(text.lexicon.stems(value.replace("_", " ")))
            clause = {t.text for t in text.tokens if t.clause == text.tokens[m.start].clause}
            if value not in ("none", "full", str(parameter.baseline)) and named <= stems and not clause & _KEPT:
                return Missing.CHANGE, words_of(text.tokens, m.start, m.end)
    return None


def share_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Switch it on and give it half the usual deadline": half of something was asked for, and no arm has a number.
    """
    del loose
    if any(is_number(text.surface.parameters[k]) for arm in change.arms for k in arm):
        return None
    explained = {i for q in _explained(links) for i in range(q[0], q[1])} | text.audience | change.used
    explained |= {i for m in [*links.metrics, *links.parameters] for i in m.tokens}
    spoken = {text.tokens[i].sentence for i in change.used}
    for q in text.quantities:
        inside = text.tokens[q.start].sentence in spoken and not set(range(*q.span)) & explained
        led = text.tokens[q.end].text if q.end < len(text.tokens) else ""
        if inside and q.kind in (Kind.FRACTION, Kind.FACTOR) and led in ("the", "as", "our", "of", "its", "that"):
            traffic = text.lexicon.lists["traffic"].any_in(text.tokens[q.end : q.end + 4])
            if not traffic:
                return Missing.VALUE, words_of(text.tokens, q.start, q.end + 3)
    return None


def _explained(links: Links) -> Iterator[tuple[int, int]]:
    for quantities in (*links.values.values(), *links.effects.values()):
        yield from (q.span for q in quantities)


def second_arm_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Whichever", "either", "in the other": words that stand where several arms are compared, and one was read.
    """
    del loose
    if len(change.arms) != 1:
        return None
    tokens = text.tokens
    for start, end, _ in text.lexicon.lists["several_arms"].find(tokens):
        if not set(range(start, end)) & {i for m in links.metrics for i in m.tokens}:
            return Missing.CHANGE, words_of(tokens, max(0, start - 3), end)
    values = {i for q in text.quantities for i in range(*q.span)}
    spoken = {tokens[i].sentence for i in change.used}
    effects = {i for qs in links.effects.values() for q in qs for i in range(*q.span)}
    once = [t.index for t in tokens if t.text == "once" and t.sentence in spoken]
    if len(once) > 1 and not text.audience & set(once):
        return Missing.CHANGE, words_of(tokens, once[0], once[1] + 2)
    places = {i for name in ("top", "bottom") for s, e, _ in text.lexicon.lists[name].find(tokens) for i in range(s, e)}
    values |= places
    for t in tokens[1:-1]:
        beyond = tokens[t.index + 1].text in words_set(
            "so more less fewer better later newer over older higher lower up not"
        )
        if t.text != "or" or t.sentence not in spoken or beyond:
            continue
        left, right = set(range(t.index - 3, t.index)) & values, set(range(t.index + 1, t.index + 4)) & values
        if left and right and not (left | right) & (effects | text.audience):
            return Missing.CHANGE, words_of(tokens, min(left), max(right) + 1)
    return None


def contradiction_unread(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Switch jump back in off and put sixteen cards on it", "compact, with more air than today": both cannot be.
    """
    del loose
    tokens = text.tokens
    for arm in change.arms if len(change.arms) == 1 else ():
        for m in links.parameters:
            space, _, leaf = m.key.rpartition(".")
            beside = [k for k in arm if k.rpartition(".")[0] == space and k != m.key]
            clause = [t for t in tokens if abs(t.index - m.start) <= 6 and t.sentence == tokens[m.start].sentence]
            if leaf == "enabled" and m.key not in arm and beside and text.lexicon.has("off", clause):
                return Missing.CHANGE, words_of(tokens, clause[0].index, clause[-1].index + 1)
    for arm in change.arms:
        for key, value in arm.items():
            opposite = [v for v in text.surface.parameters[key].values if v != value]
            for other in opposite if len(opposite) == 1 else ():
                for t in tokens:
                    said = f"~{other}" in text.terms[t.index] and f"~{value}" not in text.terms[t.index]
                    after = {k.text for k in tokens[t.index : t.index + 8] if k.sentence == t.sentence}
                    if said and "than" in after and t.index not in text.audience:
                        return Missing.CHANGE, words_of(tokens, max(0, t.index - 2), t.index + 2)
    return None


def only_hinted(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "Something with autoplay": a dial is named, and what is to be done with it is not.
    """
    del loose
    used = {k for arm in change.arms for k in arm}
    for start, end, _ in text.lexicon.lists["hinted"].find(text.tokens):
        if any(m.key in used and end <= m.start <= end + 3 for m in links.parameters):
            return Missing.CHANGE, words_of(text.tokens, start, end + 2)
    return None


def same_as_today(text: Text, links: Links) -> str | None:
    """Return the one dial that a text asks for as it is today, or None: "medium cards on iOS", "turn captions on"."""
    clear = [m for m in links.parameters if m.coverage >= 0.85]
    keys = {m.key for m in clear}
    if len(keys) != 1 or _KEPT & {t.text for t in text.tokens} - {
        "keep",
        "keeps",
        "stay",
        "stays",
        "remain",
        "remains",
    }:
        return None
    key = keys.pop()
    parameter, sentences = text.surface.parameters[key], {text.tokens[m.start].sentence for m in clear}
    words = [t for t in text.tokens if t.sentence in sentences or t.sentence - 1 in sentences]
    if {t.text for t in words} & _OTHERWISE or text.lexicon.has("off", words):
        return None
    if parameter.values:
        named = {v for v in parameter.values if set(text.lexicon.stems(v.replace("_", " "))) <= {t.stem for t in words}}
        return key if named == {str(parameter.baseline)} else None
    shown = words_set("show display keep on enable enabled")
    return key if parameter.baseline is True and {t.text for t in words} & shown else None


def value_repeated(text: Text, links: Links, change: ChangeReading, loose: set[int]) -> Sign | None:
    """Return a sign of this misreading, or None.

    "The sequence ranker, and the sequence ranker with a half-life of a week": named twice, and only one arm has it.
    """
    del links, loose
    for key in sorted({k for arm in change.arms for k in arm}) if len(change.arms) > 1 else ():
        for value in text.surface.parameters[key].values:
            stems = text.lexicon.stems(value.replace("_", " "))
            said = [t.index for t in text.tokens if t.stem == stems[0] and t.index not in text.audience]
            having = sum(str(arm.get(key)) == value for arm in change.arms)
            joined = [i for i in said if {t.text for t in text.tokens[i + 1 : i + 4]} & words_set("with plus")]
            if having == 1 and len(said) > 1 and joined and joined[0] != said[0]:
                return Missing.CHANGE, words_of(text.tokens, joined[0], joined[0] + 4)
    return None
