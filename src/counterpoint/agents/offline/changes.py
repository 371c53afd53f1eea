"""Changes: the treatment arms of a hypothesis, put together from the settings of its parameters."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from counterpoint.agents.offline import choices, dials, settings, wordings
from counterpoint.agents.offline.arms import compose_arms
from counterpoint.agents.offline.exchange import exchanged
from counterpoint.agents.offline.kept import is_left_alone
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.settings import Setting
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.agents.plan import Missing, RejectReason
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType, Scalar

_FAINT = 0.6
"""Coverage of a switch's name below which something else that changes is what was meant."""


@dataclass(slots=True)
class ChangeReading:
    """What was read of the change.

    Attributes:
        arms: Treatment arms.
        missing: What has to be asked about the change, or None.
        reject: Why it cannot be done, or None.
        detail: Words for the question or the refusal.
        used: Token indexes that the change explains.
        placed: Token indexes of the values.
        by_arm: Whether each arm was read by itself.
        words: Parameter -> the words that set it.
        confidence: Parameter -> how sure the link is.
    """

    arms: list[dict[str, Scalar]] = field(default_factory=list)
    missing: Missing | None = None
    reject: RejectReason | None = None
    detail: str = ""
    used: set[int] = field(default_factory=set)
    placed: set[int] = field(default_factory=set)
    by_arm: bool = False
    words: dict[str, str] = field(default_factory=dict)
    confidence: dict[str, float] = field(default_factory=dict)
    unset: list[str] = field(default_factory=list)


def read_changes(text: Text, links: Links) -> ChangeReading:  # noqa: PLR0912 - a grammar is a list of cases
    """Return the arms that the mentioned parameters and their values make."""
    reading = ChangeReading()
    parameters = text.surface.parameters
    found: list[Setting] = []
    idle: list[Mention] = []
    by_key: dict[str, list[Mention]] = {}
    for mention in links.parameters:
        if not is_left_alone(text, mention):
            by_key.setdefault(mention.key, []).append(mention)
        else:
            reading.used |= mention.tokens
    for key, mentions in by_key.items():
        mine = _settings_of(text, links, key, mentions)
        best = max(mentions, key=lambda m: m.score)
        if mine:
            found += mine
            for m in mentions:
                reading.used |= m.tokens
            for s in mine:
                reading.used |= set(range(s.at, s.end))
                reading.placed |= set(range(s.at, s.end))
            first, last = min(best.start, *(s.at for s in mine)), max(best.end, *(s.end for s in mine))
            same = text.tokens[first].sentence == text.tokens[last - 1].sentence
            reading.words[key] = (
                words_of(text.tokens, first, last)
                if same and last - first < 16
                else words_of(text.tokens, best.start, best.end)
            )
            reading.confidence[key] = best.coverage * (
                0.4 if best.rival > 0.97 else 1 - 0.3 * max(0.0, best.rival - 0.8) / 0.2
            )
        else:
            idle.append(best)
    if traded := exchanged(text):
        keys = {s.key for s in traded}
        found = [s for s in found if s.key not in keys] + traded
        idle = [m for m in idle if not dials.is_position(parameters[m.key])]
        for s in traded:
            reading.used |= set(range(s.at, s.end))
            reading.words[s.key], reading.confidence[s.key] = words_of(text.tokens, s.at, s.end), 0.9
        for m in links.parameters:
            reading.used |= m.tokens if m.key in keys else set()
    faint = {
        k
        for k, ms in by_key.items()
        if _is_hearsay(text, parameters[k], max(m.coverage for m in ms), max(ms, key=lambda m: m.score), links)
    }
    stronger = (
        any(m.score > max(by.score for k in faint for by in by_key[k]) and m.coverage >= 0.85 for m in idle)
        if faint
        else False
    )
    if stronger or any(s.key not in faint for s in found):
        found = [s for s in found if s.key not in faint]
    for key in set(reading.words) - {s.key for s in found}:
        del reading.words[key], reading.confidence[key]
    _conclude(text, links, reading, found, idle)
    return reading


def _is_hearsay(text: Text, parameter: Parameter, confidence: float, mention: Mention, links: Links) -> bool:
    """Return whether a switch is named so faintly, and not asked for, that another change must be the one meant."""
    if parameter.type is ParameterType.BOOL and confidence < _FAINT:
        return True
    if parameter.type is not ParameterType.BOOL or (confidence >= 0.95 and len(mention.tokens) > 1):
        return False
    clause = text.tokens[mention.start].clause
    reach = 4 if len(mention.tokens) > 1 else 2
    # The name of another dial asks for nothing of this one: "with autoplay people hear before they click".
    others = {i for m in links.parameters if m.key != parameter.key and len(m.tokens) == 1 for i in m.tokens}
    around = [t for t in text.tokens[max(0, mention.start - reach) : mention.end + 2] if t.index not in others]
    near = [t for t in around if t.clause == clause and t.text not in ("with", "have", "having", "play", "plays")]
    beside = text.tokens[mention.end : mention.end + 1]
    if (
        beside
        and beside[0].text in ("and", "plus", "&")
        and any(0 < m.start - mention.end <= 2 for m in links.parameters)
    ):
        return False  # "explanations and large covers"
    if text.lexicon.has("apart", [t for t in text.tokens[mention.end : mention.end + 5] if t.clause == clause]):
        return False  # "previews in one group, reasons in the other"
    # One word of background ("people hear before they click") is no request; a whole name may stand by itself.
    return not any(text.lexicon.has(name, near) for name in ("act", "on", "off"))


def _conclude(text: Text, links: Links, reading: ChangeReading, found: list[Setting], idle: list[Mention]) -> None:
    parameters = text.surface.parameters
    outside = next((s for s in found if s.problem == "out_of_bounds"), None)
    if outside is not None:
        p = parameters[outside.key]
        reading.reject, reading.detail = (
            RejectReason.OUT_OF_BOUNDS,
            f"{outside.key} = {outside.value} is outside of {p.min} to {p.max}",
        )
        return
    odd = next((s for s in found if s.value is None), None)
    if odd is not None:
        reading.missing, reading.detail = Missing.VALUE, odd.key
        return
    governed = [m for m in idle if _is_governed(text, m, found, links)]
    if governed:
        reading.missing, reading.detail = Missing.VALUE, max(governed, key=lambda m: m.score).key
        reading.unset = [m.key for m in governed]
        return
    if not found:
        reading.unset = [m.key for m in idle]
        return
    needed = {
        s.key for s in found if any(parameters[k].baseline not in v for k, v in parameters[s.key].requires.items())
    }
    changed = [s for s in found if s.value != parameters[s.key].baseline]
    if not changed and len(parameters[found[0].key].values) > 2 and wordings.asks_for_another(text, found[0]):
        reading.missing, reading.detail = Missing.VALUE, found[0].key
        return
    if not changed and needed and text.lexicon.has("on", text.tokens) and not text.lexicon.has("apart", text.tokens):
        changed = [s for s in found if s.key in needed]  # "switch it on as it comes: mood theme, third place"
    if not changed:
        reading.reject, reading.detail = RejectReason.NO_OP, ", ".join(f"{s.key} = {s.value}" for s in found)
        return
    traded = {s.key for s in exchanged(text)}
    arms = compose_arms(text, found)
    if traded and {s.key for s in changed} <= traded:
        arms = [{s.key: s.value for s in changed if s.value is not None}]  # places are traded in one arm
    if arms is None:
        reading.missing, reading.detail = Missing.VALUE, changed[0].key
        return
    reading.arms = arms
    _complete(text, reading)


def _complete(text: Text, reading: ChangeReading) -> None:
    """Set what the arms' parameters require, drop restated baselines, and drop arms that are the control."""
    parameters = text.surface.parameters
    complete: list[dict[str, Scalar]] = []
    for arm in reading.arms:
        gone = {k.rpartition(".")[0] for k, v in arm.items() if v is False and k.endswith(".enabled")}
        if any(k.rpartition(".")[0] in gone and not k.endswith(".enabled") for k in arm):
            reading.missing, reading.detail = Missing.CHANGE, ", ".join(arm)  # taken off the page, and set as well
            return
        for key in list(arm):
            for required, allowed in parameters[key].requires.items():
                if arm.get(required, parameters[required].baseline) in allowed:
                    continue
                if required in arm or len(allowed) != 1:
                    reading.missing, reading.detail = Missing.VALUE, required
                    return
                arm[required] = allowed[0]
                reading.words.setdefault(required, f"required by {key}")
        kept = {k: v for k, v in arm.items() if v != parameters[k].baseline}
        if kept and kept not in complete:
            complete.append(kept)
    reading.arms = complete
    if not complete:
        reading.reject = RejectReason.NO_OP


def _settings_of(  # noqa: PLR0912, PLR0915 - a grammar is a list of cases
    text: Text, links: Links, key: str, mentions: Sequence[Mention]
) -> list[Setting]:
    parameter = text.surface.parameters[key]
    tokens, lexicon, parameters = text.tokens, text.lexicon, text.surface.parameters
    taken = text.audience | {i for m in links.metrics for i in m.tokens}
    found: list[Setting] = []
    if dials.is_number(parameter):
        for q in links.values.get(key, []):
            nearest = min(mentions, key=lambda m: abs(m.start - q.start))
            if nearest.coverage < 0.8 and settings.fit(q, parameter, nearest, tokens) < 0.7:
                continue  # a faint mention and a number that hardly fits it: "shows first"
            made = settings.from_quantity(q, parameter, nearest, tokens)
            if made is not None and not _counts_the_rest(text, q, links.values[key]):
                found.append(made)
        if found and text.lexicon.has("apart", text.tokens):
            found += [s for s in wordings.said_outright(parameter, mentions) if s.value not in {f.value for f in found}]
        if any(q.step for q in links.values.get(key, [])) and any(s.value != parameter.baseline for s in found):
            found = [s for s in found if s.value != parameter.baseline]  # "twelve are two too many"
        if dials.is_position(parameter) and found:
            found += _ends_beside(text, parameter, mentions, found, links)
        if all(s.value == parameter.baseline for s in found) and (said := wordings.said_outright(parameter, mentions)):
            found = said
        if not found:
            for m in mentions:
                anchor = choices.anchored(parameter, m, tokens, lexicon, _region(text, m, links))
                if anchor is None and (later := _said_of_it(tokens, m)):
                    # "... the podcast shelf so high. Move it to the bottom": the pronoun carries the mention along.
                    anchor = choices.anchored(parameter, m, tokens, lexicon, (later[0].index, later[-1].index + 1))
                    gone = next((t for t in later[:6] if t.text in ("off", "away", "out", "disable", "remove")), None)
                    if anchor is None and gone is not None and parameter.min == 0 and not dials.is_position(parameter):
                        zero = 0 if parameter.type is ParameterType.INT else 0.0
                        anchor = settings.checked(parameter, zero, m.start, m.end)  # "... Switch it off completely"
                if anchor is None and (reply := wordings.reply(text, m, links)) is not None:
                    anchor = choices.anchored(parameter, m, tokens, lexicon, reply)
                if anchor is not None:
                    found += [anchor, *wordings.other_end(text, parameter, m, anchor, _region(text, m, links))]
                    break
    elif parameter.type is ParameterType.ENUM and (rest := wordings.every_other(text, parameter, mentions)):
        return rest
    elif parameter.type is ParameterType.ENUM:
        for reach in (0, 2):
            spans = sorted({_sentences(tokens, m, reach) for m in mentions})
            taken -= _listed(text, key, spans)
            found = choices.named_values(parameter, mentions, tokens, text.terms, text.catalogue, spans, taken)
            more = lexicon.has("apart", [t for t in tokens if t.index >= spans[-1][1]])
            if any(s.value != parameter.baseline for s in found) and (len(found) > 1 or not more):
                break
        found += wordings.said_outright(parameter, mentions)
        if not any(s.value != parameter.baseline for s in found):
            only = next((c for m in mentions if (c := choices.only_choice(parameter, m, tokens)) is not None), None)
            found = [only] if only is not None and not found else found
    elif parameter.type is ParameterType.BOOL:
        best = max(mentions, key=lambda m: m.score)
        switch = choices.switched(parameter, best, tokens, lexicon, _region(text, best, links))
        if parameter.baseline and (switch is None or switch.value):
            # What is on today can only be meant to go: the mention beside the word that takes it away counts.
            others = (choices.switched(parameter, m, tokens, lexicon, _region(text, m, links)) for m in mentions)
            switch = next((s for s in others if s is not None and not s.value), switch)
        if switch is None or (switch.value == parameter.baseline and parameter.baseline):
            switch = _switched_by_pronoun(text, best, parameter) or switch
        found = wordings.said_outright(parameter, mentions) or ([switch] if switch is not None else [])
    off_today = any(parameters[k].baseline not in v for k, v in parameter.requires.items())
    if off_today and dials.is_number(parameter):
        return _distinct([*found, *wordings.usual(text, parameter, mentions, found)])
    listed = {s.at for s in found} <= _listed(text, key, [(0, len(tokens))])
    told = {s.value for s in wordings.said_outright(parameter, mentions)}
    if off_today and len(told) > 2:
        return _distinct(found)  # "how you feel, what you are up to, or something new": each is an arm
    if len({s.value for s in found}) > 1 and not (off_today and parameter.type is ParameterType.ENUM and listed):
        # A baseline named beside another value is what it is compared with, the control.
        found = [s for s in found if s.value != parameter.baseline]
    return _distinct(found)


def _ends_beside(
    text: Text, parameter: Parameter, mentions: Sequence[Mention], found: Sequence[Setting], links: Links
) -> list[Setting]:
    """Return the end of the page that is set against a place: "at the very top or in sixth place"."""
    for m in mentions:
        end = choices.anchored(parameter, m, text.tokens, text.lexicon, _region(text, m, links))
        for s in found if end is not None else ():
            assert end is not None  # noqa: S101 - narrows a type
            between = text.tokens[min(end.end, s.end) : max(end.at, s.at)]
            joined = {t.text for t in between} & words_set("or and versus against")
            if end.value != s.value and joined and len(between) <= 6:
                return [end]
    return []


def _listed(text: Text, key: str, spans: Sequence[tuple[int, int]]) -> set[int]:
    """Return where values of an enumeration stand side by side: "mood, activity or discovery" names no metric."""
    values = {text.lexicon.stems(v)[0] for v in text.surface.parameters[key].values if "_" not in v and " " not in v}
    joints = words_set(", or and versus / against once with the a theme about for one group other another in arm")
    at = [i for lo, hi in spans for i in range(lo, hi) if text.tokens[i].stem in values]
    pairs = [(a, b) for a, b in pairwise(at) if 1 < b - a <= 8 and {t.text for t in text.tokens[a + 1 : b]} <= joints]
    return {i for pair in pairs for i in pair}


def _counts_the_rest(text: Text, q: Quantity, values: Sequence[Quantity]) -> bool:
    """Return whether a number says how many values follow it: "three floors: 0, 10 and 25"."""
    later = [o for o in values if o.start > q.end and text.tokens[o.start].sentence == text.tokens[q.start].sentence]
    noun = q.end < len(text.tokens) and text.tokens[q.end].text.isalpha()
    return noun and text.tokens[q.start].text.isalpha() and len(later) > 1 and q.value == len(later)


def _switched_by_pronoun(text: Text, mention: Mention, parameter: Parameter) -> Setting | None:
    """Return the setting of "what is it worth? Take it away ...": the next sentence speaks of the mention as "it"."""
    tokens, lexicon = text.tokens, text.lexicon
    following = _said_of_it(tokens, mention)
    if not following:
        return None
    off, on = lexicon.has("off", following[:5]), lexicon.has("on", following[:5])
    if off == on and not off:
        return None
    return Setting(key=parameter.key, value=not off, at=mention.start, end=mention.end)


def _said_of_it(tokens: Sequence[Token], mention: Mention) -> list[Token]:
    """Return the words that speak of a mention as "it" or "them" in the next clause or sentence; none when none do."""
    here = tokens[mention.end - 1]
    later = [t for t in tokens[mention.end :] if t.clause != here.clause and t.sentence <= here.sentence + 2]
    for n, t in enumerate(later[:24]):
        parts = words_set("shelf row rail carousel strip section thing block")
        pointed = t.text in ("that", "this") and later[n + 1 : n + 2] and later[n + 1].text in parts
        if pointed and n:
            return later[max(0, n - 7) : n + 9]
        if t.text in ("it", "them") and n and later[n - 1].text not in ("for", "of", "to", "makes", "lets", "gives"):
            return later[max(0, n - 4) : n + 9]
    return []


def _distinct(found: Sequence[Setting]) -> list[Setting]:
    unique: dict[Scalar | None, Setting] = {}
    for s in found:
        unique.setdefault(s.value, s)
    return list(unique.values())


def _region(text: Text, mention: Mention, links: Links) -> tuple[int, int]:
    """Return the words around a mention up to the next dial or metric of its sentence."""
    tokens = text.tokens
    inside = [t.index for t in tokens if t.sentence == tokens[mention.start].sentence]
    lo, hi = inside[0], inside[-1] + 1
    for other in [*links.parameters, *links.metrics]:
        if other.key.partition(".")[0] == mention.key.partition(".")[0] and tokens[mention.start].text in (
            "fewest",
            "most",
        ):
            continue  # "the fewest the podcast shelf allows"
        if other is mention or tokens[other.start].sentence != tokens[mention.start].sentence:
            continue
        if other.start >= mention.end:
            hi = min(hi, other.start)
        elif other.end <= mention.start:
            lo = max(lo, other.end)
    return lo, hi


def _sentences(tokens: Sequence[Token], mention: Mention, reach: int) -> tuple[int, int]:
    first = tokens[mention.start].sentence
    inside = [t.index for t in tokens if 0 <= t.sentence - first <= reach]
    return inside[0], inside[-1] + 1


def _is_governed(text: Text, mention: Mention, found: Sequence[Setting], links: Links) -> bool:
    """Return whether a verb asks for a change of this parameter without saying to what."""
    tokens, lexicon = text.tokens, text.lexicon
    clause = [
        t
        for t in tokens[max(0, mention.start - 5) : mention.start]
        if t.clause == tokens[mention.start].clause and t.index not in {i for m in links.metrics for i in m.tokens}
    ]
    after = [t for t in tokens[mention.end : mention.end + 3] if t.clause == tokens[mention.start].clause]
    names = ("act", "raise_verbs", "lower_verbs", "promote_verbs", "demote_verbs")
    if not found:
        return mention.score >= 1.0 and any(lexicon.has(n, [*clause, *after]) for n in names)
    if {s.key.partition(".")[0] for s in found} & {mention.key.partition(".")[0]}:
        return False
    if any(mention.tokens & set(range(s.at - 4, s.end + 4)) for s in found):
        return False
    direct = tokens[max(0, mention.start - 3) : mention.start]
    verbs = [t for t in direct if t.clause == tokens[mention.start].clause]
    return (
        mention.score >= 1.6
        and mention.coverage >= 0.85
        and any(lexicon.has(n, verbs) for n in ("raise_verbs", "lower_verbs", "promote_verbs", "demote_verbs"))
    )
