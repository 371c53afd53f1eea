"""Kept: whether a text names a dial only to say that it stays as it is, or in a general truth."""

from itertools import pairwise

from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.reading import Text
from counterpoint.agents.offline.text import words_set
from counterpoint.vocabulary import ParameterType


def is_left_alone(text: Text, mention: Mention) -> bool:
    """Return whether the sentence says that this stays as it is."""
    sentence = [t for t in text.tokens if t.sentence == text.tokens[mention.start].sentence]
    parameter = text.surface.parameters[mention.key]
    if mention.value and mention.value != parameter.baseline:
        return False  # "the sequence model as it is": what is not there today cannot stay
    if _is_correlative(text, mention):
        return True
    # "ALS as is, sequence, ...": what stays is the control of a comparison, not the dial.
    control = {t.index + 1 for t in sentence if t.stem in text.lexicon.stems(str(parameter.baseline))}
    spans = [s for s in text.lexicon.lists["unchanged"].find(sentence) if sentence[s[0]].index not in control]
    before = [
        t.text
        for t in text.tokens[max(0, mention.start - 3) : mention.start]
        if t.clause == text.tokens[mention.start].clause
    ]
    after = [t.text for t in text.tokens[mention.start : mention.end + 3]]
    kept = [n for n, w in enumerate(before) if w in ("keep", "keeping", "leave", "leaving")]
    # "They keep asking why": what goes on is the asking.
    is_kept = parameter.type is ParameterType.BOOL and any(
        not w.endswith("ing") for n in kept for w in before[n + 1 : n + 2] or [""]
    )
    if is_kept and not {"off", "on", "hidden", "away", "out", "disabled", "enabled"} & set(after):
        return True
    spans = [(s, e, w) for s, e, w in spans if not _has_own_object(text, mention.end, sentence[s].index)]
    spans = [(s, e, w) for s, e, w in spans if not _goes_on(text, sentence[e - 1].index, mention.start)]
    return any(
        abs(sentence[s].index - mention.end) <= 6 or abs(sentence[e - 1].index - mention.start) <= 4
        for s, e, _ in spans
    )


def _goes_on(text: Text, end: int, start: int) -> bool:
    """Return whether the sentence goes on to something else: "it stays put and shows followed artists only"."""
    return end < start and bool({t.text for t in text.tokens[end:start]} & words_set("and but , ;"))


def _has_own_object(text: Text, end: int, at: int) -> bool:
    """Return whether what stays was named behind the mention: "its theme, and leave its place as it is"."""
    words = [t.text for t in text.tokens[end:at]]
    verb = next((n for n, w in enumerate(words) if w in ("leave", "keep", "leaving", "keeping")), None)
    return verb is not None and {"and", "but", ","} & set(words[:verb]) != set() and len(words) - verb > 2


def _is_correlative(text: Text, mention: Mention) -> bool:
    """Return whether a switch is named in a general truth: "the more known the item, the more clicks"."""
    if text.surface.parameters[mention.key].type is not ParameterType.BOOL:
        return False
    sentence = [t for t in text.tokens if t.sentence == text.tokens[mention.start].sentence]
    degrees = words_set("more less fewer better higher lower longer shorter bigger smaller faster slower older newer")
    return sum(a.text == "the" and b.text in degrees for a, b in pairwise(sentence)) >= 2
