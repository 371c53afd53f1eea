"""Agreement: the grammar's answer weighed against what the network hears; what both leave in doubt is asked about."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from counterpoint.agents.offline import abstention, doubts
from counterpoint.agents.offline.audience_reading import Trouble
from counterpoint.agents.offline.goals import Reading
from counterpoint.agents.offline.movements import sizes
from counterpoint.agents.offline.outcomes import Statement
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.questions import ask, explain_plan, refuse
from counterpoint.agents.offline.reader import (
    GrammarReading,
    Judged,
    Network,
    Signals,
    completed_arms,
    judge,
    plain_arms,
    same_arms,
)
from counterpoint.agents.offline.text import words_of
from counterpoint.agents.plan import Missing, Outcome, Plan, PlannedGuardrail, Provenance, RejectReason, Source
from counterpoint.config import Surface
from counterpoint.vocabulary import Direction, Scalar

# Thresholds and weights were set on hypotheses that the network had not been taught (docs/planner-evaluation.md).
_PLAN = 0.4
"""Least probability that a plan is asked for at all."""
_WHOLE = 0.7
"""Least probability that a plan is asked for and that all of it is right; below it the planner asks."""
_ELSE = 0.03
"""Share of another answer from which it is given where the plan is not sure enough."""
_REFUSE = 0.3
"""Share of a refusal from which it is given there; below it a question is asked."""
_GRAMMAR = 10.0
"""How much likelier an answer is that the grammar gives as well."""
_PLAINLY = 0.6
"""Least probability of each field of a text all of whose words are explained, for its plan to need no other."""
_SURE = 0.95
"""Share from which another answer is heard surely."""
_VALUE = 0.8
"""Probability from which a length of time is the value of an arm, and not how long the experiment runs."""
_FINAL = (RejectReason.SENSITIVE_AUDIENCE, RejectReason.OTHER_SURFACE)
"""Refusals of the grammar's that no second reading turns into a plan: they follow from rules."""
_UNSAFE = 0.05
"""Share from which a text is taken for an order to skip the rules, whatever else it says."""


def agreed(reading: Reading, plan: Plan, network: Network, *, of: Reading | None = None) -> Plan:
    """Return the answer that both readings bear out, or the question that their difference raises.

    Args:
        reading: What the grammar read.
        plan: What it answers.
        network: A network that knows the surface.
        of: The reading that `plan` is of, where it leaves out sentences that tell what was done before.
    """
    of = of or reading
    text, surface = reading.text, reading.text.surface
    if plan.reason is RejectReason.UNSAFE_INSTRUCTION:
        return plan
    # The network never met a team's own words, and is told what they stand for.
    words = [text.lexicon.jargon.get(t.stem, t.text) for t in text.tokens]
    heard = network.listen(words, text.quantities)
    strangers = network.strangers(surface)
    signals = _without_unknown(heard.among(surface), strangers, surface)
    unsafe = f"reject:{RejectReason.UNSAFE_INSTRUCTION}"
    if signals.answer[unsafe] > _UNSAFE:
        return _answer(unsafe, signals, reading)
    if heard.speaks_of_gone(surface) or _speaks_of(strangers, plan, reading):
        return plan
    loose = set(doubts.unexplained(of.text, of.links, of.change))
    sign = abstention.objection(of.text, of.links, of.change, loose)
    grammar = grammar_reading(reading, plan, explained=not (loose or sign))
    found = judge(signals, grammar, surface, text.audience, network.weights)
    if strangers and not _is_of_both(found, grammar) and _may_be_of(strangers, found, grammar, reading):
        return plan
    is_sure = max(share for name, share in signals.answer.items() if name != "plan") > _SURE
    if plan.outcome is Outcome.PLAN and grammar.explained and not is_sure and _is_plain(found, grammar):
        return _drawn_up(reading, plan, signals, found)
    if found.plan < _PLAN:
        return _other_answer(signals, plan, reading)
    vague = any(trouble is Trouble.VAGUE for trouble, _ in reading.audience.troubles)
    if plan.reason in _FINAL or (vague and plan.outcome is not Outcome.PLAN):
        return plan  # users that the text names and nobody can tell are never left out of a plan silently
    if sign is not None:
        return plan if plan.outcome is Outcome.CLARIFY else ask(surface, [sign[0]], sign[1], text)
    if found.whole < _WHOLE or found.drafted is None:
        other = max((name for name in signals.answer if name != "plan"), key=lambda name: signals.answer[name])
        enough = _REFUSE if other.startswith("reject") else _ELSE
        return _answer(other if signals.answer[other] > enough else _weakest(found), signals, reading)
    return _drawn_up(reading, plan, signals, found)


def _speaks_of(names: Collection[str], plan: Plan, reading: Reading) -> bool:
    """Return whether the grammar reads one of some parameters and metrics in a text."""
    said = {key for arm in plan.arms for key in arm} | {m.key for m in reading.links.parameters}
    said |= {s.metric for s in reading.statements}
    return not said.isdisjoint(names)


def _may_be_of(names: Collection[str], found: Judged, grammar: GrammarReading, reading: Reading) -> bool:
    """Return whether what the network takes for a name that it was taught may be meant of one that it was not.

    A word that only those have says so. A new metric is too easily said in words that all metrics are told by.
    """
    text = reading.text
    aliases = text.catalogue.aliases
    theirs = {term for term, places in text.catalogue.by_term.items() if {aliases[i].key for i in places} <= set(names)}
    if any(not terms.isdisjoint(theirs) for terms in text.terms):
        return True
    return found.metric != grammar.primary and any(name in text.surface.metrics for name in names)


def _without_unknown(signals: Signals, strangers: Collection[str], surface: Surface) -> Signals:
    """Return the signals with a question in the place of "there is no such thing", where one was not taught."""
    answer = dict(signals.answer)
    for reason, missing, declared in (
        (RejectReason.UNKNOWN_PARAMETER, Missing.CHANGE, surface.parameters),
        (RejectReason.UNKNOWN_METRIC, Missing.METRIC, surface.metrics),
    ):
        if any(name in declared for name in strangers):
            answer[f"clarify:{missing}"] += answer.pop(f"reject:{reason}")
    return replace(signals, answer=answer)


def _is_of_both(found: Judged, grammar: GrammarReading) -> bool:
    """Return whether the grammar, which knows every name of the surface, reads the same arms and metric."""
    drafted = found.drafted
    return drafted is not None and same_arms(drafted.arms, grammar.arms) and found.metric == grammar.primary


def _is_plain(found: Judged, grammar: GrammarReading) -> bool:
    """Return whether both read every field alike and surely: then no word is left for a doubt about the answer.

    The network was taught what people write who are told to be varied, and mistrusts the plainest sentences.
    """
    shares = (found.arms, found.metric_share, found.direction_share, found.audience_share)
    return _is_of_both(found, grammar) and found.increases == grammar.increases and min(shares) >= _PLAINLY


def is_explained(of: Reading) -> bool:
    """Return whether a reading explains every word, and objects to none."""
    loose = set(doubts.unexplained(of.text, of.links, of.change))
    return not loose and abstention.objection(of.text, of.links, of.change, loose) is None


def grammar_reading(reading: Reading, plan: Plan, *, explained: bool) -> GrammarReading:
    """Return what the grammar read, as far as it is compared; of what it plans, that.

    Args:
        explained: Whether every word is explained, and nothing is objected to.
    """
    surface, planned = reading.text.surface, plan.outcome is Outcome.PLAN
    primary = plan.primary if planned else reading.primary.metric if reading.primary else None
    direction = plan.direction if planned else reading.primary.direction if reading.primary else None
    if primary is not None and direction is None:
        direction = Direction.INCREASE if surface.metrics[primary].better == "higher" else Direction.DECREASE
    audience = plan.audience if planned else reading.audience.expression(surface)
    used = {key for arm in (plan.arms if planned else ()) for key in arm}
    return GrammarReading(
        arms=plain_arms(plan.arms if planned else reading.change.arms, surface),
        audience=audience,
        attributes=frozenset(key for key in surface.attributes if re.search(rf"\b{re.escape(key)}\b", audience)),
        primary=primary,
        increases=None if direction is None else direction is Direction.INCREASE,
        plans=planned,
        refuses=plan.outcome is Outcome.REJECT,
        asks=frozenset(str(missing) for missing in plan.missing),
        troubled=bool(reading.audience.troubles),
        n_words=sum(t.is_word for t in reading.text.tokens),
        explained=explained,
        resolved=reading.change.by_arm
        or any(reading.text.lexicon.has(name, reading.text.tokens) for name in ("every_other", "exchanged")),
        numbers=frozenset(i for key in used for q in reading.links.values.get(key, ()) for i in range(*q.span)),
        running=frozenset(q.span for q in reading.schedule.used),
        measured=reading.primary.mention.tokens if reading.primary else frozenset(),
        named=_is_named(reading),
    )


def _is_named(reading: Reading) -> bool:
    """Return whether the metric that decides is called by a name that the surface gives it, and is the only one."""
    spoken = {s.metric for s in reading.statements}
    if reading.primary is None or spoken != {reading.primary.metric}:
        return False
    mention, metric = reading.primary.mention, reading.text.surface.metrics[reading.primary.metric]
    return words_of(reading.text.tokens, mention.start, mention.end) in {name.lower() for name in metric.synonyms}


def _name_of(plan: Plan) -> str:
    if plan.outcome is Outcome.PLAN:
        return "plan"
    return f"clarify:{plan.missing[0]}" if plan.outcome is Outcome.CLARIFY else f"reject:{plan.reason}"


def _other_answer(signals: Signals, plan: Plan, reading: Reading) -> Plan:
    """Return the likeliest question or refusal; the grammar's own words where it gives the same."""
    mine = _name_of(plan)
    shares = {
        name: share * (_GRAMMAR if name == mine else 1.0) for name, share in signals.answer.items() if name != "plan"
    }
    best = max(shares, key=lambda name: shares[name])
    return plan if best == mine else _answer(best, signals, reading)


def _weakest(found: Judged) -> str:
    doubts = {
        f"clarify:{Missing.CHANGE}": found.arms,
        f"clarify:{Missing.METRIC}": found.metric_share,
        f"clarify:{Missing.AUDIENCE}": found.audience_share,
    }
    return min(doubts, key=lambda name: doubts[name])


def _answer(name: str, signals: Signals, reading: Reading) -> Plan:
    """Return a question or a refusal that the network hears, with the words it hears it in."""
    text, surface = reading.text, reading.text.surface
    kind, _, what = name.partition(":")
    if kind == "reject":
        return refuse(surface, RejectReason(what), f'"{_quoted(signals.told_by.get(name, ()), reading)}"')
    missing, detail = Missing(what), ""
    if missing is Missing.VALUE:
        detail = max(signals.dials, key=lambda key: signals.dials[key])
    elif missing is Missing.AUDIENCE:
        detail = _quoted(signals.told_by.get(name, ()), reading)
    return ask(surface, [missing], detail, text)


def _quoted(places: Sequence[int], reading: Reading) -> str:
    """Return the words from the first to the last of some places, or the places alone where they lie far apart."""
    tokens = reading.text.tokens
    if not places:
        return ""
    first, last = min(places), max(places)
    if last - first < 8:
        return words_of(tokens, first, last + 1)
    return " ... ".join(tokens[i].text for i in places)


def _drawn_up(reading: Reading, plan: Plan, signals: Signals, found: Judged) -> Plan:
    """Return the plan that was found likeliest, with how sure each of its fields is."""
    surface = reading.text.surface
    timed, reading = reading, _without_values(reading, signals, found)
    if reading is not timed and plan.outcome is Outcome.PLAN:
        plan = replace(plan, days=None, provenance={k: v for k, v in plan.provenance.items() if k != "days"})
    assert found.drafted is not None  # noqa: S101 - narrows a type; the caller asked otherwise
    direction = Direction.INCREASE if found.increases else Direction.DECREASE
    arms = completed_arms(found.drafted.arms, surface)
    kept = plan.outcome is Outcome.PLAN and same_arms(plain_arms(plan.arms, surface), found.drafted.arms)
    if kept and (plan.primary, plan.direction) == (found.metric, direction):
        sure = {"arms": found.arms, "primary": found.metric_share, "direction": found.direction_share}
        sure["audience"] = found.audience_share
        provenance = {
            name: replace(each, confidence=sure[name]) if name in sure else each
            for name, each in plan.provenance.items()
        }
        return replace(plan, provenance=provenance)
    statement = _statement(reading, found.metric)
    guards = [s for s in reading.guardrails if s.metric != found.metric]
    relative, absolute, said = _size(reading, found.metric, statement, guards)
    told = {key: signals.told_by.get(key, ()) for arm in found.drafted.arms for key in arm}
    said_arms = "; ".join(reading.change.words.get(key) or _quoted(places, reading) for key, places in told.items())
    audience = plan.provenance.get("audience") or Provenance(
        source=Source.WORDS if reading.audience.clauses else Source.DEFAULT,
        words="; ".join(reading.audience.words) if reading.audience.clauses else "everyone",
    )
    metric_words = _quoted(signals.told_by.get(found.metric, ()), reading)
    provenance = {
        "arms": Provenance(source=Source.WORDS, words=said_arms, confidence=found.arms),
        "audience": replace(audience, confidence=found.audience_share),
        "primary": Provenance(source=Source.WORDS, words=metric_words, confidence=found.metric_share),
        "direction": Provenance(source=Source.WORDS, words=metric_words, confidence=found.direction_share),
    }
    if said:
        provenance["mde" if relative is not None else "mde_abs"] = Provenance(source=Source.WORDS, words=said)
    provenance |= told_of_the_rest(reading, guards)
    return explain_plan(
        Plan(
            outcome=Outcome.PLAN,
            surface=surface.key,
            arms=arms,
            audience=plan.audience if plan.outcome is Outcome.PLAN else reading.audience.expression(surface),
            primary=found.metric,
            direction=direction,
            mde=relative,
            mde_abs=absolute,
            guardrails=tuple(
                PlannedGuardrail(metric=g.metric, margin=g.relative, margin_abs=g.absolute) for g in guards
            ),
            allocation=allocation_of(reading, arms),
            days=reading.schedule.days,
            provenance=provenance,
            residue=plan.residue,
        )
    )


def _without_values(reading: Reading, signals: Signals, found: Judged) -> Reading:
    """Return the reading without a duration that is the value of an arm: "respect it for seven days"."""
    dials = {key for arm in (found.drafted.arms if found.drafted else ()) for key in arm}
    values = {
        each.quantity.span
        for each in signals.quantities
        if each.is_value > _VALUE and max(each.dial, key=lambda key: each.dial[key], default="") in dials
    }
    lasting = [q for q in reading.schedule.used if q.kind is Kind.TIME and q.span in values]
    if not lasting:
        return reading
    used = tuple(q for q in reading.schedule.used if q not in lasting)
    return replace(reading, schedule=replace(reading.schedule, days=None, used=used))


def allocation_of(reading: Reading, arms: Sequence[dict[str, Scalar]]) -> float | None:
    """Return the share that enters, all arms and control together, also where the text gives it for each of them."""
    share = reading.schedule.allocation
    if share is None or not reading.schedule.is_per_arm:
        return share
    return min(1.0, round(share * (len(arms) + 1), 10))


def _statement(reading: Reading, metric: str) -> Statement | None:
    said = [s for s in reading.statements if s.metric == metric]
    return max(said, key=lambda s: (s.role == "goal", s.quantity is not None, s.strength), default=None)


def _size(
    reading: Reading, metric: str, statement: Statement | None, guards: Sequence[Statement]
) -> tuple[float | None, float | None, str]:
    """Return the size of the effect, relative or in the metric's own unit, and the words that give it."""
    text = reading.text
    quantity = statement.quantity if statement is not None else None
    if quantity is None and reading.primary is not None:
        quantity = reading.primary.quantity  # said of words that the grammar took for another metric
    if quantity is None:
        taken = [*(g.quantity for g in guards), *reading.schedule.used]
        taken += [q for qs in reading.links.values.values() for q in qs]
        free = (
            q
            for q in text.quantities
            if q.kind in (Kind.PERCENT, Kind.POINTS) and q not in taken and not text.audience & set(range(*q.span))
        )
        quantity = next(free, None)
    if quantity is None or any(g.quantity == quantity for g in guards):
        return None, None, ""
    relative, absolute = sizes(quantity, text.surface.metrics[metric], text.tokens)
    return relative, absolute, words_of(text.tokens, *quantity.span)


def told_of_the_rest(reading: Reading, guards: Sequence[Statement]) -> dict[str, Provenance]:
    """Return where guardrails, share and duration came from: the grammar alone reads them."""
    tokens, found = reading.text.tokens, {}
    for n, guard in enumerate(guards):
        found[f"guardrails[{n}]"] = Provenance(
            source=Source.WORDS, words=words_of(tokens, *guard.region), confidence=min(1.0, guard.mention.coverage)
        )
    for q in reading.schedule.used:
        share = reading.schedule.allocation is not None and abs(q.value - reading.schedule.allocation) < 1e-9
        found["allocation" if share else "days"] = Provenance(
            source=Source.WORDS, words=words_of(tokens, *q.span), confidence=0.95
        )
    return found
