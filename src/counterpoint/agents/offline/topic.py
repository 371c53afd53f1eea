"""Topic: values said apart from any name go to the dial, or to the dial of the part, that the text speaks of."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from counterpoint.agents.offline import dials, settings
from counterpoint.agents.offline.exchange import parts_named
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.schedule import is_allocation, is_duration
from counterpoint.agents.offline.text import words_set
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType

_NEAR = 6
"""Most words between a value and the word of a dial of the part spoken of."""


def follow_topic(links: Links, text: Text) -> None:
    """Give values that stand without a name to what the text speaks of."""
    _dials_of_the_part(links, text)
    _items_on_it(links, text)
    _filled(links, text)
    _places_by_part(links, text)
    _ends_by_part(links, text)
    _later_values(links, text)
    continued(links, text)


def free_quantities(links: Links, text: Text) -> list[Quantity]:
    """Return the quantities that no dial, metric, audience, share or duration has."""
    given = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    return [q for q in text.quantities if q not in given and not set(range(*q.span)) & text.audience]


def _spoken(links: Links, text: Text, at: int) -> list[Mention]:
    """Return the dials named before a token, or in its sentence, the nearest first; two sentences back at most."""
    here = text.tokens[at].sentence
    near = [m for m in links.parameters if 0 <= here - text.tokens[m.start].sentence <= 2 and m.coverage >= 0.7]
    return sorted(near, key=lambda m: (here - text.tokens[m.start].sentence, abs(m.start - at)))


def _own_terms(parameter: Parameter, text: Text) -> frozenset[str]:
    """Return the terms of a dial's names without those of its part: "deadline" of "AI deadline"."""
    space = parameter.key.partition(".")[0]
    stems = set(text.lexicon.stems(space.replace("_", " ")))
    kin = {f"~{c}" for c, words in text.lexicon.raw["thesaurus"].items() if set(words) & (stems | {space})}
    names = [a for a in text.catalogue.aliases if a.key == parameter.key and a.worth >= 0.9]
    words = [w for a in names for w in a.words if not w & (stems | kin)]
    others = {
        t
        for a in text.catalogue.aliases
        if a.key != parameter.key and a.key.partition(".")[0] == space
        for w in a.words
        for t in w
    }
    return frozenset(t for w in words for t in w) - others - {"~count", "~shelf", "~position"}


def _dials_of_the_part(links: Links, text: Text) -> None:
    """Give "half the usual deadline" to the deadline of the part spoken of."""
    for q in free_quantities(links, text):
        spoken = _spoken(links, text, q.start)
        if not spoken or is_allocation(q, text.tokens, text.lexicon):
            continue
        space = spoken[0].key.partition(".")[0]
        mentioned = {m.key for m in links.parameters}
        takers = [
            (p, word)
            for p in text.surface.parameters.values()
            if p.key.partition(".")[0] == space
            and p.key not in mentioned
            and dials.is_number(p)
            and not dials.is_position(p)
            for word in [_word_near(q, _own_terms(p, text), links, text)]
            if word is not None and _can_take(q, p, spoken[0], text)
            if q.kind is not Kind.NUMBER or _is_asked(q, text)
        ]
        if len(takers) == 1:
            _give(links, takers[0][0].key, spoken[0], frozenset({takers[0][1]}), q)


def _word_near(q: Quantity, terms: frozenset[str], links: Links, text: Text) -> int | None:
    taken = {i for m in [*links.parameters, *links.metrics] for i in m.tokens} | text.audience
    near = range(max(0, q.start - _NEAR), min(len(text.tokens), q.end + _NEAR))
    hits = [i for i in near if i not in taken and text.tokens[i].clause == text.tokens[q.start].clause]
    hits = [i for i in hits if text.terms[i] & terms and not q.start <= i < q.end]
    return min(hits, key=lambda i: abs(i - q.start), default=None)


def _can_take(q: Quantity, parameter: Parameter, mention: Mention, text: Text) -> bool:
    beside = replace(mention, tokens=frozenset(range(q.start, q.end)))
    portion = q.kind in (Kind.FRACTION, Kind.FACTOR) and not dials.is_position(parameter)
    return portion or settings.fit(q, parameter, beside, text.tokens) >= 0.4


def _give(links: Links, key: str, like: Mention, tokens: frozenset[int], q: Quantity | None) -> None:
    named = replace(like, key=key, tokens=tokens, coverage=0.85, rival=0.0, value="", group="parameter")
    links.parameters.append(named)
    links.parameters.sort(key=lambda m: m.start)
    if q is not None:
        links.values.setdefault(key, []).append(q)


def _items_on_it(links: Links, text: Text) -> None:
    """Give "leave just the first five on the shelf", "sixteen cards on it" to how many items the part holds."""
    for q in free_quantities(links, text):
        after = [t.text for t in text.tokens[q.end : q.end + 5] if t.sentence == text.tokens[q.start].sentence]
        at = next((n for n, w in enumerate(after[:3]) if w in ("on", "in")), None)
        on_it = at is not None and (after[at + 1 : at + 2] == ["it"] or set(after[at + 2 : at + 3]) & {"shelf", "row"})
        lead = [t.text for t in text.tokens[max(0, q.start - 2) : q.start]]
        on_it = on_it or lead in (["shelf", "of"], ["row", "of"], ["or", "of"])
        spoken = _spoken(links, text, q.start)
        if q.kind is not Kind.NUMBER or not on_it or not spoken or not (lead[-1:] == ["of"] or _is_asked(q, text)):
            continue
        part = spoken[0].key.partition(".")[0]
        counts = [
            p.key
            for p in text.surface.parameters.values()
            if p.key.partition(".")[0] == part and p.key.endswith("max_items")
        ]
        if len(counts) == 1 and all(m.key != counts[0] for m in links.parameters):
            _give(links, counts[0], spoken[0], frozenset(range(*q.span)), q)
        elif len(counts) == 1 and lead[-1:] == ["of"]:
            links.values.setdefault(counts[0], []).append(q)


def _filled(links: Links, text: Text) -> None:
    """Let "fill it up" speak of how many items the part holds."""
    for t in text.tokens:
        few = t.text in ("few", "many", "fewest", "most") and bool(
            {k.text for k in text.tokens[t.index + 1 : t.index + 3]} & words_set("cards items tiles")
            or {k.text for k in text.tokens[t.index + 1 : t.index + 7]}
            & words_set("hold holds allows carry carries takes")
        )
        counted = text.tokens[t.index + 1].text if t.index + 1 < len(text.tokens) else ""
        few = few and not (counted.endswith("s") and counted not in ("cards", "items", "tiles", "as"))
        if text.lexicon.lists["filling"].at((t,), 0) is None and not few:
            continue
        sentence = [k for k in text.tokens if k.sentence == t.sentence]
        if not any(text.lexicon.has(bound, sentence) for bound in ("maximum", "to_the_full", "bound_words")):
            continue
        spoken = _spoken(links, text, t.index)
        parts = {m.key.partition(".")[0] for m in spoken[:1]}
        counts = [
            p
            for p in text.surface.parameters.values()
            if p.key.partition(".")[0] in parts and p.key.endswith(("max_items", "count"))
        ]
        if len(counts) == 1 and all(m.key != counts[0].key for m in links.parameters):
            _give(links, counts[0].key, spoken[0], frozenset({t.index}), None)


def _places_by_part(links: Links, text: Text) -> None:
    """Give a place to the shelf named without the word: "moods first", "two rows further down with the charts"."""
    for q in free_quantities(links, text):
        if not (q.is_place or q.kind is Kind.ORDINAL):
            continue
        sentence = text.tokens[q.start].sentence
        if any(
            dials.is_position(text.surface.parameters[m.key]) and text.tokens[m.start].sentence == sentence
            for m in links.parameters
        ) and not (key := _repeated(q, links, text)):
            continue
        named = sorted(_parts_named(q, text), key=lambda n: n[0])
        if named and _can_take(
            q, text.surface.parameters[named[0][1]], Mention("", "parameter", 0, 0, frozenset({0}), ""), text
        ):
            _, key, at = named[0]
            here = [m for m in links.parameters if m.key == key]
            if here:
                links.values.setdefault(key, []).append(q)
                links.values[key].sort(key=lambda v: v.start)
            else:
                made = Mention(key, "parameter", 1.6, 0.9, frozenset({at}), "")
                _give(links, key, made, frozenset({at}), q)


def _ends_by_part(links: Links, text: Text) -> None:
    """Let "push that shelf to the last place it can have" speak of the shelf named in the sentence before."""
    tokens = text.tokens
    for n in sorted({t.sentence for t in tokens}):
        sentence = [t for t in tokens if t.sentence == n]
        said = any(text.lexicon.has(name, sentence) for name in ("top", "bottom", "most_of", "least_of"))
        pointed = any(a.text in ("that", "this", "the") and b.text in ("shelf", "row") for a, b in pairwise(sentence))
        has = any(
            dials.is_position(text.surface.parameters[m.key]) and n - 2 <= tokens[m.start].sentence <= n
            for m in links.parameters
        )
        if not said or not pointed or has:
            continue
        near = [(i, k) for k, i in parts_named(text) if 0 <= n - tokens[i].sentence <= 2]
        if near and len({k for _, k in near}) == 1:
            at, key = max(near)
            _give(links, key, Mention(key, "parameter", 1.6, 0.9, frozenset({at}), ""), frozenset({at}), None)


def _repeated(q: Quantity, links: Links, text: Text) -> str:
    """Return the place dial that the nearest name before a place speaks of once more: "moods first, moods fourth"."""
    named = sorted(_parts_named(q, text), key=lambda n: n[0])
    has = {m.key for m in links.parameters}
    return named[0][1] if named and named[0][0] <= 2 and named[0][1] in has else ""


def _parts_named(q: Quantity, text: Text) -> Iterator[tuple[int, str, int]]:
    """Yield how far, which place dial and where, for every shelf's own name near a place."""
    tokens = text.tokens
    pointed = any(
        t.text in ("it", "them", "that", "those", "their", "its")
        for t in tokens[max(0, q.start - 6) : q.end + 6]
        if t.sentence == tokens[q.start].sentence
    )
    for parameter in text.surface.parameters.values():
        if not dials.is_position(parameter):
            continue
        space, _, leaf = parameter.key.partition(".")
        generic = words_set("shelf position row place")
        own = [w for w in leaf.split("_") if w not in generic] or space.split("_")
        stems = {s for w in own for s in text.lexicon.stems(w)}
        kin = {f"~{c}" for c in text.lexicon.raw["thesaurus"] if c in own}
        for t in tokens:
            whole = all(any(t2.stem == s for t2 in tokens[t.index : t.index + len(stems)]) for s in stems)
            hit = t.index not in text.audience and (whole or text.terms[t.index] & kin)
            back = tokens[q.start].sentence - t.sentence
            clearly = q.is_place or dials.says_position(q, tokens)
            beside = 0 <= q.start - t.index <= 3 and t.clause == tokens[q.start].clause
            near = back == 0 and abs(q.start - t.index) <= 12
            if hit and (beside or (clearly and (near or (back == 1 and pointed)))):
                yield abs(t.index - q.start) + 20 * back, parameter.key, t.index


def _later_values(links: Links, text: Text) -> None:
    """Give "make it 10 days", "six it is", "compare five and eight" to the dial spoken of, whose value was today's."""
    tokens = text.tokens
    free = free_quantities(links, text)
    for q in free:
        last = _topic_of(q, links, text)
        if (
            last is None
            or not _is_asked(q, text)
            or (is_allocation(q, tokens, text.lexicon) and not _suffices(q, text))
        ):
            continue
        parameter = text.surface.parameters[last.key]
        stepped = (
            q.kind is Kind.TIME
            and tokens[q.end : q.end + 1]
            and tokens[q.end].text in ("longer", "shorter", "more", "less")
        )
        values = links.values.get(last.key, [])
        today = [v for v in values if settings.is_baseline(v, parameter)]
        instead = bool(today) and _suffices(q, text)  # "30 days of it. Ten days are enough."
        if is_duration(q, tokens, text.lexicon) and not (stepped or instead):
            continue
        if len(today) < len(values):
            continue
        if not _takes_later(q, parameter, last, text):
            continue
        links.values[last.key] = [q, *(o for o in free if o.start > q.start and _in_list(q, o, free, text))]
        return


def continued(links: Links, text: Text) -> None:
    """Give the rest of "half as long as today, or a whole week" to the dial that has its beginning."""
    free = free_quantities(links, text)
    for key, values in links.values.items():
        parameter = text.surface.parameters[key]
        mention = next((m for m in links.parameters if m.key == key), None)
        last = max(values, key=lambda v: v.end, default=None)
        if mention is None or last is None:
            continue
        if last.kind is Kind.ORDINAL:  # "first, third or fifth row"
            links.values[key] = sorted([*values, *_listed_before(values, free, text)], key=lambda v: v.start)
        for q in free:
            between = {t.text for t in text.tokens[last.end : q.start]}
            joined = 0 < q.start - last.end <= 7 and bool(between & {"or", "versus", "against"})
            placed = dials.says_position(q, text.tokens) and dials.says_position(last, text.tokens)
            joined = joined or (0 < q.start - last.end <= 3 and placed)  # "position 3 and position 5"
            same = text.tokens[q.start].sentence == text.tokens[last.start].sentence
            if (
                joined
                and same
                and _in_list(last, q, free, text)
                and settings.fit(q, parameter, mention, text.tokens) >= 0.8
            ):
                links.values[key] = [*values, q]
                break


def _listed_before(values: Sequence[Quantity], free: Sequence[Quantity], text: Text) -> list[Quantity]:
    """Return the ordinals that lead up to a place in a list: "first, third or fifth row"."""
    found: list[Quantity] = []
    first = min(values, key=lambda v: v.start)
    for q in reversed([q for q in free if q.end <= first.start and q.kind is Kind.ORDINAL]):
        between = {t.text for t in text.tokens[q.end : first.start]}
        if between and between <= words_set(", or and versus the in"):
            found.append(q)
            first = q
    return found


def _topic_of(q: Quantity, links: Links, text: Text) -> Mention | None:
    """Return the dial spoken of last before a quantity, unless its own sentence has named another since."""
    here = text.tokens[q.start].sentence
    before = [m for m in links.parameters if m.end <= q.start and here - text.tokens[m.start].sentence <= 2]
    numeric = [m for m in before if dials.is_number(text.surface.parameters[m.key]) and m.coverage >= 0.7]
    return max(numeric, key=lambda m: m.end, default=None)


def _takes_later(q: Quantity, parameter: Parameter, mention: Mention, text: Text) -> bool:
    if settings.fit(q, parameter, mention, text.tokens) >= 0.4:
        return True
    counts = q.kind is Kind.NUMBER and not dials.is_position(parameter) and not dials.is_time(parameter)
    after = text.tokens[q.end] if q.end < len(text.tokens) else None
    bare = after is None or not after.is_word or after.text in text.lexicon.stop
    return counts and bare and float(q.value).is_integer() and parameter.type is ParameterType.INT


def _is_asked(q: Quantity, text: Text) -> bool:
    """Return whether the words around a number ask for it: "make it 10", "six it is", "another group three"."""
    tokens = text.tokens
    sentence = tokens[q.start].sentence
    lead = [t for t in tokens[max(0, q.start - 6) : q.start] if t.sentence == sentence]
    tail = [t.text for t in tokens[q.end : q.end + 5] if t.sentence == sentence]
    agreed = tail[:2] in (["it", "is"], ["will", "do"], ["would", "do"], ["is", "enough"], ["should", "do"])
    candidates = bool(set(tail) & words_set("candidates alternatives contenders options"))
    agreed = agreed or _suffices(q, text)
    agreed = agreed or not lead  # the sentence is an answer: "Half as long as today, or a whole week."
    agreed = agreed or any(t.text in ("leave", "leaving", "only", "just") for t in lead)
    asked = any(t.text in ("it", "them", "that") for t in lead) or text.lexicon.has("act", lead)
    return asked or agreed or candidates or text.lexicon.has("apart", lead)


def _suffices(q: Quantity, text: Text) -> bool:
    """Return whether so much is said to be enough: "half of them would do"."""
    tail = [t.text for t in text.tokens[q.end : q.end + 5] if t.sentence == text.tokens[q.start].sentence]
    enough = {("will", "do"), ("would", "do"), ("is", "enough"), ("are", "enough"), ("be", "enough"), ("be", "plenty")}
    return any(pair in enough for pair in pairwise(tail))


def _in_list(q: Quantity, other: Quantity, free: Sequence[Quantity], text: Text) -> bool:
    inside = {i for o in free for i in range(*o.span)} | {
        t.index
        for t in text.tokens
        if t.text in words_set(", and or also in a b / then with another one the other group arm against versus")
    }
    between = set(range(q.end, other.start))
    said = {text.tokens[i].text for i in between}
    alike = other.kind is q.kind or bool(said & {"or", "versus"})
    compared = {i for i in between if text.tokens[i].text in words_set("as long many much far today now it is does")}
    return alike and between - compared <= inside
