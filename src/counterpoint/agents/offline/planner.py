"""The offline planner: a hypothesis in words to a plan, a question or a refusal, without a language model."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache

from counterpoint.agents.offline import abstention, audit, doubts
from counterpoint.agents.offline.agreement import agreed
from counterpoint.agents.offline.audience import read_audience
from counterpoint.agents.offline.audience_reading import Trouble
from counterpoint.agents.offline.blocks import read_change
from counterpoint.agents.offline.catalogue import Catalogue, build_catalogue, terms_of
from counterpoint.agents.offline.changes import ChangeReading
from counterpoint.agents.offline.drawing import allocation_of, told_of_the_rest
from counterpoint.agents.offline.expressions import read_quantities
from counterpoint.agents.offline.gazetteer import Gazetteer, build_gazetteer, spelled_out
from counterpoint.agents.offline.goals import Reading, choose, is_of_another_part
from counterpoint.agents.offline.idioms import Idioms, build_idioms
from counterpoint.agents.offline.idle import idle_sentences
from counterpoint.agents.offline.lexicon import Lexicon, default_lexicon
from counterpoint.agents.offline.linking import link, mentions_of
from counterpoint.agents.offline.orders import unsafe_words
from counterpoint.agents.offline.outcomes import read_statements
from counterpoint.agents.offline.places import other_place
from counterpoint.agents.offline.questions import ask, explain_plan, refuse
from counterpoint.agents.offline.reader import default_network
from counterpoint.agents.offline.reading import Text
from counterpoint.agents.offline.schedule import read_schedule
from counterpoint.agents.offline.spelling import apart, corrected, keys_apart
from counterpoint.agents.offline.text import proper_names, words_of
from counterpoint.agents.offline.unread_numbers import stray_quantity
from counterpoint.agents.plan import Missing, Outcome, Plan, PlannedGuardrail, Provenance, RejectReason, Source
from counterpoint.agents.ports import PastExperiment
from counterpoint.config import Surface
from counterpoint.vocabulary import Direction

MAX_CHARACTERS = 4_000
"""Longer texts are not a hypothesis; the rest is not read, and is said to be left out."""


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
    reading = read_hypothesis(text, surface, words)
    of, plan = answered(text, reading, words)
    network = default_network()
    if network.knows(surface):
        plan = agreed(reading, plan, network, of=of)
    return doubts.with_past(plan, past)


def answered(text: str, reading: Reading, lexicon: Lexicon) -> tuple[Reading, Plan]:
    """Return what the grammar alone answers, and the reading that its answer is of.

    Args:
        text: The hypothesis, which `reading` was read from.
    """
    surface = reading.text.surface
    plan = _decide(reading, surface)
    if plan.outcome is not Outcome.PLAN and (told := abstention.told_before(reading.text)):
        # "Last year we removed captions. This time: ...": what is asked for now may stand by itself.
        now = read_hypothesis(text, surface, lexicon, without=told)
        if (asked := _decide(now, surface)).outcome is Outcome.PLAN:
            return now, asked
    return reading, plan


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


def read_hypothesis(text: str, surface: Surface, lexicon: Lexicon, without: Collection[int] = ()) -> Reading:
    """Return everything that the grammar reads in a hypothesis.

    Args:
        without: Numbers of sentences that are left out.
    """
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
        selected=frozenset(audience.clauses),
        said=tuple(said),
    )
    links = link(whole, mentions_of(whole))
    change = read_change(whole, links)
    statements = read_statements(
        links.metrics, links.effects, tokens, surface, lexicon, change.used - audience.used, audience.used
    )
    reserved = [q for qs in (*links.values.values(), *links.effects.values()) for q in qs]
    reserved += [q for q in quantities if set(range(q.start, q.end)) & audience.used]
    reading = Reading(
        whole, audience, links, change, statements, read_schedule(tokens, quantities, lexicon, reserved, audience.used)
    )
    choose(reading, surface)
    return reading


def _decide(reading: Reading, surface: Surface) -> Plan:  # noqa: PLR0912 - a grammar is a list of cases
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
    if not change.arms and change.missing in (None, Missing.CHANGE):
        today = audit.same_as_today(text, reading.links)
        if today is not None:
            return refuse(surface, RejectReason.NO_OP, f"{today} = {surface.parameters[today].baseline}")
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
    if (
        not missing
        and (stray := stray_quantity(text, reading.links, reading.schedule, change, idle | _only_told(text, change)))
        is not None
    ):
        return ask(surface, [Missing.VALUE], stray, text)
    if not missing and reading.primary is not None and is_of_another_part(reading, reading.primary):
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


def _only_told(text: Text, change: ChangeReading) -> set[int]:
    """Return the sentences that tell what was done, and that nothing of the change was read from."""
    return abstention.background(text) - {text.tokens[i].sentence for i in change.used}


def _is_told_by_somebody(text: Text, sentence: int) -> bool:
    """Return whether somebody tells something in a sentence: "I read it in the app store", "we had it in the email"."""
    words = [t.text for t in text.tokens if t.sentence == sentence and t.is_word][:4]
    return bool({"i", "we", "my", "they", "somebody", "people", "you", "he", "she"} & set(words))


def _plan(reading: Reading, surface: Surface, residue: tuple[str, ...]) -> Plan:
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
    provenance |= told_of_the_rest(reading, reading.guardrails)
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
        allocation=allocation_of(reading, reading.change.arms),
        days=reading.schedule.days,
        provenance=provenance,
        residue=residue,
    )
    return explain_plan(plan)
