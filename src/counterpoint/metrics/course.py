"""The course of an experiment: its primary metric at every look so far, as the design would have read it then."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from counterpoint.config import Surface
from counterpoint.events import EventLog
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.engines.duckdb import roll_up
from counterpoint.metrics.looks import look_schedule
from counterpoint.metrics.planned import PlannedUnits
from counterpoint.metrics.reach import read_reach
from counterpoint.metrics.rollup import RollupEngine
from counterpoint.metrics.sample_ratio import SplitPhase
from counterpoint.metrics.scorecard import MetricRow, Scorecard
from counterpoint.metrics.scoring import score
from counterpoint.stats import MetricModel

MAX_POINTS = 28
"""Readings of one course; a longer experiment is read every few days, its end always."""

_DAY = timedelta(days=1)


def read_course(
    log: EventLog,
    spec: ExperimentSpec,
    surface: Surface,
    *,
    started_at: datetime,
    now: datetime,
    ended_at: datetime | None = None,
    planned: PlannedUnits | None = None,
    phases: Sequence[SplitPhase] = (),
    model: Callable[[], MetricModel | None] = lambda: None,
    engine: RollupEngine = roll_up,
) -> dict[str, Any]:
    """Return, as a document, the primary metric's effect at each look taken, and what can still be detected.

    Every point is a scorecard of its own, by the same spec, on records from before its instant and on units matured by
    then. With planned looks there is a point for each; else one for each whole day and one for `now`.

    Args:
        log: Where the records are.
        spec: What was designed.
        surface: Declares the metric.
        started_at: When it went live.
        now: Nothing recorded from then on is read.
        ended_at: When it stopped exposing units; None while it runs.
        planned: Units expected, fixed in advance.
        phases: When weights or share changed, the first at the start.
        model: The metric as recorded before the start, asked for while the experiment has no figures of its own.
        engine: Who reduces the records.

    Raises:
        InvalidInput: `unknown_metric` for a metric that the surface does not declare.

    Estimand: As of the scorecard's primary row. A band holds for the looks that its `looks` names.
    """

    def at(instant: datetime) -> Scorecard:
        return score(
            log,
            spec,
            surface,
            started_at=started_at,
            now=instant,
            # What ended later was not known to have ended.
            ended_at=ended_at if ended_at is not None and ended_at <= instant else None,
            planned=planned,
            phases=[phase for phase in phases if phase.starts_at <= instant],
            primary_only=True,
            engine=engine,
        )

    latest = at(now)
    days = (latest.as_of - started_at) / _DAY
    window = surface.metrics[spec.metrics.primary.metric].window_days
    schedule = look_schedule(spec, window)
    points = []
    for day in _days(latest, schedule, window, days):
        card = latest if day >= days else at(started_at + day * _DAY)
        points.append({"day": day, "at": card.as_of.isoformat(), "variants": [_reading(row) for row in card.rows]})
    first = latest.rows[0]
    primary = spec.metrics.primary
    return {
        "experiment": spec.key,
        "metric": first.metric,
        "direction": str(first.direction),
        "unit": first.unit,
        "as_of": latest.as_of.isoformat(),
        "days": spec.schedule.days,
        "today": days,
        "window_days": window,
        "test": latest.test,
        "planned_looks": list(schedule) if latest.test == "group_sequential" else [],
        "mde": primary.mde,
        "points": points,
        "detectable": read_reach(spec, latest, points, planned, window_days=window, today=days, model=model),
        "inputs": dict(latest.inputs),
    }


def _days(latest: Scorecard, schedule: Sequence[int], window: int, today: float) -> Iterator[float]:
    if latest.test == "group_sequential":
        taken = (latest.looks or {}).get("taken", 0)
        reached = [float(day) for day in schedule[:taken]]
    else:
        reached = [*(float(day) for day in range(window + 1, int(today) + 1) if day < today), today]
    step = -(-len(reached) // MAX_POINTS) if reached else 1
    # Counted from the last backwards, so that the newest is always among them.
    yield from reversed(reached[::-1][::step])


def _reading(row: MetricRow) -> dict[str, Any]:
    whole = row.as_document()
    kept = (
        "variant", "n_control", "n_treatment", "looks", "relative_effect", "relative_ci_lower", "relative_ci_upper",
        "control_mean", "std_error", "alpha", "anytime", "reason",
    )  # fmt: skip
    return {name: whole[name] for name in kept}
