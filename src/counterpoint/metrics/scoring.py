"""Scoring: from an experiment's records to its scorecard."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

import counterpoint
from counterpoint.config import Metric, Surface
from counterpoint.errors import InvalidInput
from counterpoint.events import EventLog
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.effects import PlannedLook, Reading, read_metric
from counterpoint.metrics.engines.duckdb import roll_up
from counterpoint.metrics.engines.losses import shown_pages
from counterpoint.metrics.levels import Levels, Test, levels_of
from counterpoint.metrics.looks import SPENDING, LooksSoFar, bounds_at, look_schedule, looks_so_far
from counterpoint.metrics.measures import Unmeasured
from counterpoint.metrics.planned import PlannedUnits
from counterpoint.metrics.quality import quality_checks, reading_findings, record_findings
from counterpoint.metrics.readouts.segments import segment_differences
from counterpoint.metrics.rollup import MetricRollup, Rollup, RollupEngine, RollupQuestion
from counterpoint.metrics.sample_ratio import SplitPhase, sample_ratio
from counterpoint.metrics.scorecard import MetricRole, MetricRow, Scorecard
from counterpoint.metrics.trust import loss_checks, twyman_findings
from counterpoint.stats import (
    DENOMINATOR,
    AnytimeEffect,
    Effect,
    SampleRatioVerdict,
)
from counterpoint.vocabulary import Direction, digest

DEFAULT_TUNING_UNITS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One metric in one role, with what the spec says about it."""

    metric: Metric
    role: MetricRole
    direction: Direction
    margin: float | None = None
    margin_abs: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One look at one experiment: all that its rows are read with."""

    spec: ExperimentSpec
    levels: Levels
    tuning_n: float
    planned: PlannedUnits | None
    looks: LooksSoFar | None
    daily: tuple[tuple[int, ...], ...]


def score(
    log: EventLog,
    spec: ExperimentSpec,
    surface: Surface,
    *,
    started_at: datetime,
    now: datetime,
    ended_at: datetime | None = None,
    planned: PlannedUnits | None = None,
    phases: Sequence[SplitPhase] = (),
    segment: str | None = None,
    watching: bool = False,
    primary_only: bool = False,
    engine: RollupEngine = roll_up,
) -> Scorecard:
    """Return the scorecard of one experiment as of `now`, or as of its design's end when that has passed.

    A group-sequential experiment is read at its planned looks only, on the units that had matured at the last of them;
    between two looks nothing changes but the counts of exposed units. Its design ends with its schedule or with the
    look at which its planned units have matured. Without planned units it is read by the always-valid test instead,
    and a finding says so.

    Args:
        log: Where the records are.
        spec: What was designed.
        surface: Declares the metrics.
        started_at: When the experiment went live.
        now: The present; nothing recorded from then on is read.
        ended_at: When it stopped exposing units; None while it runs.
        planned: Units expected, fixed in advance: what information is measured against, and where anytime intervals
            are tightest.
        phases: When weights or share changed, the first at the start; none means that they never did.
        segment: Attribute to read the metrics by, too; not part of any decision.
        watching: Read everything as of now by intervals that hold at any look: harm does not wait for one.
        primary_only: Leave the other metrics and the comparison with pages shown out, for readings at many instants;
            the primary metric's figures are the same.
        engine: Who reduces the records.

    Raises:
        InvalidInput: `unknown_metric` for a metric that the surface does not declare.
    """
    asks = _asks(spec, surface)[: 1 if primary_only else None]
    ends_at = started_at + timedelta(days=spec.schedule.days)
    # Stopped before its end, an experiment never reaches its horizon: that stop may have depended on what was seen.
    cut_short = ended_at is not None and ended_at < ends_at
    as_of, at_horizon = min(now, ends_at), now >= ends_at and not cut_short
    question = RollupQuestion(
        surface=spec.surface,
        experiment=spec.key,
        variants=tuple(v.key for v in spec.variants),
        metrics=tuple({a.metric.key: a.metric for a in asks}.values()),
        started_at=started_at,
        ended_at=ended_at,
        now=as_of,
        phase_starts=tuple(phase.starts_at for phase in phases),
        covariates=spec.analysis.variance_reduction == "cuped",
        segment=segment,
    )
    test: Test = spec.analysis.test
    if test == "group_sequential" and planned is None:
        test = "always_valid"
    if watching:
        test = "always_valid"
    looks = None
    if test == "group_sequential" and planned is not None:
        running_days = (min(as_of, ended_at or as_of) - started_at) / timedelta(days=1)
        rollup, looks = _at_last_look(engine, log, question, spec, asks[0].metric.window_days, planned, running_days)
        at_horizon = looks.is_final
        if looks.is_final:
            as_of = started_at + timedelta(days=looks.days[-1])
    else:
        rollup = engine(log, question)
    levels = levels_of(spec, test=test, at_horizon=at_horizon)
    tuning_n = DEFAULT_TUNING_UNITS if planned is None else planned.matured(asks[0].metric.window_days)
    run = _Run(
        spec=spec,
        levels=levels,
        tuning_n=max(float(tuning_n), 1.0),
        planned=planned,
        looks=looks,
        daily=rollup.daily,
    )
    srm = sample_ratio(rollup, spec, phases, one_look=at_horizon)
    # A look for harm asks for neither; both cost a pass over other records.
    shown = {} if watching or primary_only else shown_pages(log, replace(question, now=as_of))
    rows = _rows(rollup.metrics, asks, run)
    segments = {name: _rows(_of_segment(rollup, name), asks, run) for name in _segment_names(rollup)}
    return Scorecard(
        experiment=spec.key,
        surface=spec.surface,
        control=spec.control.key,
        variants=question.variants,
        started_at=started_at,
        ends_at=ends_at,
        as_of=as_of,
        at_horizon=at_horizon,
        test=test,
        looks=_look_document(looks, planned, started_at),
        exposed=rollup.exposed,
        n_mixed=rollup.n_mixed,
        srm=srm if isinstance(srm, SampleRatioVerdict) else None,
        rows=rows,
        checks=(
            *quality_checks(rollup, srm, asks[0].metric.key, spec, at_horizon=at_horizon),
            *loss_checks(shown, spec.control.key, question.variants, at_horizon=at_horizon),
        ),
        findings=(
            *reading_findings(spec, planned, test, watching=watching),
            *record_findings(rollup, srm),
            *twyman_findings(rows),
        ),
        segments=segments,
        heterogeneity=tuple(segment_differences(segments)),
        snapshots=rollup.snapshots,
        inputs={
            "code": counterpoint.__version__,
            "spec": digest(spec.model_dump(mode="json")),
            "metrics": digest([msgspec.to_builtins(a.metric) for a in asks]),
            "planned": digest(None if planned is None else planned.as_document()),
            "snapshots": digest(list(rollup.snapshots)),
            "data": digest(rollup.as_document() | ({"shown": dict(shown)} if shown else {})),
        },
    )


def _at_last_look(
    engine: RollupEngine,
    log: EventLog,
    question: RollupQuestion,
    spec: ExperimentSpec,
    window_days: int,
    planned: PlannedUnits,
    days: float,
) -> tuple[Rollup, LooksSoFar]:
    """Return the records as of the last planned look; counts of exposed units are as of now until the design ends."""

    def at(day: int) -> RollupQuestion:
        return replace(question, matured_at=question.started_at + timedelta(days=day))

    last = max((day for day in look_schedule(spec, window_days) if day <= days), default=0)
    rollup = engine(log, at(last))
    looks = looks_so_far(spec, window_days, planned, rollup.daily, days=days)
    if not looks.is_final or looks.days[-1] * timedelta(days=1) == question.now - question.started_at:
        return rollup, looks
    # The planned units had matured at an earlier look than the last that the calendar has reached: it ended there.
    end = looks.days[-1]
    return engine(log, replace(at(end), now=question.started_at + timedelta(days=end))), looks


def _look_document(
    looks: LooksSoFar | None, planned: PlannedUnits | None, started_at: datetime
) -> Mapping[str, Any] | None:
    if looks is None or planned is None:
        return None

    def at(day: int | None) -> str | None:
        return None if day is None else (started_at + timedelta(days=day)).isoformat()

    return {
        "taken": len(looks.days),
        "planned": looks.n_planned,
        "is_final": looks.is_final,
        "last_at": at(looks.days[-1] if looks.days else None),
        "next_at": at(looks.next_day),
        "spending": str(SPENDING),
        "planned_units": round(sum(planned.by_day)),
        "source": planned.source,
    }


def _asks(spec: ExperimentSpec, surface: Surface) -> tuple[_Ask, ...]:
    def metric(key: str, where: str) -> Metric:
        if key not in surface.metrics:
            raise InvalidInput(
                "unknown_metric", f"{surface.key} has no metric {key!r}", where=where, fix="declare it on the surface"
            )
        return surface.metrics[key]

    def better(m: Metric) -> Direction:
        return Direction.INCREASE if m.better == "higher" else Direction.DECREASE

    primary = spec.metrics.primary
    out = [_Ask(metric=metric(primary.metric, "metrics.primary"), role="primary", direction=primary.direction)]
    for key in spec.metrics.secondary:
        m = metric(key, "metrics.secondary")
        out.append(_Ask(metric=m, role="secondary", direction=better(m)))
    for g in spec.metrics.guardrails:
        m = metric(g.metric, "metrics.guardrails")
        out.append(_Ask(metric=m, role="guardrail", direction=better(m), margin=g.margin, margin_abs=g.margin_abs))
    return tuple(out)


def _rows(metrics: Mapping[str, MetricRollup], asks: Sequence[_Ask], run: _Run) -> tuple[MetricRow, ...]:
    return tuple(
        _row(ask, metrics[ask.metric.key], variant.key, run) for variant in run.spec.treatments for ask in asks
    )


def _row(ask: _Ask, rollup: MetricRollup, variant: str, run: _Run) -> MetricRow:
    control = run.spec.control.key
    reading: Reading = read_metric(
        ask.metric,
        rollup,
        control=control,
        treatment=variant,
        alpha=run.levels.alpha,
        tuning_n=run.tuning_n,
        look=_look(ask.metric, variant, run),
    )
    by_test: dict[Test, Effect | AnytimeEffect | Unmeasured | None] = {
        "fixed": reading.fixed,
        "group_sequential": reading.planned,
        "always_valid": reading.anytime,
    }
    chosen = by_test[run.levels.reads]
    known = None if isinstance(reading.fixed, Unmeasured) else reading.fixed
    margin = ask.margin
    if margin is None and ask.margin_abs is not None and known is not None and known.control_mean:
        margin = ask.margin_abs / abs(known.control_mean)
    return MetricRow(
        metric=ask.metric.key,
        type=ask.metric.type,
        role=ask.role,
        direction=ask.direction,
        window_days=ask.metric.window_days,
        unit=ask.metric.unit,
        margin=margin,
        margin_abs=ask.margin_abs,
        variant=variant,
        n_control=reading.n_control,
        n_treatment=reading.n_treatment,
        n_immature=rollup.n_immature.get(control, 0) + rollup.n_immature.get(variant, 0),
        effect=None if isinstance(chosen, Unmeasured) else chosen,
        anytime=None if isinstance(reading.anytime, Unmeasured) else reading.anytime,
        missing=_why(chosen, rollup, control, variant) if isinstance(chosen, Unmeasured) else None,
    )


def _look(metric: Metric, variant: str, run: _Run) -> PlannedLook | None:
    looks, planned = run.looks, run.planned
    if looks is None or planned is None:
        return None
    keys = [v.key for v in run.spec.variants]
    weights = {i: float(v.weight) for i, v in enumerate(run.spec.variants)}
    return lambda alpha: bounds_at(
        looks,
        planned,
        run.daily,
        window_days=metric.window_days,
        arms=(0, keys.index(variant)),
        weights=weights,
        alpha=alpha,
    )


def _why(missing: Unmeasured, rollup: MetricRollup, control: str, variant: str) -> Unmeasured:
    """Tell a rate of which nothing ever happened, among things that did, from a metric that says nothing."""
    arms = [rollup.arms[name] for name in (control, variant) if name in rollup.arms]
    # Only a denominator proves that events arrive at all.
    never = [DENOMINATOR in arm.columns and arm.mean() == 0 and arm.mean(DENOMINATOR) > 0 for arm in arms]
    if missing.code != "no_variation" or len(never) < 2 or not all(never):
        return missing
    bound = -math.log(0.05) / arms[1].n
    reason = (
        f"it did not occur in either arm; among {arms[1].n:,} treated units, more than {bound:.2%} is excluded at 95 %"
    )
    return Unmeasured(code="never_occurred", reason=reason)


def _segment_names(rollup: Rollup) -> list[str]:
    return sorted({name for metric in rollup.metrics.values() for name in metric.segments})


def _of_segment(rollup: Rollup, name: str) -> dict[str, MetricRollup]:
    return {
        key: replace(metric, arms=metric.segments.get(name, {}), quantiles={}, linear={})
        for key, metric in rollup.metrics.items()
    }
