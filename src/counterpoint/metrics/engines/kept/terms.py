"""What a state is kept of: which metrics, by which statements, of which records, and whether a question fits it."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import msgspec

from counterpoint.config import Metric
from counterpoint.events import EventLog, Exposure, Outcome, Segments, kind_of
from counterpoint.metrics.engines.kept.relations import figures
from counterpoint.metrics.engines.kept.state import KeptMetric, Manifest, size_of
from counterpoint.metrics.engines.reduction import outcome_places
from counterpoint.metrics.rollup import RollupQuestion
from counterpoint.vocabulary import digest

_VERSION = 1
"""Of what a state holds and how it is summed. A release that does either otherwise has another, and starts anew."""
EXPOSURE, OUTCOME = kind_of(Exposure), kind_of(Outcome)


Recorded: TypeAlias = Mapping[str, Segments]
"""Kind -> where its records are."""


def usable(found: Manifest | str, question: RollupQuestion) -> Manifest | str:
    """Return the state if it keeps what is asked, in the way that it is summed today; else why not."""
    if isinstance(found, str):
        return found
    if not {definition(m) for m in question.metrics} <= set(found.metrics):
        return "metrics_changed"
    return found if found.definition == _digest(as_kept(found, question)) else "definitions_changed"


def still_holds(state: Manifest, records: Recorded) -> bool:
    """Return whether every file that the state has read is still one of the log's, and the same."""
    known = {kind: {str(file) for file in found.files} for kind, found in records.items()}
    return all(
        file in known[kind] and size_of(Path(file)) == size
        for kind, files in state.covered.items()
        for file, size in files.items()
    )


def nothing(question: RollupQuestion) -> Manifest:
    """Return the state before any record, of what a question asks."""
    return Manifest(
        definition=_digest(question),
        metrics=tuple(map(definition, question.metrics)),
        covered={EXPOSURE: {}, OUTCOME: {}},
        n_units=0,
        chunks=(),
        others=None,
        snapshots={},
        sizes={},
    )


def definition(metric: Metric) -> KeptMetric:
    """Return what of a metric decides what is kept for it."""
    # The quantile is not among them: values are kept, whatever is asked of them.
    return KeptMetric(
        key=metric.key,
        type=metric.type,
        window_days=metric.window_days,
        numerator=metric.numerator,
        denominator=metric.denominator,
    )


def as_kept(state: Manifest, question: RollupQuestion) -> RollupQuestion:
    """Return the question whose metrics are those of the state, in the order of its columns."""
    metrics = tuple(Metric(**msgspec.structs.asdict(kept), better="higher") for kept in state.metrics)
    return replace(question, metrics=metrics)


def recorded(log: EventLog, question: RollupQuestion) -> Recorded:
    """Return where the records are that a state of the question's metrics is made of."""
    # Without an end: a state serves every later `now`, and every earlier one.
    return {
        EXPOSURE: log.segments(Exposure, since=question.started_at),
        OUTCOME: log.segments(Outcome, since=earliest(question)),
    }


def earliest(question: RollupQuestion) -> datetime:
    """Return the instant before which no outcome counts."""
    longest = timedelta(days=max((m.window_days for m in question.metrics), default=0))
    return question.started_at - (longest if question.covariates else timedelta(0))


def _digest(question: RollupQuestion) -> str:
    return digest(
        [_VERSION, question.covariates, outcome_places(question), [asdict(figure) for figure in figures(question)]]
    )
