"""What a new declaration of a surface would take away from experiments that stand on the one before."""

from collections.abc import Iterator
from dataclasses import replace

from counterpoint.config import Metric, Surface
from counterpoint.experiments import Experiment, State, exclusivity_findings, holds_buckets
from counterpoint.releases.state import SurfaceState, territory_of
from counterpoint.vocabulary import Finding, Severity

_UNDER_WAY = frozenset({State.VALIDATED, State.APPROVED, State.SCHEDULED, State.RUNNING, State.PAUSED})


def redeclaration_findings(before: SurfaceState, after: SurfaceState) -> tuple[Finding, ...]:
    """Return what the surface of `after` breaks of experiments that `before` has; empty when it declares the same.

    Values and audiences that can no longer be served are found with the state itself. These can be served and are
    wrong all the same, so an experiment has to be ended first:

    Codes: `unit_undeclared`, `metric_undeclared`, `metric_redefined`, and `exclusivity_lost` where a layer that moved,
    or an attribute that is no longer fixed, makes rivals of experiments that share buckets.
    """
    if before.surface == after.surface:
        return ()
    kept = [each for key, each in sorted(after.experiments.items()) if key in before.experiments]
    findings: list[Finding] = []
    for experiment in kept:
        if experiment.state in _UNDER_WAY:
            findings += _unit(experiment, after.surface)
            findings += _metrics(experiment, before.surface, after.surface)
    if _grounds(before.surface) != _grounds(after.surface):
        findings += _rivals([each for each in kept if holds_buckets(each)], before, after)
    return tuple(findings)


def _unit(experiment: Experiment, surface: Surface) -> Iterator[Finding]:
    if experiment.unit != surface.unit and experiment.unit not in surface.attributes:
        what = f"{experiment.key} is {experiment.state} and randomises '{experiment.unit}', which is no longer declared"
        yield _error("unit_undeclared", experiment, what)


def _metrics(experiment: Experiment, old: Surface, new: Surface) -> Iterator[Finding]:
    asked = experiment.spec.metrics
    for key in dict.fromkeys([asked.primary.metric, *asked.secondary, *(each.metric for each in asked.guardrails)]):
        if key not in old.metrics:
            continue
        if key not in new.metrics:
            what = f"{experiment.key} is {experiment.state} and measures {key}, which is no longer declared"
            yield _error("metric_undeclared", experiment, what)
        elif _measured(old.metrics[key]) != _measured(new.metrics[key]):
            what = f"{experiment.key} is {experiment.state} and measures {key}, which would be measured otherwise"
            yield _error("metric_redefined", experiment, what)


def _measured(metric: Metric) -> Metric:
    return replace(metric, description="", synonyms=())


def _grounds(surface: Surface) -> object:
    """Return what conflicts between experiments rest on."""
    layers = {key: parameter.layer for key, parameter in surface.parameters.items()}
    return layers, {key: replace(each, description="", synonyms=()) for key, each in surface.attributes.items()}


def _rivals(kept: list[Experiment], before: SurfaceState, after: SurfaceState) -> Iterator[Finding]:
    old, new = territory_of(before), territory_of(after)
    for experiment in kept:
        known = {finding.path for finding in exclusivity_findings(before.experiments[experiment.key], old)}
        for finding in exclusivity_findings(experiment, new):
            if finding.path not in known:
                shared = f"{finding.facts['n_buckets']} buckets"
                what = f"{experiment.key} would share {shared} with {finding.facts['holder']}, its rival from now on"
                yield _error("exclusivity_lost", experiment, what)


def _error(code: str, experiment: Experiment, what: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.ERROR,
        path=f"experiments.{experiment.key}",
        message=f"{what}; end the experiment first",
        facts={"experiment": experiment.key, "state": str(experiment.state)},
    )
