"""Drawing up: the plan that was found likeliest, each field with the words that it comes from and how sure it is."""

from collections.abc import Sequence
from dataclasses import replace

from counterpoint.agents.offline.goals import Reading
from counterpoint.agents.offline.movements import sizes
from counterpoint.agents.offline.outcomes import Statement
from counterpoint.agents.offline.quantities import Kind
from counterpoint.agents.offline.questions import explain_plan
from counterpoint.agents.offline.reader import Drafted, Judged, Signals, completed_arms, plain_arms, same_arms
from counterpoint.agents.offline.text import words_of
from counterpoint.agents.plan import Outcome, Plan, PlannedGuardrail, Provenance, Source
from counterpoint.vocabulary import Direction, Scalar

_VALUE = 0.8
"""Probability from which a length of time is the value of an arm, and not how long the experiment runs."""


def quoted(places: Sequence[int], reading: Reading) -> str:
    """Return the words from the first to the last of some places, or the places alone where they lie far apart."""
    tokens = reading.text.tokens
    if not places:
        return ""
    first, last = min(places), max(places)
    if last - first < 8:
        return words_of(tokens, first, last + 1)
    return " ... ".join(tokens[i].text for i in places)


def drawn_up(reading: Reading, plan: Plan, signals: Signals, found: Judged, drafted: Drafted) -> Plan:
    """Return the plan that was found likeliest, with how sure each of its fields is.

    Args:
        drafted: The arms of `found`.
    """
    surface = reading.text.surface
    timed, reading = reading, _without_values(reading, signals, drafted)
    if reading is not timed and plan.outcome is Outcome.PLAN:
        plan = replace(plan, days=None, provenance={k: v for k, v in plan.provenance.items() if k != "days"})
    direction = Direction.INCREASE if found.increases else Direction.DECREASE
    arms = completed_arms(drafted.arms, surface)
    kept = plan.outcome is Outcome.PLAN and same_arms(plain_arms(plan.arms, surface), drafted.arms)
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
    told = {key: signals.told_by.get(key, ()) for arm in drafted.arms for key in arm}
    said_arms = "; ".join(reading.change.words.get(key) or quoted(places, reading) for key, places in told.items())
    audience = plan.provenance.get("audience") or Provenance(
        source=Source.WORDS if reading.audience.clauses else Source.DEFAULT,
        words="; ".join(reading.audience.words) if reading.audience.clauses else "everyone",
    )
    metric_words = quoted(signals.told_by.get(found.metric, ()), reading)
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


def _without_values(reading: Reading, signals: Signals, drafted: Drafted) -> Reading:
    """Return the reading without a duration that is the value of an arm: "respect it for seven days"."""
    dials = {key for arm in drafted.arms for key in arm}
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
