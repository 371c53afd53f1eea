"""The rollup of an experiment in any engine: exposures joined to outcomes, summed per unit, reduced per variant."""

from datetime import timedelta

from counterpoint.events import EventLog, Exposure, Outcome, Served
from counterpoint.metrics.engines.counts import counts_of
from counterpoint.metrics.engines.exposures import keep_met, keep_units
from counterpoint.metrics.engines.reduction import reduced
from counterpoint.metrics.engines.relations import Relations
from counterpoint.metrics.rollup import Rollup, RollupQuestion


def rollup_in(on: Relations, log: EventLog, question: RollupQuestion) -> Rollup:
    """Return the sufficient statistics of one experiment: one pass over exposures, one over outcomes."""
    until = min(question.now, question.ended_at or question.now)
    longest = timedelta(days=max((m.window_days for m in question.metrics), default=1))
    before = longest if question.covariates else timedelta(0)
    columns = ("unit", "surface", "experiment", "variant", "snapshot", "request_id")
    on.records(log, Exposure, columns, since=question.started_at, until=until)
    outcomes = ("unit", "surface", "name", "value")
    on.records(log, Outcome, outcomes, since=question.started_at - before, until=question.now)
    if question.segment is not None:
        on.records(log, Served, ("unit", "surface", "attributes"), since=question.started_at, until=until)
    keep_met(on, question)
    keep_units(on, question)
    on.keep_values(question)
    return counts_of(on, question, reduced(on, question))
