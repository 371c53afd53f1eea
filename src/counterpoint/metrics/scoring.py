"""Scoring: from an experiment's records to its scorecard."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

import counterpoint
from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.events import EventLog
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.effects import Reading, read_metric
from counterpoint.metrics.engines.duckdb import roll_up
from counterpoint.metrics.levels import Levels, levels_of
from counterpoint.metrics.measures import Unmeasured
from counterpoint.metrics.rollup import BEFORE, MetricRollup, Rollup, RollupEngine, RollupQuestion
from counterpoint.metrics.scorecard import MetricRole, MetricRow, Scorecard
from counterpoint.stats import (
    DENOMINATOR,
    Inference,
    QualityCheck,
    RampPhase,
    SampleRatioVerdict,
    compare_means,
    sample_ratio_test,
    select,
    sequential_sample_ratio_test,
)
from counterpoint.vocabulary import Direction, Finding, Severity, digest

DEFAULT_PLANNED_UNITS = 5_000
_BIAS_ALPHA = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One metric in one role, with what the spec says about it."""

    metric: Metric
    role: MetricRole
    direction: Direction
    margin: float | None = None
    margin_abs: float | None = None


def score(
    log: EventLog,
    spec: ExperimentSpec,
    surface: Surface,
    *,
    started_at: datetime,
    now: datetime,
    ended_at: datetime | None = None,
    planned_units: int = DEFAULT_PLANNED_UNITS,
    segment: str | None = None,
    engine: RollupEngine = roll_up,
) -> Scorecard:
    """Return the scorecard of one experiment as of `now`, or as of its design's end when that has passed.

    Args:
        log: Where the records are.
        spec: What was designed.
        surface: Declares the metrics.
        started_at: When the experiment went live.
        now: The present; nothing recorded from then on is read.
        ended_at: When it stopped exposing units; None while it runs.
        planned_units: Units of both arms expected at the end, fixed in advance: there anytime intervals are tightest.
        segment: Attribute to read the metrics by, too; not part of any decision.
        engine: Who reduces the records.

    Raises:
        InvalidInput: `unknown_metric` for a metric that the surface does not declare.
    """
    ends_at = started_at + timedelta(days=spec.schedule.days)
    as_of = min(now, ends_at)
    # Stopped before its end, an experiment never reaches its horizon: that stop may have depended on what was seen.
    at_horizon = now >= ends_at and (ended_at is None or ended_at >= ends_at)
    asks = _asks(spec, surface)
    question = RollupQuestion(
        surface=spec.surface,
        experiment=spec.key,
        variants=tuple(v.key for v in spec.variants),
        metrics=tuple({a.metric.key: a.metric for a in asks}.values()),
        started_at=started_at,
        ended_at=ended_at,
        now=as_of,
        covariates=spec.analysis.variance_reduction == "cuped",
        segment=segment,
    )
    rollup = engine(log, question)
    levels = levels_of(spec, at_horizon=at_horizon)
    rows = _rows(rollup.metrics, asks, spec, levels, planned_units)
    srm = _sample_ratio(rollup, spec, at_horizon)
    return Scorecard(
        experiment=spec.key,
        surface=spec.surface,
        control=spec.control.key,
        variants=question.variants,
        started_at=started_at,
        ends_at=ends_at,
        as_of=as_of,
        at_horizon=at_horizon,
        exposed=rollup.exposed,
        n_mixed=rollup.n_mixed,
        srm=srm if isinstance(srm, SampleRatioVerdict) else None,
        rows=rows,
        checks=_checks(rollup, srm, asks, spec, at_horizon=at_horizon),
        findings=_findings(rollup, srm),
        segments={
            name: _rows(_of_segment(rollup, name), asks, spec, levels, planned_units) for name in _segment_names(rollup)
        },
        snapshots=rollup.snapshots,
        inputs={
            "code": counterpoint.__version__,
            "spec": digest(spec.model_dump(mode="json")),
            "metrics": digest([msgspec.to_builtins(a.metric) for a in asks]),
            "snapshots": digest(list(rollup.snapshots)),
            "data": digest(rollup.as_document()),
        },
    )


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


def _rows(
    metrics: Mapping[str, MetricRollup], asks: Sequence[_Ask], spec: ExperimentSpec, levels: Levels, planned_units: int
) -> tuple[MetricRow, ...]:
    return tuple(
        _row(ask, metrics[ask.metric.key], spec.control.key, variant.key, levels, planned_units)
        for variant in spec.treatments
        for ask in asks
    )


def _row(ask: _Ask, rollup: MetricRollup, control: str, variant: str, levels: Levels, planned_units: int) -> MetricRow:
    reading: Reading = read_metric(
        ask.metric,
        rollup,
        control=control,
        treatment=variant,
        fixed=Inference(alpha=levels.fixed),
        anytime_alpha=levels.anytime,
        tuning_n=float(planned_units),
    )
    chosen = reading.fixed if levels.reads_fixed else reading.anytime
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


def _sample_ratio(rollup: Rollup, spec: ExperimentSpec, at_horizon: bool) -> SampleRatioVerdict | Unmeasured:
    weights = {v.key: v.weight for v in spec.variants if v.weight > 0}
    at = [i for i, name in enumerate(rollup.exposed) if name in weights]
    try:
        if at_horizon:
            return sample_ratio_test([rollup.exposed[name] for name in weights], list(map(float, weights.values())))
        looks = tuple(tuple(day[i] for i in at) for day in rollup.daily)
        phase = RampPhase(weights=tuple(map(float, weights.values())), cumulative_counts=looks)
        return sequential_sample_ratio_test([phase])
    except CannotCompute as error:
        return Unmeasured(code=error.code, reason=error.sentence)


def _checks(
    rollup: Rollup,
    srm: SampleRatioVerdict | Unmeasured,
    asks: Sequence[_Ask],
    spec: ExperimentSpec,
    *,
    at_horizon: bool,
) -> tuple[QualityCheck, ...]:
    if isinstance(srm, Unmeasured) and not at_horizon:
        return ()
    if isinstance(srm, Unmeasured):
        return (QualityCheck(name="srm", passed=False, detail=f"the split cannot be tested: {srm.reason}"),)
    counts = " : ".join(f"{n:,}" for n in srm.counts)
    said = "SRM fine" if not srm.mismatch else "sample ratio mismatch"
    out = [QualityCheck(name="srm", passed=not srm.mismatch, detail=f"{said} ({counts}, p {srm.p_value:.2g})")]
    for ask in asks:
        arms = rollup.metrics[ask.metric.key].arms
        if ask.role == "primary" and arms and BEFORE in arms[spec.control.key].columns:
            out += [_bias(ask.metric.key, rollup, spec.control.key, v.key) for v in spec.treatments]
    return tuple(out)


def _bias(metric: str, rollup: Rollup, control: str, variant: str) -> QualityCheck:
    """Compare the arms before the experiment could have changed anything."""
    a, b = (select(rollup.metrics[metric].arms[name], [BEFORE]) for name in (control, variant))
    name = "pre_exposure_bias"
    try:
        p = compare_means(a, b).p_value
    except CannotCompute as error:
        return QualityCheck(name=name, passed=True, detail=f"no bias before exposure can be tested ({error.code})")
    passed = p >= _BIAS_ALPHA
    said = "arms alike" if passed else f"{variant} differed from {control}"
    return QualityCheck(name=name, passed=passed, detail=f"{said} on {metric} before exposure (p {p:.2g})")


def _findings(rollup: Rollup, srm: SampleRatioVerdict | Unmeasured) -> tuple[Finding, ...]:
    out = []
    if isinstance(srm, Unmeasured):
        out.append(Finding(code=srm.code, severity=Severity.WARNING, path="srm", message=srm.reason))
    elif srm.mismatch:
        message = (
            f"The split is not what the weights say (p {srm.p_value:.2g}); find the cause before reading any metric."
        )
        out.append(Finding(code="sample_ratio_mismatch", severity=Severity.ERROR, path="srm", message=message))
    if rollup.n_mixed:
        message = f"{rollup.n_mixed:,} units met several variants and were left out."
        facts = {"n": rollup.n_mixed}
        out.append(Finding(code="mixed_units", severity=Severity.WARNING, path="exposed", message=message, facts=facts))
    for name, n in rollup.unknown.items():
        message = f"{n:,} units met the variant {name!r}, which the experiment does not declare; they were left out."
        out.append(Finding(code="unknown_variant", severity=Severity.WARNING, path="exposed", message=message))
    return tuple(out)


def _segment_names(rollup: Rollup) -> list[str]:
    return sorted({name for metric in rollup.metrics.values() for name in metric.segments})


def _of_segment(rollup: Rollup, name: str) -> dict[str, MetricRollup]:
    return {
        key: replace(metric, arms=metric.segments.get(name, {}), quantiles={}) for key, metric in rollup.metrics.items()
    }
