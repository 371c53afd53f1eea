"""Checks of the document by itself and against its surface: names, types, bounds, metrics, schedule."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from counterpoint.agents.checks.findings import error, warning
from counterpoint.agents.checks.nearest import nearest_name, nearest_value
from counterpoint.agents.ports import World
from counterpoint.config import Surface, check_value
from counterpoint.experiments import ExperimentSpec, spec_findings, treatment_findings
from counterpoint.vocabulary import Finding

_LONGEST_DAYS = 364
"""The most whole weeks that a schedule takes."""


def check_document(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Say what is unsound whatever the surface: keys, variants, weights, margins, ramp."""
    del surface, world
    yield from spec_findings(spec)


def check_surface(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a spec of another surface, or one that randomises what the surface does not know."""
    del world
    if spec.surface != surface.key:
        yield error("other_surface", "surface", f"the spec is for '{spec.surface}', not for '{surface.key}'")
    if spec.unit is not None and spec.unit != surface.unit and spec.unit not in surface.attributes:
        yield error(
            "unknown_unit",
            "unit",
            f"'{spec.unit}' is neither the unit of {surface.key} nor one of its attributes",
            fix={"unit": None},
        )


def check_values(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse values of the wrong type or out of bounds."""
    del world
    for index, variant in enumerate(spec.variants):
        for key, value in variant.set.items():
            if key in surface.parameters:
                finding = check_value(surface.parameters[key], value, path=f"variants.{index}.set.{key}")
                if finding is not None:
                    nearest = nearest_value(surface.parameters[key], value)
                    yield finding if nearest is None else replace(finding, fix={finding.path: nearest})


def check_treatments(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse treatments that could change nothing, unknown parameters, and requirements that are not met."""
    baseline = (
        world.baseline if world.baseline is not None else {p.key: p.baseline for p in surface.parameters.values()}
    )
    for finding in treatment_findings(spec, surface=surface, baseline=baseline, ruled=world.ruled):
        yield replace(finding, fix=_renamed(spec, surface, finding)) if finding.code == "unknown_parameter" else finding


def _renamed(spec: ExperimentSpec, surface: Surface, finding: Finding) -> dict[str, Any]:
    """Return the fix of a parameter whose name has a slip in it: the whole of what its variant sets, mended."""
    _, index, _, key = finding.path.split(".", 3)
    values = spec.variants[int(index)].set
    nearest = nearest_name(key, surface.parameters)
    if nearest is None or nearest in values:
        return {}
    return {f"variants.{index}.set": {nearest if each == key else each: value for each, value in values.items()}}


def check_metrics(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse metrics that the surface does not declare, and a guardrail that is the primary metric."""
    del world
    named = [("metrics.primary.metric", spec.metrics.primary.metric)]
    named += [(f"metrics.secondary.{n}", m) for n, m in enumerate(spec.metrics.secondary)]
    named += [(f"metrics.guardrails.{n}.metric", g.metric) for n, g in enumerate(spec.metrics.guardrails)]
    for path, metric in named:
        if metric not in surface.metrics:
            nearest = nearest_name(metric, surface.metrics)
            fix = {} if nearest is None else {path: nearest}
            yield error("unknown_metric", path, f"'{surface.key}' does not measure '{metric}'", fix=fix)
    others = [
        each.model_dump(mode="json", exclude_none=True)
        for each in spec.metrics.guardrails
        if each.metric != spec.metrics.primary.metric
    ]
    for n, guardrail in enumerate(spec.metrics.guardrails):
        if guardrail.metric == spec.metrics.primary.metric:
            yield error(
                "guardrail_is_primary",
                f"metrics.guardrails.{n}.metric",
                f"'{guardrail.metric}' decides already; a guardrail is another metric",
                fix={"metrics.guardrails": others},
            )


def check_direction(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Warn when the hypothesis expects the primary metric to get worse: such a test is won by harming it."""
    del world
    metric = surface.metrics.get(spec.metrics.primary.metric)
    if metric is None:
        return
    better = "increase" if metric.better == "higher" else "decrease"
    if spec.metrics.primary.direction != better:
        message = (
            f"the hypothesis expects {metric.key} to {spec.metrics.primary.direction}, and {metric.better} is better"
        )
        yield warning("expects_harm", "metrics.primary.direction", message)


def check_window(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Refuse a schedule that is not longer than a metric's window: no unit would have matured."""
    del world
    metrics = [spec.metrics.primary.metric, *spec.metrics.secondary, *(g.metric for g in spec.metrics.guardrails)]
    windows = {m: surface.metrics[m].window_days for m in metrics if m in surface.metrics}
    longest = max(windows, key=lambda m: (windows[m], m), default=None)
    if longest is not None and spec.schedule.days <= windows[longest]:
        days = 7 * (windows[longest] // 7 + 1)
        message = f"{spec.schedule.days} days do not outlast the {windows[longest]} days of {longest}: no unit matures"
        yield error(
            "schedule_within_window",
            "schedule.days",
            message,
            fix={"schedule.days": days},
            window_days=windows[longest],
        )
    elif spec.schedule.days % 7:
        days = 7 * (spec.schedule.days // 7 + 1)
        message = f"{spec.schedule.days} days are not whole weeks, so weekdays weigh unequally"
        yield warning("not_whole_weeks", "schedule.days", message, fix={"schedule.days": days})


def check_analysis(spec: ExperimentSpec, surface: Surface, world: World) -> Iterator[Finding]:
    """Warn about an analysis whose test and looks do not fit each other; refuse a ramp that outlasts the schedule."""
    del surface, world
    analysis = spec.analysis
    if analysis.test == "fixed" and analysis.looks != "end":
        message = (
            f"a fixed test read {analysis.looks} is read too often for its alpha; it holds for one look, at the end"
        )
        yield warning("looks_not_allowed_for", "analysis.looks", message, fix={"analysis.looks": "end"})
    if analysis.test == "group_sequential" and analysis.looks == "end":
        message = "a group sequential test with one look, at the end, is a fixed test"
        yield warning("sequential_without_looks", "analysis.test", message, fix={"analysis.test": "fixed"})
    hours = sum(stage.hours for stage in spec.schedule.ramp if stage.share < spec.allocation)
    if hours >= 24 * spec.schedule.days:
        days = 7 * (int(hours // (24 * 7)) + 1)
        yield error(
            "ramp_outlasts_schedule",
            "schedule.ramp",
            f"the stages before the full allocation take {hours:g} hours, and {spec.schedule.days} days are planned",
            fix={"schedule.days": days} if days <= _LONGEST_DAYS else {},
            hours=hours,
        )
