"""Whether a state can be served: every value known, typed and in bounds, every audience readable, invariants kept."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

from counterpoint.assignment import Declared, compile_audiences
from counterpoint.config import Surface, check_value
from counterpoint.errors import InvalidInput
from counterpoint.experiments import Experiment
from counterpoint.releases.rollout import with_rollout_finished
from counterpoint.releases.state import SurfaceState
from counterpoint.vocabulary import Finding, Scalar, Severity


def state_findings(state: SurfaceState, *, known_sound: SurfaceState | None = None) -> tuple[Finding, ...]:
    """Return what of `state` could not be served; empty when all of it can.

    Args:
        known_sound: A state that was checked before: what is the same object in both is not checked again.

    Codes: `missing_baseline`, `unknown_parameter`, `wrong_type`, `out_of_bounds`, `duplicate_rule`,
    `invariant_broken`, and those of audiences.
    """
    surface = state.surface
    findings = [
        _error("missing_baseline", f"baseline.{key}", f"parameter '{key}' has no baseline")
        for key in surface.parameters
        if key not in state.baseline
    ]
    findings += _values(surface, "baseline", state.baseline)
    findings += _rules(state)
    for experiment in _new_ones(state, known_sound):
        for variant in experiment.spec.variants:
            findings += _values(surface, f"experiments.{experiment.key}.variants.{variant.key}.set", variant.set)
        findings += _audiences({f"experiments.{experiment.key}.audience": experiment.spec.audience}, surface)
    return tuple(findings) or tuple(_invariants(state)) or tuple(_rollouts(state, known_sound))


def _rollouts(state: SurfaceState, known: SurfaceState | None) -> Iterator[Finding]:
    # What a rollout will make of the baseline has to be servable from its first bucket on.
    unchanged = known is not None and all(
        getattr(known, name) is getattr(state, name) for name in ("surface", "baseline", "rules")
    )
    for key, rollout in state.rollouts.items():
        if not (unchanged and known is not None and known.rollouts.get(key) is rollout):
            alone = replace(with_rollout_finished(state, key), rollouts={})
            yield from state_findings(alone, known_sound=state)


def _new_ones(state: SurfaceState, known: SurfaceState | None) -> Iterator[Experiment]:
    for key, experiment in state.experiments.items():
        if known is None or known.surface is not state.surface or known.experiments.get(key) is not experiment:
            yield experiment


def _rules(state: SurfaceState) -> Iterator[Finding]:
    for key, n in Counter(rule.key for rule in state.rules).items():
        if n > 1:
            yield _error("duplicate_rule", f"rules.{key}", f"rule '{key}' is given {n} times")
    for rule in state.rules:
        yield from _values(state.surface, f"rules.{rule.key}.set", rule.set)
    yield from _audiences({f"rules.{rule.key}.audience": rule.audience for rule in state.rules}, state.surface)


def _audiences(texts: Mapping[str, str], surface: Surface) -> Iterator[Finding]:
    compiled = compile_audiences(texts.values(), surface.attributes)
    for path, text in texts.items():
        problem = compiled[text]
        if isinstance(problem, InvalidInput):
            yield _error(problem.code, path, problem.what)


def _invariants(state: SurfaceState) -> Iterator[Finding]:
    # Of the baseline, and of each rule alone on top of it; combinations with variants are the validator's to try.
    surface = state.surface
    declared: Mapping[str, Declared] = surface.parameters
    for place, (text, invariant) in enumerate(compile_audiences(surface.invariants, declared).items()):
        if isinstance(invariant, InvalidInput):
            yield _error(invariant.code, f"surface.invariants.{place}", invariant.what)
            continue
        if not invariant.matches(state.baseline):
            yield _broken("baseline", text, state.baseline, invariant.attributes)
            continue
        for rule in state.rules:
            values = {**state.baseline, **rule.set}
            if not invariant.matches(values):
                yield _broken(f"rules.{rule.key}.set", text, values, invariant.attributes)


def _broken(path: str, text: str, values: Mapping[str, Scalar], keys: tuple[str, ...]) -> Finding:
    shown = {key: values[key] for key in keys if key in values}
    return Finding(
        code="invariant_broken",
        severity=Severity.ERROR,
        path=path,
        message=f"The surface insists on {text}, and here {', '.join(f'{k} is {v!r}' for k, v in shown.items())}",
        facts={"invariant": text, "values": shown},
    )


def _values(surface: Surface, path: str, values: Mapping[str, Scalar]) -> Iterator[Finding]:
    for key, value in values.items():
        parameter = surface.parameters.get(key)
        if parameter is None:
            yield _error("unknown_parameter", f"{path}.{key}", f"'{surface.key}' has no parameter '{key}'")
        elif (finding := check_value(parameter, value, path=f"{path}.{key}")) is not None:
            yield finding


def _error(code: str, path: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message)
