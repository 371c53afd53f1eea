"""Whether a state can be served: every value known, typed and in bounds."""

from collections import Counter
from collections.abc import Iterator, Mapping

from counterpoint.config import Surface, check_value
from counterpoint.releases.state import SurfaceState
from counterpoint.vocabulary import Finding, Scalar, Severity


def state_findings(state: SurfaceState) -> tuple[Finding, ...]:
    """Return what of `state` could not be served; empty when all of it can.

    Codes: `missing_baseline`, `unknown_parameter`, `wrong_type`, `out_of_bounds`, `duplicate_rule`.
    """
    surface = state.surface
    findings = [
        _finding("missing_baseline", f"baseline.{key}", f"parameter '{key}' has no baseline")
        for key in surface.parameters
        if key not in state.baseline
    ]
    findings += _values(surface, "baseline", state.baseline)
    for key, n in Counter(rule.key for rule in state.rules).items():
        if n > 1:
            findings.append(_finding("duplicate_rule", f"rules.{key}", f"rule '{key}' is given {n} times"))
    for rule in state.rules:
        findings += _values(surface, f"rules.{rule.key}.set", rule.set)
    for experiment in state.experiments.values():
        for variant in experiment.spec.variants:
            findings += _values(surface, f"experiments.{experiment.key}.variants.{variant.key}.set", variant.set)
    return tuple(findings)


def _values(surface: Surface, path: str, values: Mapping[str, Scalar]) -> Iterator[Finding]:
    for key, value in values.items():
        parameter = surface.parameters.get(key)
        if parameter is None:
            yield _finding("unknown_parameter", f"{path}.{key}", f"'{surface.key}' has no parameter '{key}'")
        elif (finding := check_value(parameter, value, path=f"{path}.{key}")) is not None:
            yield finding


def _finding(code: str, path: str, message: str) -> Finding:
    return Finding(code=code, severity=Severity.ERROR, path=path, message=message)
