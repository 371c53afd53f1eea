"""Agreement: the grammar's answer weighed against what the network hears; what both leave in doubt is asked about."""

from collections.abc import Collection
from dataclasses import replace

from counterpoint.agents.offline import abstention, doubts
from counterpoint.agents.offline.audience_reading import Trouble
from counterpoint.agents.offline.compared import grammar_reading
from counterpoint.agents.offline.drawing import drawn_up, quoted
from counterpoint.agents.offline.goals import Reading
from counterpoint.agents.offline.questions import ask, refuse
from counterpoint.agents.offline.reader import GrammarReading, Judged, Network, Signals, judge, same_arms
from counterpoint.agents.plan import Missing, Outcome, Plan, RejectReason
from counterpoint.config import Surface

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
    drafted, is_sure = found.drafted, max(share for name, share in signals.answer.items() if name != "plan") > _SURE
    is_read = plan.outcome is Outcome.PLAN and grammar.explained
    if drafted is not None and is_read and not is_sure and _is_plain(found, grammar):
        return drawn_up(reading, plan, signals, found, drafted)
    if found.plan < _PLAN:
        return _other_answer(signals, plan, reading)
    vague = any(trouble is Trouble.VAGUE for trouble, _ in reading.audience.troubles)
    if plan.reason in _FINAL or (vague and plan.outcome is not Outcome.PLAN):
        return plan  # users that the text names and nobody can tell are never left out of a plan silently
    if sign is not None:
        return plan if plan.outcome is Outcome.CLARIFY else ask(surface, [sign[0]], sign[1], text)
    if found.whole < _WHOLE or drafted is None:
        other = max((name for name in signals.answer if name != "plan"), key=lambda name: signals.answer[name])
        enough = _REFUSE if other.startswith("reject") else _ELSE
        return _answer(other if signals.answer[other] > enough else _weakest(found), signals, reading)
    return drawn_up(reading, plan, signals, found, drafted)


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
        return refuse(surface, RejectReason(what), f'"{quoted(signals.told_by.get(name, ()), reading)}"')
    missing, detail = Missing(what), ""
    if missing is Missing.VALUE:
        detail = max(signals.dials, key=lambda key: signals.dials[key])
    elif missing is Missing.AUDIENCE:
        detail = quoted(signals.told_by.get(name, ()), reading)
    return ask(surface, [missing], detail, text)
