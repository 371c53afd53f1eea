"""Exchange: places given by another part's - "trade places", "the charts where the moods are now"."""

from collections.abc import Iterator

from counterpoint.agents.offline import dials, settings
from counterpoint.agents.offline.reading import Text
from counterpoint.agents.offline.settings import Setting
from counterpoint.agents.offline.text import words_set


def exchanged(text: Text) -> list[Setting]:
    """Return the settings of parts that take each other's places, or one the other's."""
    parts = list(parts_named(text))
    return _traded(text, parts) or _taking(text, parts)


def parts_named(text: Text) -> Iterator[tuple[str, int]]:
    """Yield the place dial and the token of every part of the page that the text names, however short."""
    tokens = text.tokens
    for parameter in text.surface.parameters.values():
        if not dials.is_position(parameter):
            continue
        space, _, leaf = parameter.key.partition(".")
        own = [w for w in leaf.split("_") if w not in words_set("shelf position row place")] or space.split("_")
        stems = [s for w in own for s in text.lexicon.stems(w)]
        for t in tokens:
            words = [k.stem for k in tokens[t.index : t.index + len(stems)]]
            if words == stems and t.index not in text.audience:
                yield parameter.key, t.index


def _traded(text: Text, parts: list[tuple[str, int]]) -> list[Setting]:
    """Return each part at the other's place, where the text has two of them trade."""
    parameters, tokens = text.surface.parameters, text.tokens
    for start, end, said in text.lexicon.lists["exchanged"].find(tokens):
        del said
        here = tokens[start].sentence
        for back in (0, 1):
            near = sorted((i, k) for k, i in parts if 0 <= here - tokens[i].sentence <= back)
            keys = list(dict.fromkeys(k for _, k in near))
            if len(keys) == 2:
                at = {k: i for i, k in reversed(near)}
                verb = tokens[start].text in ("swap", "switch", "exchange") and end - start <= 2
                if verb and not any(0 <= i - end <= 3 for i, _ in near):
                    continue
                return [
                    settings.checked(parameters[a], parameters[b].baseline, at[a], at[a] + 1)
                    for a, b in (keys, reversed(keys))
                ]
    return []


def _taking(text: Text, parts: list[tuple[str, int]]) -> list[Setting]:
    """Return "the charts where the moods are now": a part at the place where another one stands."""
    parameters, tokens = text.surface.parameters, text.tokens
    found: list[Setting] = []
    for t in tokens:
        if t.text != "where" or t.index in text.audience:
            continue
        after = [(i, k) for k, i in parts if t.index < i <= t.index + 4]
        before = [(i, k) for k, i in parts if 0 < t.index - i <= 5 and tokens[i].sentence == t.sentence]
        if not after or not before:
            continue
        (at, other), (own_at, own) = min(after), max(before)
        stands = {k.text for k in tokens[at + 1 : at + 5]} & words_set(
            "is are stands stand sits sit now today were was"
        )
        if stands and own != other and all(s.key != own for s in found):
            found.append(settings.checked(parameters[own], parameters[other].baseline, own_at, at + 1))
    return found
