"""What the grammar read of a hypothesis, in the form in which it is compared with what the network hears."""

import re

from counterpoint.agents.offline import abstention, doubts
from counterpoint.agents.offline.goals import Reading
from counterpoint.agents.offline.reader import GrammarReading, plain_arms
from counterpoint.agents.offline.text import words_of
from counterpoint.agents.plan import Outcome, Plan
from counterpoint.vocabulary import Direction


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
