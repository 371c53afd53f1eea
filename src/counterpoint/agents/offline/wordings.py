"""Wordings: values that whole phrases give a dial - idioms, every value but today's, the usual one, the other end."""

from collections.abc import Sequence

from counterpoint.agents.offline import choices, dials, settings
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.settings import Setting
from counterpoint.agents.offline.text import words_set
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType


def said_outright(parameter: Parameter, mentions: Sequence[Mention]) -> list[Setting]:
    """Return the settings of idioms that say the value with the dial: "nothing written under the covers"."""
    found: list[Setting] = []
    for m in mentions:
        if parameter.type is ParameterType.BOOL and m.value in ("on", "off"):
            found.append(Setting(key=parameter.key, value=m.value == "on", at=m.start, end=m.end))
        elif m.value in parameter.values:
            found.append(Setting(key=parameter.key, value=m.value, at=m.start, end=m.end))
        elif m.value.isdecimal() and dials.is_number(parameter):
            found.append(settings.checked(parameter, int(m.value), m.start, m.end))
    return found


def every_other(text: Text, parameter: Parameter, mentions: Sequence[Mention]) -> list[Setting]:
    """Return every value but today's where the text asks for all of them: "every other ranker that we have"."""
    for start, end, _ in text.lexicon.lists["every_other"].find(text.tokens):
        names = [w for a in text.catalogue.aliases if a.key == parameter.key for w in a.words]
        named = any(text.terms[i] & w for i in range(end, min(len(text.terms), end + 2)) for w in names)
        if named or any(0 <= m.start - end <= 4 or start in m.tokens or end - 1 in m.tokens for m in mentions):
            values = [v for v in parameter.values if v != parameter.baseline]
            return [Setting(key=parameter.key, value=v, at=start, end=end) for v in values]
    return []


def asks_for_another(text: Text, setting: Setting) -> bool:
    """Return whether only today's value was named, as what another one, not named, should take the place of."""
    here = text.tokens[setting.at].sentence
    return text.lexicon.has("some_other", [t for t in text.tokens if 0 <= t.sentence - here <= 1])


def usual(text: Text, parameter: Parameter, mentions: Sequence[Mention], found: Sequence[Setting]) -> list[Setting]:
    """Return today's value where one arm keeps it beside another's: "one group with the usual first fold"."""
    usual = words_set("usual current present today's existing normal default")
    for m in mentions:
        before = {t.text for t in text.tokens[max(0, m.start - 2) : m.start]}
        apart = text.lexicon.has("apart", text.tokens[max(0, m.start - 6) : m.start])
        if found and before & usual and apart and all(s.value != parameter.baseline for s in found):
            return [Setting(key=parameter.key, value=parameter.baseline, at=m.start, end=m.end)]
    return []


def other_end(
    text: Text, parameter: Parameter, mention: Mention, anchor: Setting, region: tuple[int, int]
) -> list[Setting]:
    """Return the other bound of "all the way down in one arm, all the way up in the other"."""
    for rest in ((region[0], anchor.at), (anchor.end, region[1])):
        other = choices.anchored(parameter, mention, text.tokens, text.lexicon, rest)
        if other is None or other.value == anchor.value or other.at == mention.start:
            continue
        between = text.tokens[min(anchor.end, other.end) : max(anchor.at, other.at)]
        if {t.text for t in between} & words_set("and or versus against , ; other second another"):
            return [other]
    return []


def reply(text: Text, mention: Mention, links: Links) -> tuple[int, int] | None:
    """Return the sentence that answers "how many podcast cards?": the next one, when no other dial is named there."""
    tokens, here = text.tokens, text.tokens[mention.start].sentence
    asked = any(t.sentence == here and t.text == "?" for t in tokens)
    inside = [t.index for t in tokens if t.sentence == here + 1]
    named = any(tokens[m.start].sentence == here + 1 for m in links.metrics)
    return (inside[0], inside[-1] + 1) if asked and inside and not named else None
