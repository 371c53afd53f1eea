"""Doubts: what a reading leaves unexplained, and whether that is reason to ask or to refuse."""

from collections.abc import Sequence
from dataclasses import replace

from counterpoint.agents.offline.audience_reading import AudienceReading
from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.labels import arm_labels
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.movements import moves_in
from counterpoint.agents.offline.outcomes import Statement
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.text import Token, words_of, words_set
from counterpoint.agents.plan import Outcome, Plan, Provenance, Source
from counterpoint.agents.ports import PastExperiment

_GRAMMAR = (
    "act",
    "up",
    "down",
    "better",
    "worse",
    "fast",
    "slow",
    "on",
    "off",
    "top",
    "bottom",
    "goal",
    "guard",
    "modal",
    "people",
    "apart",
    "together",
    "more_words",
    "fewer_words",
    "zero",
    "maximum",
    "minimum",
    "now",
    "unchanged",
    "raise_verbs",
    "lower_verbs",
    "promote_verbs",
    "demote_verbs",
    "traffic",
    "duration_cues",
    "at_least",
    "at_most",
    "negation",
    "disclaim",
    "audience_prepositions",
    "vague_outcome",
    "vague_change",
    "or",
    "window_cues",
    "except",
)
# Adverbs that narrow or time what they stand beside; every other one in -ly is manner.
_TELLING = words_set("only early daily weekly monthly hourly yearly exclusively family")


def residue(text: Text, links: Links, change: ChangeReading) -> tuple[str, ...]:
    """Return the content words that neither the catalogue, nor the grammar, nor the audience explains."""
    return tuple(text.tokens[i].text for i in unexplained(text, links, change))


def unexplained(text: Text, links: Links, change: ChangeReading) -> list[int]:
    """Return the indexes of the content words that nothing explains."""
    tokens, lexicon = text.tokens, text.lexicon
    known = change.used | text.audience | {i for m in [*links.parameters, *links.metrics] for i in m.tokens}
    known |= {i for q in text.quantities for i in range(q.start, q.end)}
    known |= {i for label in arm_labels(tokens) for i in range(label.start, label.end)}
    # What was named once explains its words wherever they stand again; so do the values of what changes.
    again = {tokens[i].stem for m in links.parameters if m.key in change.words for i in m.tokens}
    again |= {stem for key in change.words for v in text.surface.parameters[key].values for stem in lexicon.stems(v)}
    known |= {t.index for t in tokens if t.stem in again or t.text in lexicon.raw["numbers"]["units"]}
    for name in _GRAMMAR:
        for start, end, _ in lexicon.lists[name].find(tokens):
            known |= set(range(start, end))
    return [
        t.index
        for t in tokens
        if t.is_word
        and t.index not in known
        and t.text not in lexicon.stop
        and t.text not in lexicon.ordinary
        and not (t.text.endswith("ly") and len(t.text) > 5 and t.text not in _TELLING)
        and t.text.isalpha()
        and len(t.text) > 1
    ]


def asked_as_well(text: Text, links: Links, change: ChangeReading) -> str | None:
    """Return the words of something that no dial makes, asked for in one breath with what a dial does."""
    tokens = text.tokens
    named = {i for m in [*links.parameters, *links.metrics] for i in m.tokens} | text.audience
    for start, end, _ in text.lexicon.lists["unsettable"].find(tokens):
        beside = any(tokens[i].sentence == tokens[start].sentence and abs(i - start) <= 6 for i in change.used)
        before = {t.text for t in tokens[max(0, start - 3) : start]}
        joined = before & words_set("and with plus a an , & also") and not before & words_set("not no without never")
        if beside and joined and start not in named and tokens[start].text not in text.catalogue.vocabulary:
            return words_of(tokens, start, end)
    return None


def new_part(text: Text, links: Links, change: ChangeReading) -> str | None:
    """Return the words that ask for a part which the page does not have: "introduce a shelf of concert tickets"."""
    tokens = text.tokens
    loose = set(unexplained(text, links, change))
    makers = text.lexicon.lists["makers"]
    for t in tokens:
        if makers.at((t,), 0) is None:
            continue
        phrase = [k for k in tokens[t.index + 1 : t.index + 9] if k.clause == t.clause]
        if t.text.endswith("ed") or t.text == "built":
            phrase = [k for k in tokens[max(0, t.index - 9) : t.index] if k.clause == t.clause]
        at = next((n for n, k in enumerate(phrase) if text.lexicon.lists["parts"].at((k,), 0) is not None), None)
        if at is None or not {k.text for k in phrase[: min(at, 3)]} & words_set("a an another new"):
            continue
        of = (
            phrase[at + 1 :]
            if phrase[at + 1 : at + 2] and phrase[at + 1].text in ("of", "with", "for", "about")
            else []
        )
        of = of[: next((n for n, k in enumerate(of) if k.text in ("at", "in", "on", "near")), len(of))]
        named = {i for m in links.parameters for i in m.tokens} & {k.index for k in [*phrase[: at + 1], *of]}
        strange = [k.index for k in [*phrase[:at], *of] if k.index in loose]
        if strange and not named - {phrase[at].index}:
            return words_of(tokens, t.index, max(phrase[at].index, *strange) + 1)
    return None


def strange_change(text: Text, links: Links, statements: Sequence[Statement]) -> str | None:
    """Return the words of a concrete change that no parameter can make, or None when the text is only vague."""
    tokens, lexicon = text.tokens, text.lexicon
    metric_tokens = {i for m in links.metrics for i in m.tokens}
    outcome_clauses = {tokens[s.mention.start].clause for s in statements if s.role != "named"}
    loose = set(unexplained(text, links, ChangeReading()))
    vague = lexicon.lists["vague_change"]
    unsettable = lexicon.lists["unsettable"]
    for start, end, _ in unsettable.find(tokens):
        if (
            not any(start in m.tokens for m in [*links.parameters, *links.metrics])
            and tokens[start].text not in text.catalogue.vocabulary
        ):
            return words_of(tokens, start, end)
    for clause in sorted({t.clause for t in tokens}):
        words = [t for t in tokens if t.clause == clause]
        content = [t for t in words if t.index in loose]
        named = {i for m in links.parameters if m.coverage >= 0.9 for i in m.tokens}
        if not content or named & {t.index for t in words}:
            continue
        acts = [
            t.index for s, _, _ in lexicon.lists["act"].find(words) for t in (words[s],) if t.index not in metric_tokens
        ]
        first = next((t for t in words if t.is_word), None)
        # "A dark background makes people stay": the thing named before the effect is the change.
        subject = (
            first is not None
            and first.text in ("a", "an", "with", "the")
            and any(
                t.index > content[0].index
                and t.text
                in words_set(
                    "makes make would will should helps gets could raises lifts increases lets keeps "
                    "brings improves reduces means"
                )
                for t in words
            )
        )
        asked = bool(acts) and min(acts) < content[-1].index
        if not (asked or subject):
            continue
        if (
            clause in outcome_clauses
            and not subject
            and not (
                acts and any(t.index < min(metric_tokens, default=0) for t in content if acts and t.index > min(acts))
            )
        ):
            continue
        # "Make Home feel special": how it should seem is no change, whatever the word.
        seeming = [
            n + 1 for n, t in enumerate(words) if t.text in words_set("feel feels look looks seem seems more less")
        ]
        vaguely = {words[n].index for n in seeming if n < len(words)}
        concrete = [t for t in content if not vague.any_in([t]) and t.index not in vaguely]
        if vague.any_in(words) and len(concrete) < 2:
            continue
        if concrete:
            return words_of(tokens, concrete[0].index, concrete[-1].index + 1)
    return None


def unknown_metric(text: Text, links: Links, primary: Statement | None, owned: set[int]) -> str | None:
    """Return the words of something measurable that the surface does not measure, where the text makes it the goal."""
    tokens, lexicon = text.tokens, text.lexicon
    taken = {i for m in [*links.metrics, *links.parameters] for i in m.tokens} | owned | text.audience
    for start, end, _ in lexicon.lists["measurables"].find(tokens):
        if set(range(start, end)) & taken:
            continue
        if end < len(tokens) and tokens[end].text == "of" and {end + 1, end + 2} & taken:
            continue  # "the share of empty pages"
        if tokens[start - 1].text in ("after", "since", "upon", "before"):
            continue  # "day 31 to day 60 after registration" is a time
        if tokens[start].text == "share" and (
            (end < len(tokens) and tokens[end].text in ("of", "who", "that", "whose"))
            or tokens[start - 1].text in words_set("the a bigger larger smaller explore what same")
        ):
            continue  # "the share who try a podcast"
        region = [
            t
            for t in tokens[max(0, start - 7) : end + 7]
            if t.sentence == tokens[start].sentence and t.index not in owned
        ]
        clause = [t for t in region if t.clause == tokens[start].clause]
        moved = moves_in(clause, None, lexicon)
        sized = any(
            tokens[q.start].sentence == tokens[start].sentence
            and 0 <= abs(q.start - end) <= 6
            and (q.kind in (Kind.PERCENT, Kind.POINTS) or (q.kind is Kind.NUMBER and (q.sign or moved)))
            and q not in links.effects.get(primary.metric if primary else "", [])
            for q in text.quantities
            if not set(range(q.start, q.end)) & taken
        )
        goal = lexicon.has("goal", [t for t in clause if abs(t.index - start) <= 4])
        guarded = lexicon.has("guard", clause)
        if lexicon.has("disclaim", region):
            continue
        if primary is None and (moved or sized or goal):
            return words_of(tokens, start, end)
        if primary is not None and (
            sized
            or (
                moved
                and (goal or guarded)
                and not any(set(range(*s)) & set(range(start, end)) for s in [primary.region])
            )
        ):
            return words_of(tokens, start, end)
    return None


def of_a_part(text: Text, mention: Mention) -> bool:
    """Return whether the words behind a metric tie it to one part of the page: "CTR of this shelf", "saves from it"."""
    after = [t for t in text.tokens[mention.end : mention.end + 6] if t.clause == text.tokens[mention.end - 1].clause]
    if not after or after[0].text not in ("of", "on", "in", "from"):
        return False
    if len(after) > 1 and after[1].text in ("it", "them"):
        return True
    nouns = words_set("shelf row carousel rail strip section")
    noun = next((n for n, t in enumerate(after) if t.text in nouns), None)
    return (
        noun is not None
        and all(t.is_word for t in after[:noun])
        and after[1].text in words_set("this that the these our its a podcast mood charts jump new generated ai")
    )


def measured_elsewhere(text: Text, links: Links, change: ChangeReading, mention: Mention) -> str | None:
    """Return the words that tie a metric to where it is not measured: "complaints on social media"."""
    loose = set(unexplained(text, links, change))
    after = text.tokens[mention.end : mention.end + 4]
    if not after or after[0].text not in ("on", "in", "at", "from", "about"):
        return None
    unread = [t.index for t in after[1:] if t.index in loose and t.clause == after[0].clause]
    return words_of(text.tokens, mention.start, unread[-1] + 1) if unread else None


def unread_movement(text: Text, primary: Statement | None) -> str | None:
    """Return the words of a metric that moves "by 2 %" in a way that was not read: guessing which is how signs flip."""
    if primary is None or primary.direction is not None or primary.quantity is None or primary.quantity.sign:
        return None
    q = primary.quantity
    if q.start and text.tokens[q.start - 1].text == "by":
        return words_of(text.tokens, min(primary.mention.start, q.start), max(primary.mention.end, q.end))
    return None


def unread_people(text: Text, audience: AudienceReading, change: ChangeReading, links: Links) -> bool:
    """Return whether words that could name users were taken for ordinary ones, and nothing else explains them."""
    del change
    known = text.audience | {i for m in [*links.parameters, *links.metrics] for i in m.tokens}
    idle = ("free", "us", "web", "family", "families", "desktop", "mobile", "phone", "paid")
    return any(
        not known & set(range(s, e)) and text.tokens[s].text not in idle and attribute not in audience.clauses
        for s, e, attribute in audience.passed
    )


def unread_value(text: Text, change: ChangeReading, links: Links, idle: set[int]) -> str | None:
    """Return the name of a value that the text uses and the plan does not: something was asked for and not read."""
    known = change.used | text.audience | {i for m in [*links.parameters, *links.metrics] for i in m.tokens}
    named = {v.replace("_", " ") for p in text.surface.parameters.values() for v in p.values}
    exact = {text.lexicon.stems(v)[0] for v in named if " " not in v and v not in ("none", "full")}
    used = {k for arm in change.arms for k in arm}
    settled = {str(v) for arm in change.arms for v in arm.values()} | {
        str(text.surface.parameters[k].baseline) for k in used
    }
    exact -= {text.lexicon.stems(v)[0] for v in settled if text.lexicon.stems(v)}
    exact = {s for s in exact if s not in ("mood", "activity", "discovery", "popularity")} | ({"als"} & exact)
    plain = {v.replace("_", " ") for p in text.surface.parameters.values() for v in p.values}
    return next(
        (
            t.text
            for t in text.tokens
            if t.index not in known
            and t.stem in exact
            and {t.text, t.text.removesuffix("s")} & plain
            and not (t.sentence in idle or _is_a_quality(text, t))
        ),
        None,
    )


def _is_a_quality(text: Text, token: Token) -> bool:
    """Return whether a value is an ordinary adjective here: "a small one this time"; not "small covers"."""
    after = text.tokens[token.index + 1] if token.index + 1 < len(text.tokens) else None
    plain = text.lexicon.lists["plain_adjectives"].at((token,), 0) is not None
    return plain and (after is None or (after.text not in text.catalogue.vocabulary and after.text != "ones"))


def change_is_doubtful(text: Text, change: ChangeReading, links: Links) -> bool:
    """Return whether the link of the change is too weak, or leaves too many of its own words unexplained."""
    if not change.confidence or min(change.confidence.values()) < 0.45:
        return True
    tokens = text.tokens
    clauses = {tokens[i].clause for i in change.used}
    loose = [i for i in unexplained(text, links, change) if tokens[i].clause in clauses]
    anchored = [i for i in change.used if tokens[i].text not in text.lexicon.stop]
    near = [i for i in loose if min(abs(i - j) for j in change.used) <= 5]
    return len(near) >= 3 and len(near) > len(anchored)


def with_past(plan: Plan, past: Sequence[PastExperiment]) -> Plan:
    """Return the plan with the effect that a similar past experiment found as a cited prior, where none is stated."""
    if plan.outcome is not Outcome.PLAN or plan.mde is not None or plan.mde_abs is not None:
        return plan
    keys = {k for arm in plan.arms for k in arm}
    similar = [
        p
        for p in past
        if p.surface == plan.surface
        and p.primary == plan.primary
        and keys & p.parameters
        and p.relative_effect is not None
    ]
    if not similar:
        return plan
    cited = max(similar, key=lambda p: (len(keys & p.parameters), p.key))
    # A citation, not an effect size: the plan's own stays unstated, and the generator decides what to do with a prior.
    note = Provenance(
        source=Source.PAST_EXPERIMENT,
        words=f"{cited.key}: {cited.relative_effect:+.2%} on {cited.primary}",
        confidence=0.5,
    )
    return replace(plan, provenance={**plan.provenance, "prior": note})
