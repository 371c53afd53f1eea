"""Reads a surface from its YAML file, collecting everything that is wrong with it."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from counterpoint.assignment import check_audience, compile_audience
from counterpoint.config.bounds import check_value
from counterpoint.config.form import Form
from counterpoint.config.policy_file import read_policy
from counterpoint.config.surface import Attribute, Metric, MetricType, Parameter, Surface
from counterpoint.config.yaml_text import read_yaml
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import AttributeType, Finding, ParameterType, Scalar, Severity

TOP_FIELDS = (
    "surface",
    "description",
    "unit",
    "attributes",
    "layers",
    "parameters",
    "metrics",
    "policy",
    "invariants",
)
_WINDOW = re.compile(r"[1-9][0-9]{0,3}d")


def load_surface(text: str, *, source: str) -> Surface:
    """Return the surface that `text` describes.

    Args:
        text: YAML in the format of `examples/*/surface.yaml`.
        source: Name of the file, for messages.

    Raises:
        InvalidInput: The code of the first problem; `facts["findings"]` holds all of them.
    """
    document, findings = read_yaml(text)
    surface, more = (None, []) if document is None and findings else parse_surface(document)
    findings += more
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors or surface is None:
        first = errors[0]
        raise InvalidInput(
            first.code,
            first.message,
            where=f"{source}:{first.path}" if first.path else source,
            fix=None if len(errors) == 1 else f"{len(errors) - 1} more problems are in facts.findings",
            facts={"findings": [finding.as_document() for finding in findings]},
        )
    return surface


def parse_surface(document: object) -> tuple[Surface | None, list[Finding]]:
    """Return the surface that plain values describe, or None, and everything that is wrong with them."""
    form = Form()
    top = form.table(document, "")
    surface = Surface(
        key=form.key(top, "surface", ""),
        description=form.text(top, "description", ""),
        unit=form.key(top, "unit", ""),
        attributes=form.each(top, "attributes", _attribute),
        layers=form.each(top, "layers", _layer),
        parameters=form.each(top, "parameters", _parameter),
        metrics=form.each(top, "metrics", _metric),
        policy=read_policy(form, form.table(top.pop("policy", {}), "policy"), "policy"),
        invariants=form.texts(top, "invariants", ""),
    )
    form.nothing_else(top, "")
    _check_references(form, surface)
    _check_invariants(form, surface)
    return (None if form.findings else surface), form.findings


def _attribute(form: Form, key: str, row: dict[str, Any], path: str) -> Attribute:
    kind = AttributeType(form.choice(row, "type", path, tuple(AttributeType), None))
    values = form.texts(row, "values", path)
    _check_values(form, path, values, is_enum=kind is AttributeType.ENUM)
    scope = form.choice(row, "scope", path, ("unit", "request"), "unit")
    fixed = form.flag(row, "fixed", path)
    if fixed and scope == "request":
        form.bad("contradiction", f"{path}.fixed", f"{key} changes with each request, so it cannot be fixed for a unit")
    return Attribute(
        key=key,
        type=kind,
        values=values,
        fixed=fixed,
        scope="request" if scope == "request" else "unit",
        sensitive=form.flag(row, "sensitive", path),
        description=form.text(row, "description", path),
        synonyms=form.texts(row, "synonyms", path),
    )


def _layer(form: Form, key: str, row: dict[str, Any], path: str) -> str:  # noqa: ARG001 - the signature of `each`
    return form.text(row, "description", path)


def _parameter(form: Form, key: str, row: dict[str, Any], path: str) -> Parameter:
    kind = ParameterType(form.choice(row, "type", path, tuple(ParameterType), None))
    values = form.texts(row, "values", path)
    _check_values(form, path, values, is_enum=kind is ParameterType.ENUM)
    low, high = form.number(row, "min", path), form.number(row, "max", path)
    if kind not in (ParameterType.INT, ParameterType.FLOAT) and (low is not None or high is not None):
        form.bad("contradiction", path, f"{key} is no number, so it cannot have min or max")
    if low is not None and high is not None and low > high:
        form.bad("contradiction", f"{path}.min", f"min {low:g} is above max {high:g}")
    baseline = row.pop("baseline", None)
    requires = {}
    for target, allowed in form.table(row.pop("requires", {}), f"{path}.requires").items():
        requires[target] = tuple(allowed) if isinstance(allowed, list) else ()
        if not isinstance(allowed, list) or not allowed:
            form.bad(
                "wrong_type",
                f"{path}.requires.{target}",
                "give a list of the values under which the parameter has an effect",
            )
    parameter = Parameter(
        key=key,
        layer=form.text(row, "layer", path, None),
        type=kind,
        baseline=float(baseline) if kind is ParameterType.FLOAT and type(baseline) is int else baseline,
        min=low,
        max=high,
        values=values,
        unit=form.text(row, "unit", path) or None,
        requires=requires,
        description=form.text(row, "description", path),
        synonyms=form.texts(row, "synonyms", path),
    )
    if baseline is None:
        form.bad(
            "missing_field", f"{path}.baseline", f"{key} has no baseline; give the value of whoever is in no experiment"
        )
    elif (finding := check_value(parameter, baseline, path=f"{path}.baseline")) is not None:
        form.findings.append(finding)
    return parameter


def _check_values(form: Form, path: str, values: tuple[str, ...], *, is_enum: bool) -> None:
    if is_enum and not values:
        form.bad("missing_field", f"{path}.values", "an enum needs values; list them")
    if values and not is_enum:
        form.bad("contradiction", f"{path}.values", "only an enum has values; give type enum or remove them")
    if len(set(values)) < len(values):
        form.bad("duplicate_value", f"{path}.values", "a value is listed twice; remove one")


def _metric(form: Form, key: str, row: dict[str, Any], path: str) -> Metric:
    kind: MetricType = form.choice(row, "type", path, get_args(MetricType), None)  # type: ignore[assignment]  # one of these literals
    window = form.text(row, "window", path, None)
    if window and not _WINDOW.fullmatch(window):
        form.bad("wrong_type", f"{path}.window", f"{window[:80]!r} is no window; give a number of days such as 7d")
        window = ""
    numerator, denominator = form.text(row, "numerator", path) or None, form.text(row, "denominator", path) or None
    quantile = form.number(row, "quantile", path)
    if kind == "ratio" and not (numerator and denominator):
        form.bad("missing_field", path, f"{key} is a ratio; name its numerator and its denominator")
    if kind != "ratio" and (numerator or denominator):
        form.bad("contradiction", path, f"{key} is a {kind}; only a ratio has a numerator and a denominator")
    if kind == "quantile" and (quantile is None or not 0 < quantile < 1):
        form.bad("out_of_bounds", f"{path}.quantile", f"{key} is a quantile; say which, between 0 and 1")
    if kind != "quantile" and quantile is not None:
        form.bad("contradiction", f"{path}.quantile", f"{key} is a {kind}; only a quantile metric has a quantile")
    return Metric(
        key=key,
        type=kind,
        window_days=int(window[:-1]) if window else 0,
        better="lower" if form.choice(row, "better", path, ("higher", "lower"), None) == "lower" else "higher",
        unit=form.text(row, "unit", path) or None,
        numerator=numerator,
        denominator=denominator,
        quantile=quantile,
        description=form.text(row, "description", path),
        synonyms=form.texts(row, "synonyms", path),
    )


def _check_references(form: Form, surface: Surface) -> None:
    for parameter in surface.parameters.values():
        path = f"parameters.{parameter.key}"
        if parameter.layer and parameter.layer not in surface.layers:
            form.bad(
                "unknown_layer",
                f"{path}.layer",
                f"no layer is called {parameter.layer[:80]!r}; declare it under layers",
            )
        for target, allowed in parameter.requires.items():
            _check_requires(form, surface, target, allowed, f"{path}.requires.{target}")
    for cycle in _cycles({key: tuple(parameter.requires) for key, parameter in surface.parameters.items()}):
        form.bad(
            "cyclic_requires",
            f"parameters.{cycle[0]}.requires",
            f"{' -> '.join(cycle)} require one another in a circle",
        )
    for place, key in enumerate(surface.policy.required_guardrails):
        if key not in surface.metrics:
            form.bad("unknown_metric", f"policy.required_guardrails[{place}]", f"no metric is called {key[:80]!r}")

    for place, approval in enumerate(surface.policy.privacy_approvals):
        if approval.attribute and approval.attribute not in surface.attributes:
            path = f"policy.privacy_approvals[{place}].attribute"
            form.bad("unknown_attribute", path, f"no attribute is called {approval.attribute[:80]!r}")


def _check_invariants(form: Form, surface: Surface) -> None:
    values = {key: parameter.baseline for key, parameter in surface.parameters.items()}
    for place, text in enumerate(surface.invariants):
        path = f"invariants[{place}]"
        findings = check_audience(text, surface.parameters, path=path)
        form.findings += findings
        if not findings and not form.findings and not compile_audience(text, surface.parameters).matches(values):
            form.bad("invariant_broken", path, f"the baseline itself breaks {text[:200]}")


def _check_requires(form: Form, surface: Surface, target: str, allowed: tuple[Scalar, ...], path: str) -> None:
    if target not in surface.parameters:
        form.bad("unknown_parameter", path, f"no parameter is called {target[:80]!r}")
        return
    for value in allowed:
        if (finding := check_value(surface.parameters[target], value, path=path)) is not None:
            form.findings.append(finding)


def _cycles(edges: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Return each circle of `edges` once, found without recursion so that a long chain cannot exhaust the stack."""
    done: set[str] = set()
    found: list[list[str]] = []
    for start in edges:
        trail: dict[str, None] = {}
        stack: list[tuple[str, bool]] = [(start, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                trail.pop(node)
                done.add(node)
            elif node in trail:
                path = list(trail)
                found.append([*path[path.index(node) :], node])
            elif node not in done and node in edges:
                trail[node] = None
                stack.append((node, True))
                stack.extend((target, False) for target in edges[node])
    return found
