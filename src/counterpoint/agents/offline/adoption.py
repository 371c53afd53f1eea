"""Adoption: values whose parameter is not named, given to the one parameter of the part spoken of that takes them."""

from dataclasses import replace

from counterpoint.agents.offline import choices, dials
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.reading import Links, Text, clause_of
from counterpoint.agents.offline.schedule import is_duration
from counterpoint.agents.offline.text import words_set
from counterpoint.vocabulary import ParameterType


def adopt(links: Links, text: Text) -> None:
    """Give a length of time that stands beside a shelf's name to the only dial of that shelf that takes it."""
    given = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    _adopt_values(links, text)
    _adopt_place(links, text)
    for q in text.quantities:
        if q not in given and not set(range(q.start, q.end)) & text.audience and dials.says_position(q, text.tokens):
            _adopt_position(links, text, q)
        if (
            q in given
            or q.kind is not Kind.TIME
            or set(range(q.start, q.end)) & text.audience
            or is_duration(q, text.tokens, text.lexicon)
        ):
            continue
        near = [m for m in links.parameters if text.tokens[m.start].clause == text.tokens[q.start].clause]
        if not near:
            here = text.tokens[q.start].sentence
            before = [m for m in links.parameters if m.end <= q.start and here - text.tokens[m.start].sentence <= 1]
            near = [max(before, key=lambda m: m.end)] if before else []
        spaces = {m.key.partition(".")[0] for m in near if "." in m.key}
        takers = [
            p for p in text.surface.parameters.values() if p.key.partition(".")[0] in spaces and dials.takes_time(p, q)
        ]
        if len(takers) == 1 and all(m.key != takers[0].key for m in links.parameters):
            links.parameters.append(
                replace(near[0], key=takers[0].key, tokens=frozenset(range(q.start, q.end)), coverage=0.7, rival=0.0)
            )
            links.values.setdefault(takers[0].key, []).append(q)


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
    for m in [m for m in links.parameters if text.surface.parameters[m.key].type is ParameterType.BOOL]:
        takers = [
            p
            for p in text.surface.parameters.values()
            if p.key.partition(".")[0] == m.key.partition(".")[0] and dials.is_position(p)
        ]
        if len(takers) != 1 or takers[0].key in mentioned:
            continue
        end = min(m.end + 5, clause_of(m, text.tokens)[1])
        place = choices.anchored(takers[0], m, text.tokens, text.lexicon, (m.end, end))
        if place is not None and not any(set(range(place.at, place.end)) & o.tokens for o in links.parameters):
            words = frozenset(range(place.at, place.end))
            links.parameters.append(replace(m, key=takers[0].key, tokens=words, coverage=0.8, rival=0.0))


def _adopt_values(links: Links, text: Text) -> None:
    """Let a named value beside its shelf's name, or one that is nobody else's, speak for its parameter: "by ALS"."""
    mentioned = {m.key for m in links.parameters}
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
            near = [t.index for t in clause if t.stem in space]
            lonely = all(text.tokens[m.start].sentence != token.sentence for m in links.parameters)
            if near or (lonely and _is_only_its(text, value, key)):
                return Mention(key, "parameter", 1.5, 0.85, frozenset({i, *near[:1]}), value)
    return None


def _is_only_its(text: Text, value: str, key: str) -> bool:
    """Return whether a value is a word that nothing else on the surface is called: "compact", "progressive"."""
    stems = set(text.lexicon.stems(value))
    ordinary = words_set("small medium large none full mood activity discovery popularity video plain newest relevance")
    elsewhere = any(a.key != key and any(w & stems for w in a.words) for a in text.catalogue.aliases)
    return value not in ordinary and not elsewhere
