"""The offline planner: a hypothesis in words to a plan, a question or a refusal, without a language model."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from counterpoint.agents.offline import abstention, doubts
from counterpoint.agents.offline.audience import read_audience
from counterpoint.agents.offline.audience_reading import AudienceReading, Trouble
from counterpoint.agents.offline.blocks import read_change
from counterpoint.agents.offline.catalogue import Catalogue, build_catalogue, terms_of
from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.expressions import read_quantities
from counterpoint.agents.offline.gazetteer import Gazetteer, build_gazetteer, spelled_out
from counterpoint.agents.offline.idioms import Idioms, build_idioms
from counterpoint.agents.offline.idle import idle_sentences
from counterpoint.agents.offline.lexicon import Lexicon, default_lexicon
from counterpoint.agents.offline.linking import link, mentions_of
from counterpoint.agents.offline.movements import moves_in, sizes
from counterpoint.agents.offline.orders import unsafe_words
from counterpoint.agents.offline.outcomes import Statement, completed, read_statements
from counterpoint.agents.offline.places import other_place
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.questions import ask, explain_plan, refuse
from counterpoint.agents.offline.reading import Links, Text
from counterpoint.agents.offline.schedule import Schedule, read_schedule
from counterpoint.agents.offline.spelling import apart, corrected, keys_apart
from counterpoint.agents.offline.text import proper_names, words_of
from counterpoint.agents.offline.unread_numbers import stray_quantity
from counterpoint.agents.plan import Missing, Outcome, Plan, PlannedGuardrail, Provenance, RejectReason, Source
from counterpoint.agents.ports import PastExperiment
from counterpoint.config import Surface
from counterpoint.vocabulary import Direction

MAX_CHARACTERS = 4_000
"""Longer texts are not a hypothesis; the rest is not read, and is said to be left out."""


@dataclass(slots=True)
class _Reading:
    """Everything read of one hypothesis."""

    text: Text
    audience: AudienceReading
    links: Links
    change: ChangeReading
    statements: list[Statement]
    schedule: Schedule
    primary: Statement | None = None
    guardrails: list[Statement] = field(default_factory=list)
    tie: bool = False


def plan_offline(
    text: str, surface: Surface, *, lexicon: Lexicon | None = None, past: Sequence[PastExperiment] = ()
) -> Plan:
    """Return the plan for a hypothesis, the question that has to be asked, or the refusal with its reason.

    The text is data: whatever it orders ("ignore the rules"), it is only read.

    Args:
        text: The hypothesis as written; at most 4,000 characters are read.
        surface: The surface it is about.
        lexicon: The language data; the package's when None.
        past: Past experiments that may be cited.
    """
    words = lexicon or default_lexicon()
    text = text[:MAX_CHARACTERS]
    if (unsafe := unsafe_words(text, words)) is not None:
        return refuse(surface, RejectReason.UNSAFE_INSTRUCTION, unsafe)
    reading = _read(text, surface, words)
    plan = _decide(reading, surface)
    if plan.outcome is not Outcome.PLAN and (told := abstention.told_before(reading.text)):
        # "Last year we removed captions. This time: ...": what is asked for now may stand by itself.
        now = _read(text, surface, words, without=told)
        plan = asked if (asked := _decide(now, surface)).outcome is Outcome.PLAN else plan
    return doubts.with_past(plan, past)


@lru_cache(maxsize=8)
def _prepared(surface_id: int, lexicon_id: int) -> dict[str, object]:
    del surface_id, lexicon_id
    return {}


def _bound(surface: Surface, lexicon: Lexicon) -> tuple[Catalogue, Gazetteer, Idioms]:
    """Return catalogue, gazetteer and idioms; kept for as long as the same surface object is asked about."""
    slot = _prepared(id(surface), id(lexicon))
    if slot.get("surface") is not surface or slot.get("lexicon") is not lexicon:
        built = build_catalogue(surface, lexicon)
        slot |= {
            "surface": surface,
            "lexicon": lexicon,
            "catalogue": built,
            "gazetteer": build_gazetteer(surface, lexicon),
            "idioms": build_idioms(built, lexicon),
        }
    catalogue, gazetteer, idioms = slot["catalogue"], slot["gazetteer"], slot["idioms"]
    assert isinstance(catalogue, Catalogue)  # noqa: S101 - narrows a type, checks no input
    assert isinstance(gazetteer, Gazetteer)  # noqa: S101 - narrows a type, checks no input
    assert isinstance(idioms, Idioms)  # noqa: S101 - narrows a type, checks no input
    return catalogue, gazetteer, idioms


def _read(text: str, surface: Surface, lexicon: Lexicon, without: Collection[int] = ()) -> _Reading:
    catalogue, gazetteer, idioms = _bound(surface, lexicon)
    read = corrected(
        lexicon.read(apart(spelled_out(keys_apart(text, surface), lexicon), catalogue, lexicon)), catalogue, lexicon
    )
    kept = (t for t in read if t.sentence not in without)
    tokens = tuple(replace(t, index=n) for n, t in enumerate(kept)) if without else read
    quantities = read_quantities(tokens, lexicon)
    audience = read_audience(tokens, quantities, surface, lexicon, gazetteer)
    terms = terms_of(tokens, quantities, lexicon)
    said = [m for m in idioms.find(tokens, quantities, catalogue, lexicon) if not m.tokens & audience.used]
    whole = Text(
        tokens=tokens,
        terms=terms,
        quantities=quantities,
        audience=audience.used,
        lexicon=lexicon,
        catalogue=catalogue,
        proper=proper_names(text),
        named=tuple(audience.named),
        said=tuple(said),
    )
    links = link(whole, mentions_of(whole))
    change = read_change(whole, links)
    statements = read_statements(
        links.metrics, links.effects, tokens, surface, lexicon, change.used - audience.used, audience.used
    )
    reserved = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    reserved += [q for q in quantities if set(range(q.start, q.end)) & audience.used]
    reading = _Reading(whole, audience, links, change, statements, read_schedule(tokens, quantities, lexicon, reserved))
    _choose(reading, surface)
    return reading


def _choose(reading: _Reading, surface: Surface) -> None:
    """Choose the metric that decides and those that guard."""
    reading.statements = [_of_the_changed_part(reading, surface, s) for s in reading.statements]
    guards: dict[str, Statement] = {}
    for s in reading.statements:
        if s.role == "guardrail" and (
            s.metric not in guards or (s.quantity is not None and guards[s.metric].quantity is None)
        ):
            guards[s.metric] = s
    goals = [s for s in reading.statements if s.role == "goal" and s.mention.score >= 0.8]
    bounded = [s for s in goals if _is_bounded(reading.text, s)]
    if {s.metric for s in goals} - {s.metric for s in bounded}:
        # "It costs load time, 5 % at most. Sessions get longer": what is held within a bound is no goal.
        goals = [s for s in goals if s not in bounded]
        for s in bounded:
            guards.setdefault(s.metric, s)
    best: dict[str, Statement] = {}
    for s in sorted(goals, key=lambda s: -s.strength):
        best[s.metric] = completed(best[s.metric], s) if s.metric in best else s
    ranked = sorted(best.values(), key=lambda s: (-s.strength, s.mention.start))
    if ranked:
        top = ranked[0]
        # Two goals on a par: the first named leads.
        par = [
            s for s in ranked if s.strength >= top.strength - 0.35 and (s.quantity is None) == (top.quantity is None)
        ]
        reading.primary = min(par, key=lambda s: s.mention.start)
        if (hoped := _hoped_for(ranked, reading.primary, surface)) is not None:
            # "Sessions get longer. Load time: 80 ms more": what may get worse is the price, not the goal.
            guards.setdefault(reading.primary.metric, reading.primary)
            reading.primary = hoped
        reading.tie = reading.primary.mention.rival > 0.97 or _is_either(reading)
        guards.pop(reading.primary.metric, None)
    elif len({s.metric for s in reading.statements}) == 1:
        reading.primary = _only_metric(reading)
    reading.guardrails = list(guards.values())
    _size(reading, surface)


def _is_bounded(text: Text, said: Statement) -> bool:
    """Return whether the size of a movement is the most that is accepted: "5 % at most"."""
    if said.quantity is None or said.quantity.sign:
        return False
    after = [t for t in text.tokens[said.quantity.end : said.quantity.end + 4] if t.is_word]
    return bool(after) and text.lexicon.lists["at_most"].at(after, 0) is not None


def _hoped_for(ranked: Sequence[Statement], chosen: Statement, surface: Surface) -> Statement | None:
    """Return the one goal that gets better where the chosen one gets worse; None when there is not exactly one."""

    def gain(s: Statement) -> bool | None:
        better = Direction.INCREASE if surface.metrics[s.metric].better == "higher" else Direction.DECREASE
        return None if s.direction is None else s.direction is better

    better = [s for s in ranked if gain(s) is True]
    return better[0] if gain(chosen) is False and len(better) == 1 and chosen.quantity is not None else None


def _is_either(reading: _Reading) -> bool:
    """Return whether the text leaves open which of two metrics decides: "either CTR or saves should go up"."""
    tokens = reading.text.tokens
    goals = [s for s in reading.statements if s.role in ("goal", "named")]
    for one, other in pairwise(sorted(goals, key=lambda s: s.mention.start)):
        between = tokens[one.mention.end : other.mention.start]
        apart = one.metric != other.metric and not any(t.text in ".;!?" for t in between)
        if apart and len(between) <= 5 and any(t.text == "or" for t in between):
            return one.quantity is None and other.quantity is None
    return False


def _only_metric(reading: _Reading) -> Statement | None:
    """Return the one metric that a text names at all, apart from the change: nothing else can decide."""
    said = max(reading.statements, key=lambda s: s.mention.score)
    clause = reading.text.tokens[said.mention.start].clause
    apart = all(reading.text.tokens[i].clause != clause for i in reading.change.used)
    clear = said.role == "named" and said.mention.score >= 1.6 and said.mention.coverage >= 0.9
    return said if clear and apart and said.mention.rival < 0.9 else None


def _size(reading: _Reading, surface: Surface) -> None:
    """Give the metric that decides a size that stands by itself: "Minimum effect: 1 %"."""
    text, primary = reading.text, reading.primary
    if primary is None or primary.quantity is not None:
        return
    given = [q for qs in (*reading.links.values.values(), *reading.links.effects.values()) for q in qs]
    given += reading.schedule.used
    for q in text.quantities:
        words = [t for t in text.tokens if t.sentence == text.tokens[q.start].sentence]
        free = q not in given and q.kind in (Kind.PERCENT, Kind.POINTS) and not text.audience & set(range(*q.span))
        if free and (text.lexicon.has("effect_size", words) or moves_in(words, None, text.lexicon)):
            relative, absolute = sizes(q, surface.metrics[primary.metric], text.tokens)
            reading.primary = replace(primary, quantity=q, relative=relative, absolute=absolute)
            reading.links.effects.setdefault(primary.metric, []).append(q)
            return


def _is_of_another_part(reading: _Reading, primary: Statement) -> bool:
    """Return whether a metric of the whole page is asked for one part of it: "clicks on the mood shelf"."""
    parts = {k.partition(".")[0] for k in reading.text.surface.parameters}
    is_page_wide = not any(primary.metric.startswith(f"{p}_") for p in parts)
    return is_page_wide and doubts.of_a_part(reading.text, primary.mention)


def _of_the_changed_part(reading: _Reading, surface: Surface, said: Statement) -> Statement:
    """Return a statement as one of the part that changes: "its click-through" is the shelf's, not the page's."""
    tokens = reading.text.tokens
    near = {t.text for t in tokens[max(0, said.mention.start - 3) : said.mention.start]}
    if not near & {"its", "their", "shelf's", "own"} and not doubts.of_a_part(reading.text, said.mention):
        return said
    spaces = {k.partition(".")[0] for arm in reading.change.arms for k in arm}
    for key in surface.metrics:
        if any(key.startswith(f"{space}_") for space in spaces):
            aliases = [a for a in reading.text.catalogue.aliases if a.key == key]
            mine = frozenset[str]().union(*(w for a in aliases for w in a.words))
            if any(reading.text.terms[i] & mine for i in said.mention.tokens):
                return replace(said, metric=key)
    return said


def _decide(reading: _Reading, surface: Surface) -> Plan:  # noqa: PLR0912 - a grammar is a list of cases
    """Return the answer: refusals first, then questions, then the plan."""
    change, text = reading.change, reading.text
    troubles = reading.audience.troubles
    sensitive = [w for t, w in troubles if t is Trouble.SENSITIVE]
    if sensitive:
        return refuse(surface, RejectReason.SENSITIVE_AUDIENCE, sensitive[0])
    idle = idle_sentences(text, reading.links, change)
    told = {n for n in idle if _is_told_by_somebody(text, n)}
    place = other_place(text, surface, reading.links, told)
    if place is not None and place[0] == "other":
        return refuse(surface, RejectReason.OTHER_SURFACE, place[1])
    unknown = [w for t, w in troubles if t is Trouble.UNKNOWN]
    if unknown:
        return refuse(surface, RejectReason.UNKNOWN_ATTRIBUTE, unknown[0])
    if place is not None:
        return ask(surface, [Missing.SURFACE], place[1], reading.text)
    if (part := doubts.new_part(text, reading.links, change)) is not None:
        return refuse(surface, RejectReason.UNKNOWN_PARAMETER, part)
    if change.arms and (extra := doubts.asked_as_well(text, reading.links, change)) is not None:
        return refuse(surface, RejectReason.UNKNOWN_PARAMETER, extra)
    if change.reject is not None:
        return refuse(surface, change.reject, change.detail)
    residue = doubts.residue(text, reading.links, change)
    weak = all(m.coverage < 0.7 for m in reading.links.parameters)
    if not change.arms and (change.missing is None or weak):
        strange = doubts.strange_change(text, reading.links, reading.statements)
        if strange is not None:
            return refuse(surface, RejectReason.UNKNOWN_PARAMETER, strange)
    measurable = doubts.unknown_metric(text, reading.links, reading.primary, change.used)
    if measurable is not None:
        return refuse(surface, RejectReason.UNKNOWN_METRIC, measurable)
    missing: list[Missing] = []
    if change.missing is not None:
        missing.append(change.missing)
    elif not change.arms or doubts.change_is_doubtful(text, change, reading.links):
        missing.append(Missing.CHANGE)
    # With nothing to change yet, a metric that is clearly named needs no second question.
    named = not change.arms and any(s.mention.score >= 1.5 and s.mention.coverage >= 0.85 for s in reading.statements)
    if (reading.primary is None and not named) or reading.tie:
        missing.append(Missing.METRIC)
    if any(t is Trouble.VAGUE for t, _ in troubles):
        missing.append(Missing.AUDIENCE)
    if not missing and doubts.unread_people(text, reading.audience, change, reading.links):
        missing.append(Missing.AUDIENCE)
    if not missing and (value := doubts.unread_value(text, change, reading.links, idle)) is not None:
        return ask(surface, [Missing.CHANGE], value, text)
    if not missing and (stray := stray_quantity(text, reading.links, reading.schedule, change, idle)) is not None:
        return ask(surface, [Missing.VALUE], stray, text)
    if not missing and reading.primary is not None and _is_of_another_part(reading, reading.primary):
        return ask(surface, [Missing.METRIC], "", text)
    if not missing and reading.primary is not None:
        elsewhere = doubts.measured_elsewhere(text, reading.links, change, reading.primary.mention)
        if elsewhere is not None:
            return ask(surface, [Missing.METRIC], elsewhere, text)
    if not missing and (verb := doubts.unread_movement(text, reading.primary)) is not None:
        return ask(surface, [Missing.METRIC], verb, text)
    if not missing:
        loose = set(doubts.unexplained(text, reading.links, change))
        if (sign := abstention.sign_of_misreading(text, reading.links, change, loose)) is not None:
            return ask(surface, [sign[0]], sign[1], text)
    if missing:
        detail = change.detail or next((w for t, w in troubles if t is Trouble.VAGUE), "")
        return ask(surface, missing, detail, text)
    return _plan(reading, surface, residue)


def _is_told_by_somebody(text: Text, sentence: int) -> bool:
    """Return whether somebody tells something in a sentence: "I read it in the app store", "we had it in the email"."""
    words = [t.text for t in text.tokens if t.sentence == sentence and t.is_word][:4]
    return bool({"i", "we", "my", "they", "somebody", "people", "you", "he", "she"} & set(words))


def _allocation(reading: _Reading) -> float | None:
    """Return the share that enters, all arms and control together, also where the text gives it for each of them."""
    share = reading.schedule.allocation
    if share is None or not reading.schedule.is_per_arm:
        return share
    return min(1.0, round(share * (len(reading.change.arms) + 1), 10))


def _plan(reading: _Reading, surface: Surface, residue: tuple[str, ...]) -> Plan:
    primary = reading.primary
    assert primary is not None  # noqa: S101 - narrows a type; _decide asked for the metric otherwise
    metric = surface.metrics[primary.metric]
    better = Direction.INCREASE if metric.better == "higher" else Direction.DECREASE
    tokens = reading.text.tokens
    said = words_of(tokens, primary.mention.start, primary.mention.end)
    provenance = {
        "arms": Provenance(
            source=Source.WORDS,
            words="; ".join(reading.change.words.values()),
            confidence=min(reading.change.confidence.values(), default=0.5),
        ),
        "audience": Provenance(source=Source.WORDS, words="; ".join(reading.audience.words), confidence=0.95)
        if reading.audience.clauses
        else Provenance(source=Source.DEFAULT, words="everyone", confidence=0.9),
        "primary": Provenance(source=Source.WORDS, words=said, confidence=min(1.0, primary.mention.coverage)),
        "direction": Provenance(source=Source.WORDS, words=words_of(tokens, *primary.region), confidence=0.95)
        if primary.direction is not None
        else Provenance(source=Source.DEFAULT, words=f"{metric.better} is better", confidence=0.8),
    }
    if primary.quantity is not None:
        provenance["mde" if primary.relative is not None else "mde_abs"] = Provenance(
            source=Source.WORDS, words=words_of(tokens, *primary.quantity.span), confidence=0.95
        )
    for n, g in enumerate(reading.guardrails):
        provenance[f"guardrails[{n}]"] = Provenance(
            source=Source.WORDS, words=words_of(tokens, *g.region), confidence=min(1.0, g.mention.coverage)
        )
    for q in reading.schedule.used:
        share = reading.schedule.allocation is not None and abs(q.value - reading.schedule.allocation) < 1e-9
        provenance["allocation" if share else "days"] = Provenance(
            source=Source.WORDS, words=words_of(tokens, *q.span), confidence=0.95
        )
    plan = Plan(
        outcome=Outcome.PLAN,
        surface=surface.key,
        arms=tuple(reading.change.arms),
        audience=reading.audience.expression(surface),
        primary=primary.metric,
        direction=primary.direction or better,
        mde=primary.relative,
        mde_abs=primary.absolute,
        guardrails=tuple(
            PlannedGuardrail(metric=g.metric, margin=g.relative, margin_abs=g.absolute) for g in reading.guardrails
        ),
        allocation=_allocation(reading),
        days=reading.schedule.days,
        provenance=provenance,
        residue=residue,
    )
    return explain_plan(plan)
