"""Adoption: values whose parameter is not named, given to the one parameter of the part spoken of that takes them."""

from collections.abc import Sequence
from dataclasses import replace

from counterpoint.agents.offline import choices, dials, topic
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.reading import Links, Text, clause_of
from counterpoint.agents.offline.schedule import is_duration
from counterpoint.agents.offline.text import Token, words_set
from counterpoint.vocabulary import ParameterType


def literal_values(text: Text) -> list[Mention]:
    """Return mentions of dials by a value written as the catalogue writes it: "the follow_recency ordering"."""
    found: list[Mention] = []
    values = [(p, v, text.lexicon.stems(v)) for p in text.surface.parameters.values() for v in p.values if "_" in v]
    for parameter, value, stems in values:
        for i in range(len(text.tokens) - len(stems) + 1):
            span = range(i, i + len(stems))
            if tuple(text.tokens[n].stem for n in span) == stems and not text.audience & set(span):
                found.append(Mention(parameter.key, "parameter", 2.5, 0.95, frozenset(span), value))
    return found or _paraphrased_values(text)


def _paraphrased_values(text: Text) -> list[Mention]:
    """Return mentions of dials by what a value of several words means: "latest episodes of the shows they follow"."""
    found: list[Mention] = []
    for parameter in text.surface.parameters.values():
        space = text.lexicon.stems(parameter.key.partition(".")[0])[0]
        kin = {f"~{c}" for c, words in text.lexicon.raw["thesaurus"].items() if space in words} | {space}
        for value in (v for v in parameter.values if "_" in v):
            words = text.catalogue.values[parameter.key][value]
            for t in text.tokens:
                if not any(w & text.terms[t.index] for w in words) or t.index in text.audience:
                    continue
                near = [k.index for k in text.tokens[t.index : t.index + 9] if k.clause == t.clause]
                hits = [next((i for i in near if w & text.terms[i]), None) for w in words]
                own = [i for i in near if text.terms[i] & kin]
                if len({h for h in hits if h is not None}) == len(words) and own:
                    span = frozenset({h for h in hits if h is not None} | set(own[:1]))
                    found.append(Mention(parameter.key, "parameter", 2.2, 0.9, span, value))
                    break
    return found


def adopt(links: Links, text: Text) -> None:
    """Give a length of time that stands beside a shelf's name to the only dial of that shelf that takes it."""
    given = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    _adopt_values(links, text)
    _adopt_place(links, text)
    _adopt_counts(links, text)
    topic.follow_topic(links, text)
    _adopt_parallel(links, text)
    for q in text.quantities:
        if q not in given and not set(range(q.start, q.end)) & text.audience and dials.says_position(q, text.tokens):
            _adopt_position(links, text, q)
        if (
            q in given
            or q.kind is not Kind.TIME
            or set(range(q.start, q.end)) & text.audience
            or is_duration(q, text.tokens, text.lexicon)
            or _stands_alone(q, text)
        ):
            continue
        near = [m for m in links.parameters if text.tokens[m.start].clause == text.tokens[q.start].clause]
        if not near:
            here = text.tokens[q.start].sentence
            before = [m for m in links.parameters if m.end <= q.start and here - text.tokens[m.start].sentence <= 1]
            near = [max(before, key=lambda m: m.end)] if before else []
            lead = {t.text for t in text.tokens[max(0, q.start - 4) : q.start]}
            if "for" in lead or any(dials.is_share(text.surface.parameters[m.key]) for m in near):
                continue  # "exploration at its ceiling, for no longer than four days"
        spaces = {m.key.partition(".")[0] for m in near if "." in m.key}
        takers = [
            p for p in text.surface.parameters.values() if p.key.partition(".")[0] in spaces and dials.takes_time(p, q)
        ]
        if len(takers) == 1 and all(m.key != takers[0].key for m in links.parameters):
            links.parameters.append(
                replace(near[0], key=takers[0].key, tokens=frozenset(range(q.start, q.end)), coverage=0.7, rival=0.0)
            )
            links.values.setdefault(takers[0].key, []).append(q)
    topic.continued(links, text)


def _adopt_counts(links: Links, text: Text) -> None:
    """Give "0, 3 and 6 tiles" to the dial named before whose items they are: "the shortcut grid takes space"."""
    tokens = text.tokens
    given = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    free = [q for q in text.quantities if q.kind is Kind.NUMBER and q not in given]
    numbers = {i for q in free for i in range(*q.span)}
    for q in free:
        noun = next((t for t in tokens[q.end : q.end + 2] if t.is_word and t.text not in text.lexicon.stop), None)
        if noun is None or {*range(*q.span), noun.index} & text.audience:
            continue
        counted = [m.key for m in links.parameters if m.end <= q.start and _has_items(m, noun, links, text)]
        if len(set(counted)) == 1:
            links.values[counted[0]] = [
                o
                for o in free
                if o.start <= q.start
                and all(t.text in (",", "and", "or") or t.index in numbers for t in tokens[o.end : q.start])
            ]
            return


def _adopt_parallel(links: Links, text: Text) -> None:
    """Give "one group gets none, another gets four" to one dial: the second number is said in parallel to the first."""
    tokens = text.tokens
    given = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    for q in text.quantities:
        lead = {t.text for t in tokens[max(0, q.start - 5) : q.start] if t.clause == tokens[q.start].clause}
        parallel = bool(lead & words_set("another other second third")) and q.kind in (Kind.NUMBER, Kind.ORDINAL)
        if (
            q in given
            or not (parallel or _is_parallel_place(q, text))
            or tokens[q.start].text == "one"
            or set(range(*q.span)) & text.audience
        ):
            continue
        for key, values in links.values.items():
            beside = [v for v in values if v.end <= q.start and tokens[v.start].sentence == tokens[q.start].sentence]
            also = q
            if beside and beside[-1].kind is Kind.TIME and q.kind is Kind.NUMBER:
                unit = beside[-1]  # "100 ms in one, in the other 500"
                also = replace(q, kind=Kind.TIME, value=q.bare * unit.value / unit.bare, unit=unit.unit)
            if beside and beside[-1].kind is also.kind and dials.is_number(text.surface.parameters[key]):
                links.values[key] = [*values, also]
                break


def _is_parallel_place(q: Quantity, text: Text) -> bool:
    """Return whether a number is given to another group behind it: "eighth place for one, tenth for another"."""
    after = {t.text for t in text.tokens[q.end : q.end + 5] if t.sentence == text.tokens[q.start].sentence}
    of_them = {"of", "them"} <= {t.text for t in text.tokens[q.end : q.end + 2]}
    return q.kind in (Kind.NUMBER, Kind.ORDINAL) and (of_them or bool(after & words_set("another other second")))


def _stands_alone(q: Quantity, text: Text) -> bool:
    """Return whether a length of time is a fragment of its own, as a duration is: "family accounts, 4 weeks."."""
    clause = text.tokens[q.start].clause
    return not any(t.is_word for t in text.tokens if t.clause == clause and not q.start <= t.index < q.end)


def _has_items(mention: Mention, noun: Token, links: Links, text: Text) -> bool:
    """Return whether a noun is what a count named just before counts, of which no value has been read."""
    near = noun.sentence - text.tokens[mention.start].sentence <= 1 and mention.key not in links.values
    names = (a for a in text.catalogue.aliases if a.key == mention.key)
    is_count = text.surface.parameters[mention.key].type is ParameterType.INT
    return near and is_count and any(noun.stem in word for a in names for word in a.words)


def _adopt_position(links: Links, text: Text, q: Quantity) -> None:
    """Give "at position 2" to the shelf spoken of just before, when that shelf has a place that can be set."""
    here = text.tokens[q.start].sentence
    if any(
        dials.is_position(text.surface.parameters[m.key]) and text.tokens[m.start].sentence == here
        for m in links.parameters
    ):
        return
    before = [m for m in links.parameters if m.end <= q.start and here - text.tokens[m.start].sentence <= 1]
    if not before:
        return
    nearest = max(before, key=lambda m: m.end)
    space = nearest.key.partition(".")[0]
    takers = [p for p in text.surface.parameters.values() if p.key.partition(".")[0] == space and dials.is_position(p)]
    if len(takers) == 1:
        adopted = replace(nearest, key=takers[0].key, tokens=frozenset(range(q.start, q.end)), coverage=0.8, rival=0.0)
        links.parameters.append(adopted)
        links.values.setdefault(takers[0].key, []).append(q)


def _adopt_place(links: Links, text: Text) -> None:
    """Let "at the top" beside a part's name speak for the place of that part: "put the generated shelf at the top"."""
    mentioned = {m.key for m in links.parameters}
    settable = (ParameterType.BOOL, ParameterType.ENUM)
    for m in [m for m in links.parameters if text.surface.parameters[m.key].type in settable]:
        takers = [
            p
            for p in text.surface.parameters.values()
            if p.key.partition(".")[0] == m.key.partition(".")[0] and dials.is_position(p)
        ]
        if len(takers) != 1 or takers[0].key in mentioned:
            continue
        end = _reach(m, links, text)
        place = choices.anchored(takers[0], m, text.tokens, text.lexicon, (m.end, end))
        if place is not None and not any(set(range(place.at, place.end)) & o.tokens for o in links.parameters):
            words = frozenset(range(place.at, place.end))
            links.parameters.append(replace(m, key=takers[0].key, tokens=words, coverage=0.8, rival=0.0))


def _reach(m: Mention, links: Links, text: Text) -> int:
    """Return how far words may still speak of the part just named: its clause, and fragments up to the next mention."""
    tokens = text.tokens
    stop = min([m.end + 9, *(o.start for o in [*links.parameters, *links.metrics] if o.start >= m.end)])
    end = min(m.end + 5, clause_of(m, tokens)[1])
    for clause in sorted({t.clause for t in tokens[end:stop]}):
        words = [t for t in tokens if t.clause == clause and t.is_word]
        if len(words) > 4 or (words and words[-1].index >= stop):
            break
        end = max(end, words[-1].index + 1 if words else end)
    return end


def _adopt_values(links: Links, text: Text) -> None:
    """Let a named value beside its shelf's name, or one that is nobody else's, speak for its parameter: "by ALS"."""
    mentioned = {m.key for m in links.parameters}
    for m in [*links.parameters]:
        for key, allowed in text.surface.parameters[m.key].requires.items():
            if key in text.catalogue.values and key not in mentioned:
                named = _required_value(links, text, key, [str(v) for v in allowed])
                links.parameters += [named] if named is not None else []
                mentioned.add(key)
    for key in text.catalogue.values:
        if key not in mentioned and (adopted := _value_mention(links, text, key)) is not None:
            links.parameters.append(adopted)


def _value_mention(links: Links, text: Text, key: str) -> Mention | None:
    taken = {i for m in [*links.parameters, *links.metrics] for i in m.tokens} | text.audience
    space = set(text.lexicon.stems(key.partition(".")[0].replace("_", " ")))
    for value, words in text.catalogue.values[key].items():
        for i, token in enumerate(text.tokens):
            if len(words) != 1 or token.stem not in words[0] or i in taken or value == "none":
                continue
            clause = [t for t in text.tokens[max(0, i - 3) : i + 4] if t.clause == token.clause]
            if any(
                value in text.surface.parameters[m.key].values and text.tokens[m.start].clause == token.clause
                for m in links.parameters
            ):
                continue  # "podcast ranking by popularity": it is the value of what is named
            near = [t.index for t in clause if t.stem in space]
            part = key.partition(".")[0]
            near += [
                m.start
                for m in links.parameters
                if m.key.partition(".")[0] == part and text.tokens[m.start].clause == token.clause
            ]
            lonely = all(text.tokens[m.start].sentence != token.sentence for m in links.parameters)
            anothers = any(value in text.surface.parameters[m.key].values for m in links.parameters)
            if near or (lonely and not anothers and _is_only_its(text, value, key)):
                return Mention(key, "parameter", 1.5, 0.85, frozenset({i, *near[:1]}), value)
    return None


def _required_value(links: Links, text: Text, key: str, allowed: Sequence[str]) -> Mention | None:
    """Return the mention of what another dial requires, by its value alone: "progressive delivery, four shelves"."""
    dials_own = [m for m in links.parameters if key not in text.surface.parameters[m.key].requires]
    taken = {i for m in [*dials_own, *links.metrics] for i in m.tokens} | text.audience
    stems = {s for v in allowed for s in text.lexicon.stems(v)}
    at = [t.index for t in text.tokens if t.stem in stems and t.index not in taken]
    return Mention(key, "parameter", 1.5, 0.85, frozenset(at[:1]), key) if at else None


def _is_only_its(text: Text, value: str, key: str) -> bool:
    """Return whether a value is a word that nothing else on the surface is called: "compact", "progressive"."""
    stems = set(text.lexicon.stems(value))
    ordinary = words_set("small medium large none full mood activity discovery popularity video plain newest relevance")
    shared = sum(value in p.values for p in text.surface.parameters.values()) > 1
    elsewhere = shared or any(a.key != key and any(w & stems for w in a.words) for a in text.catalogue.aliases)
    return value not in ordinary and not elsewhere
