"""Contradictions between what a surface's configuration says and what requests and outcomes show."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from counterpoint.agents.doctor.diagnosis import Advice, Diagnosis, LaunchMove, Remedy, RuleRemoval
from counterpoint.assignment import compile_audience
from counterpoint.config import outcome_names
from counterpoint.experiments import ExperimentSpec, State
from counterpoint.releases import SurfaceState
from counterpoint.vocabulary import Finding, Scalar, Severity

ENOUGH_REQUESTS = 300
"""With none of so many, fewer than 1 in 100 requests are meant, at 95 % (the rule of three)."""
_MISSING = 0.5
_N_SHOWN = 3
_NOTHING_WITHOUT_DATA = frozenset({"ratio", "quantile"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was recorded of a surface lately.

    Attributes:
        contexts: Attributes of recent requests, forced ones left out.
        outcomes: Name -> number of outcome events; None when they were not counted.
        days: Days that `outcomes` covers.
    """

    contexts: Sequence[Mapping[str, Scalar]]
    outcomes: Mapping[str, int] | None
    days: int


def contradictions(state: SurfaceState, recorded: Recorded) -> tuple[Diagnosis, ...]:
    """Return what contradicts what on one surface; too few requests show nothing.

    Codes: `audience_never_seen`, `rule_never_matched`, `attribute_missing`, `undeclared_value`,
    `treatment_is_baseline`, `metric_without_data`, `guardrail_without_data`.
    """
    found = [*_no_ops(state)]
    if len(recorded.contexts) >= ENOUGH_REQUESTS:
        found += [
            *_audiences(state, recorded),
            *_rules(state, recorded),
            *_attributes(state, recorded),
            *_outcomes(state, recorded),
            *_guardrails(state, recorded),
        ]
    return tuple(found)


def _running(state: SurfaceState) -> list[ExperimentSpec]:
    return [each.spec for _, each in sorted(state.experiments.items()) if each.state is State.RUNNING]


def _no_ops(state: SurfaceState) -> Iterator[Diagnosis]:
    ruled = {key for rule in state.rules for key in rule.set}
    for spec in _running(state):
        same = all(
            state.baseline.get(key) == value and key not in ruled
            for variant in spec.treatments
            for key, value in variant.set.items()
        )
        if same:
            yield _diagnosis(
                state,
                f"experiments/{spec.key}",
                "treatment_is_baseline",
                Severity.ERROR,
                f"every variant of '{spec.key}' is what everybody gets since the baseline changed: it measures nothing",
                LaunchMove(experiment=spec.key, verb="hold"),
            )


def _audiences(state: SurfaceState, recorded: Recorded) -> Iterator[Diagnosis]:
    for spec in _running(state):
        if not _seen(spec.audience, state, recorded):
            yield _diagnosis(
                state,
                f"experiments/{spec.key}",
                "audience_never_seen",
                Severity.ERROR,
                f"none of the last {len(recorded.contexts):,} requests is in the audience of '{spec.key}',"
                f" {spec.audience}",
                LaunchMove(experiment=spec.key, verb="hold"),
            )


def _rules(state: SurfaceState, recorded: Recorded) -> Iterator[Diagnosis]:
    for rule in state.rules:
        if not _seen(rule.audience, state, recorded):
            yield _diagnosis(
                state,
                f"rules/{rule.key}",
                "rule_never_matched",
                Severity.WARNING,
                f"none of the last {len(recorded.contexts):,} requests matches the rule '{rule.key}', {rule.audience}",
                RuleRemoval(rule=rule.key),
            )


def _attributes(state: SurfaceState, recorded: Recorded) -> Iterator[Diagnosis]:
    declared, n = state.surface.attributes, len(recorded.contexts)
    users: dict[str, list[str]] = {}
    texts = [(f"experiment '{spec.key}'", spec.audience) for spec in _running(state)]
    texts += [(f"rule '{rule.key}'", rule.audience) for rule in state.rules]
    for who, audience in texts:
        for key in compile_audience(audience, declared).attributes:
            users.setdefault(key, []).append(who)
    for key, attribute in declared.items():
        values = Counter(context[key] for context in recorded.contexts if key in context)
        n_missing = n - values.total()
        if key in users and n_missing > _MISSING * n:
            yield _diagnosis(
                state,
                f"attributes/{key}",
                "attribute_missing",
                Severity.WARNING,
                f"{n_missing / n:.0%} of the last {n:,} requests do not say '{key}', which {', '.join(users[key])} asks"
                " for: those units are in no such audience",
                Advice(words=f"send '{key}' with every request, or ask for something else"),
            )
        strange = {str(value): count for value, count in values.items() if value not in attribute.values}
        if attribute.values and strange:
            shown = ", ".join(sorted(strange, key=lambda value: -strange[value])[:_N_SHOWN])
            yield _diagnosis(
                state,
                f"attributes/{key}",
                "undeclared_value",
                Severity.WARNING,
                f"{sum(strange.values()):,} of the last {n:,} requests say '{key}' is {shown}, which the surface does"
                " not declare: no audience can name it",
                Advice(words=f"declare the value in the surface's file, or correct what clients send as '{key}'"),
            )


def _outcomes(state: SurfaceState, recorded: Recorded) -> Iterator[Diagnosis]:
    if recorded.outcomes is None:
        return
    for spec in _running(state):
        numerator, denominator = outcome_names(state.surface.metrics[spec.metrics.primary.metric])
        # What makes a ratio defined; a numerator that never happened is a rate of zero.
        needed = numerator if denominator is None else denominator
        if not recorded.outcomes.get(needed):
            yield _diagnosis(
                state,
                f"experiments/{spec.key}",
                "metric_without_data",
                Severity.ERROR,
                f"no outcome '{needed}' was recorded in {recorded.days} days, and '{spec.key}' is decided by"
                f" {spec.metrics.primary.metric}",
                LaunchMove(experiment=spec.key, verb="pause"),
            )


def _guardrails(state: SurfaceState, recorded: Recorded) -> Iterator[Diagnosis]:
    if recorded.outcomes is None:
        return
    for spec in _running(state):
        blind = []
        for guardrail in spec.metrics.guardrails:
            metric = state.surface.metrics[guardrail.metric]
            numerator, denominator = outcome_names(metric)
            needed = numerator if denominator is None else denominator
            # A count or a share of units is 0 where nothing happened; a ratio and a quantile are nothing.
            if metric.type in _NOTHING_WITHOUT_DATA and not recorded.outcomes.get(needed):
                blind.append(f"{metric.key} ('{needed}')")
        if blind:
            yield _diagnosis(
                state,
                f"experiments/{spec.key}",
                "guardrail_without_data",
                Severity.WARNING,
                f"'{spec.key}' is guarded by {', '.join(blind)}, of which no outcome was recorded in {recorded.days}"
                " days: it would not be stopped",
                LaunchMove(experiment=spec.key, verb="pause"),
            )


def _seen(audience: str, state: SurfaceState, recorded: Recorded) -> bool:
    matches = compile_audience(audience, state.surface.attributes).matches
    return any(matches(context) for context in recorded.contexts)


def _diagnosis(
    state: SurfaceState, subject: str, code: str, severity: Severity, message: str, remedy: Remedy
) -> Diagnosis:
    finding = Finding(code=code, severity=severity, path=subject, message=message)
    return Diagnosis(surface=state.surface.key, subject=subject, finding=finding, remedy=remedy)
