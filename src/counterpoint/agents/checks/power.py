"""The power check: after how many days the stated effect is found, or never, and what would change that."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from counterpoint.agents.checks.findings import asked_once, info, not_known, warning
from counterpoint.agents.checks.pages import page_preview
from counterpoint.agents.ports import World
from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.experiments import ExperimentSpec, MetricHistory, UnitsPerDay, Unknown
from counterpoint.stats import (
    Alternative,
    ComparisonPlan,
    MetricModel,
    corrected_alpha,
    corrected_beta,
    detectable_effect,
    sample_size,
    spending_bounds,
)
from counterpoint.vocabulary import Finding

MAX_DAYS = 365
MAX_LOOKS = 28
LONGEST_FIX_DAYS = 84


@dataclass(frozen=True, slots=True, kw_only=True)
class _Design:
    """What the power of one comparison follows from."""

    model: MetricModel
    plan: ComparisonPlan
    target: float
    share: float
    window_days: int
    units: UnitsPerDay

    def analysed_after(self, days: int) -> float:
        """Return the matured units of control and one treatment after `days`, triggered or not."""
        return self.share * units_after(self.units, days - self.window_days)


def units_after(units: UnitsPerDay, days: int) -> float:
    """Return distinct units after `days`; beyond the history, days go on as its last week did on average."""
    if days <= 0:
        return 0.0
    known = units.per_day_new
    if days <= len(known):
        return sum(known[:days])
    tail = known[-7:]
    return sum(known) + (days - len(known)) * (sum(tail) / len(tail) if tail else 0.0)


def check_power(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Say on which day the primary metric's effect is found with the wanted power, or that it never is."""
    metric = surface.metrics.get(spec.metrics.primary.metric)
    if metric is None:
        return
    design = _design(spec, surface, world, metric, None)
    if isinstance(design, Finding):
        yield design
        return
    after = design.analysed_after(spec.schedule.days)
    effect = _relative(spec.metrics.primary.mde, spec.metrics.primary.mde_abs, design.model.mean)
    found = _detectable(design, after)
    if effect is None:
        if found is not None:
            yield info(
                "detectable_effect",
                "metrics.primary.mde",
                f"no effect size is stated; {spec.schedule.days} days find {found:.2%} of {metric.key} "
                f"with power {spec.analysis.power:g}",
                relative_effect=found,
            )
        else:
            yield warning(
                "unknown",
                "metrics.primary.mde",
                f"{spec.schedule.days} days mature too few units of {metric.key} to say what could be found",
            )
        return
    yield from _verdict(spec, design, metric, effect, found)


def check_guardrail_power(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Warn about guardrails that the schedule cannot show to be within their margin."""
    for n, guardrail in enumerate(spec.metrics.guardrails):
        metric = surface.metrics.get(guardrail.metric)
        if metric is None or not (guardrail.margin or guardrail.margin_abs):
            continue
        design = _design(spec, surface, world, metric, guardrail.margin or 0.0, guardrail.margin_abs)
        if isinstance(design, Finding):
            continue  # the primary's finding says already that traffic or history is not known
        days = _days_needed(design, 0.0)
        if days is None or days > spec.schedule.days:
            shown = "shown to be within its margin"
            message = (
                f"{guardrail.metric} can never be {shown} with this traffic"
                if days is None
                else f"{guardrail.metric} can be {shown} only after {days} days, and {spec.schedule.days} are planned"
            )
            fix = _longer(days)
            yield warning("guardrail_underpowered", f"metrics.guardrails.{n}", message, fix=fix, days_needed=days)


def _design(
    spec: ExperimentSpec,
    surface: Surface,
    world: World,
    metric: Metric,
    margin: float | None,
    margin_abs: float | None = None,
) -> _Design | Finding:
    path = "metrics.primary" if margin is None else "metrics.guardrails"
    if world.traffic is None:
        return not_known(path, "power", Unknown(code="no_traffic_port", reason="no recorded traffic is at hand"))
    traffic = world.traffic
    units = asked_once(
        world,
        f"units|{spec.audience}|{spec.unit}",
        lambda: traffic.units_per_day(surface.key, audience=spec.audience, unit=spec.unit),
    )
    if isinstance(units, Unknown):
        return not_known(path, "power", units)
    history = asked_once(
        world,
        f"history|{metric.key}|{spec.audience}",
        lambda: traffic.metric_history(surface.key, metric.key, audience=spec.audience),
    )
    if isinstance(history, Unknown):
        return not_known(path, f"power on {metric.key}", history)
    preview = page_preview(spec, world)
    trigger = 1.0 if isinstance(preview, Unknown) or not 0 < preview.trigger_rate <= 1 else preview.trigger_rate
    try:
        model = _model(spec, metric, history, trigger)
        plan = _plan(spec, surface, metric, model, margin, margin_abs)
    except (CannotCompute, InvalidInput) as problem:
        return warning(
            "power_not_computed", path, f"power on {metric.key} cannot be computed: {problem.what}", reason=problem.code
        )
    n_guardrails = len(spec.metrics.guardrails)
    beta = corrected_beta(1 - spec.analysis.power, 1, n_guardrails)
    weights = [v.weight for v in spec.variants]
    pair = (weights[0] + min(weights[1:])) / sum(weights)
    return _Design(
        model=model,
        plan=plan,
        target=1 - beta,
        share=spec.allocation * pair,
        window_days=metric.window_days,
        units=units,
    )


def _model(spec: ExperimentSpec, metric: Metric, history: MetricHistory, trigger: float) -> MetricModel:
    explained = (
        history.autocorrelation**2 if spec.analysis.variance_reduction == "cuped" and history.autocorrelation else 0.0
    )
    binary = metric.type == "proportion" and 0 < history.mean < 1
    return MetricModel(
        mean=history.mean,
        variance=history.variance,
        binary=binary,
        explained=min(explained, 0.99),
        trigger_rate=trigger,
    )


def _plan(
    spec: ExperimentSpec,
    surface: Surface,
    metric: Metric,
    model: MetricModel,
    margin: float | None,
    margin_abs: float | None,
) -> ComparisonPlan:
    del surface
    weights = [v.weight for v in spec.variants]
    control, treatment = float(weights[0]), float(min(weights[1:]))
    if margin is not None:
        relative = margin or (margin_abs or 0.0) / abs(model.mean)
        side = Alternative.GREATER if metric.better == "higher" else Alternative.LESS
        return ComparisonPlan(
            alpha=spec.analysis.alpha,
            alternative=side,
            control_weight=control,
            treatment_weight=treatment,
            margin=relative,
        )
    alpha = corrected_alpha(spec.analysis.alpha, len(spec.treatments))
    looks = _n_looks(spec, metric)
    bounds = None
    if spec.analysis.test == "group_sequential" and looks > 1:
        bounds = spending_bounds([(k + 1) / looks for k in range(looks)], alpha=alpha)
    return ComparisonPlan(alpha=alpha, control_weight=control, treatment_weight=treatment, bounds=bounds)


def _n_looks(spec: ExperimentSpec, metric: Metric) -> int:
    matured = max(spec.schedule.days - metric.window_days, 1)
    if spec.analysis.looks == "end":
        return 1
    return min(matured if spec.analysis.looks == "daily" else math.ceil(matured / 7), MAX_LOOKS)


def _relative(mde: float | None, mde_abs: float | None, mean: float) -> float | None:
    if mde is not None:
        return mde
    return mde_abs / abs(mean) if mde_abs is not None and mean else None


def _days_needed(design: _Design, effect: float) -> int | None:
    try:
        needed = sample_size(design.model, design.plan, effect, design.target)
    except CannotCompute:
        return None
    return next((d for d in range(design.window_days + 1, MAX_DAYS + 1) if design.analysed_after(d) >= needed), None)


def _detectable(design: _Design, n: float) -> float | None:
    if n < 4:
        return None
    try:
        return abs(detectable_effect(design.model, design.plan, n, design.target))
    except (CannotCompute, InvalidInput):
        return None


def _verdict(
    spec: ExperimentSpec, design: _Design, metric: Metric, effect: float, found: float | None
) -> Iterator[Finding]:
    signed = effect if spec.metrics.primary.direction == "increase" else -effect
    days = _days_needed(design, signed)
    caveat = ""
    if spec.analysis.test == "always_valid":
        caveat = " by the fixed-horizon test; an always-valid test needs more, how much is not computed here"
    facts: dict[str, Any] = {
        "days_needed": days,
        "days_planned": spec.schedule.days,
        "relative_effect": effect,
        "detectable_effect": found,
        "trigger_rate": design.model.trigger_rate,
    }
    shown = f"{effect:.2%} of {metric.key}"
    if days is not None and days <= spec.schedule.days:
        yield info(
            "power_sufficient",
            "schedule.days",
            f"{shown} is found with power {spec.analysis.power:g} by day {days}{caveat}",
            **facts,
        )
        return
    instead = []
    if found is not None:
        instead.append(f"an effect of {found:.2%} is found in {spec.schedule.days} days")
    if days is not None:
        weeks = 7 * math.ceil(days / 7)
        instead.insert(0, f"plan {weeks} days")
        share = _share_that_suffices(design, signed, spec)
        if share is not None:
            instead.append(f"an allocation of {share:.2f} suffices for {spec.schedule.days} days")
    if spec.analysis.variance_reduction == "none":
        instead.append("CUPED may reduce the variance")
    advice = "; ".join(instead)
    if days is None:
        # Said loudly and not refused: traffic may grow, and an audience may be tried out for other reasons.
        yield warning(
            "never_powered",
            "metrics.primary.mde",
            f"{shown} is not found within {MAX_DAYS} days{caveat}; {advice}",
            **facts,
        )
    else:
        fix = _longer(days)
        yield warning(
            "underpowered",
            "schedule.days",
            f"{shown} needs {days} days and {spec.schedule.days} are planned{caveat}; {advice}",
            fix=fix,
            **facts,
        )


def _longer(days: int | None) -> dict[str, Any]:
    """Return the fix that plans as many whole weeks; none when that is longer than anybody would add unasked."""
    return {"schedule.days": 7 * math.ceil(days / 7)} if days is not None and days <= LONGEST_FIX_DAYS else {}


def _share_that_suffices(design: _Design, effect: float, spec: ExperimentSpec) -> float | None:
    have = design.analysed_after(spec.schedule.days)
    if have <= 0:
        return None
    try:
        needed = sample_size(design.model, design.plan, effect, design.target)
    except CannotCompute:
        return None
    share = spec.allocation * needed / have
    return math.ceil(share * 100) / 100 if share <= 1 else None
