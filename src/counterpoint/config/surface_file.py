"""Reads a surface from its YAML file, collecting everything that is wrong with it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from counterpoint.assignment import check_audience, compile_audience
from counterpoint.config.bounds import check_value
from counterpoint.config.surface import Attribute, Metric, MetricType, Parameter, Policy, Surface
from counterpoint.config.yaml_text import read_yaml
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import KEY_RULE, AttributeType, Finding, ParameterType, Scalar, Severity, is_key

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
    form = _Form()
    top = form.table(document, "")
    surface = Surface(
        key=form.key(top, "surface", ""),
        description=form.text(top, "description", ""),
        unit=form.key(top, "unit", ""),
        attributes=form.each(top, "attributes", _attribute),
        layers=form.each(top, "layers", _layer),
        parameters=form.each(top, "parameters", _parameter),
        metrics=form.each(top, "metrics", _metric),
        policy=_policy(form, form.table(top.pop("policy", {}), "policy"), "policy"),
        invariants=form.texts(top, "invariants", ""),
    )
    form.nothing_else(top, "")
    _check_references(form, surface)
    _check_invariants(form, surface)
    return (None if form.findings else surface), form.findings


class _Form:
    """Takes fields out of plain mappings by type; collects a finding for whatever does not fit."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def bad(self, code: str, path: str, message: str) -> None:
        self.findings.append(Finding(code=code, severity=Severity.ERROR, path=path, message=message))

    def table(self, value: object, path: str) -> dict[str, Any]:
        if isinstance(value, Mapping):
            return dict(value)
        self.bad("wrong_type", path, "this must be a mapping of names to values")
        return {}

    def take(
        self, row: dict[str, Any], name: str, path: str, wanted: type | tuple[type, ...], default: Any, noun: str
    ) -> Any:
        if name not in row:
            if default is not None:
                return default
            self.bad("missing_field", _join(path, name), f"{name} is missing; give {noun}")
            return wanted() if isinstance(wanted, type) else wanted[0]()
        value = row.pop(name)
        # bool is an int to Python, and to nobody else.
        if isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
            return value
        self.bad("wrong_type", _join(path, name), f"{name} must be {noun}")
        return wanted() if isinstance(wanted, type) else wanted[0]()

    def text(self, row: dict[str, Any], name: str, path: str, default: str | None = "") -> str:
        return str(self.take(row, name, path, str, default, "text"))

    def flag(self, row: dict[str, Any], name: str, path: str) -> bool:
        return bool(self.take(row, name, path, bool, False, "true or false"))

    def number(self, row: dict[str, Any], name: str, path: str) -> float | None:
        if name not in row:
            return None
        return float(self.take(row, name, path, (float, int), None, "a number"))

    def share(self, row: dict[str, Any], name: str, path: str, default: float) -> float:
        value = self.number(row, name, path)
        if value is None:
            return default
        if not 0 <= value <= 1:
            self.bad("out_of_bounds", _join(path, name), f"{name} is a share; give a number from 0 to 1")
        return value

    def texts(self, row: dict[str, Any], name: str, path: str) -> tuple[str, ...]:
        values = self.take(row, name, path, list, [], "a list of texts")
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        self.bad(
            "wrong_type", _join(path, name), f"every entry of {name} must be text; put numbers and yes or no in quotes"
        )
        return ()

    def key(self, row: dict[str, Any], name: str, path: str) -> str:
        value = self.text(row, name, path, None)
        if value and not is_key(value):
            self.bad("bad_key", _join(path, name), f"{value[:80]!r} is no key; use {KEY_RULE}")
        return value

    def choice(
        self, row: dict[str, Any], name: str, path: str, allowed: tuple[str, ...], default: str | None = None
    ) -> str:
        value = self.text(row, name, path, default)
        if value not in allowed:
            if value:
                self.bad(
                    "unknown_value",
                    _join(path, name),
                    f"{name} cannot be {value[:80]!r}; give one of {', '.join(allowed)}",
                )
            return allowed[0]
        return value

    def each(
        self, row: dict[str, Any], name: str, read: "Callable[[_Form, str, dict[str, Any], str], Any]"
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in self.table(row.pop(name, {}), name).items():
            path = f"{name}.{key}"
            if not is_key(key):
                self.bad("bad_key", path, f"{key[:80]!r} is no key; use {KEY_RULE}")
            fields = self.table(value, path)
            found[key] = read(self, key, fields, path)
            self.nothing_else(fields, path)
        return found

    def nothing_else(self, row: Mapping[str, Any], path: str) -> None:
        for name in row:
            self.bad(
                "unknown_key",
                _join(path, str(name)[:80]),
                f"nothing is called {str(name)[:80]!r} here; remove it or mend its spelling",
            )


def _attribute(form: _Form, key: str, row: dict[str, Any], path: str) -> Attribute:
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


def _layer(form: _Form, key: str, row: dict[str, Any], path: str) -> str:  # noqa: ARG001 - the signature of `each`
    return form.text(row, "description", path)


def _parameter(form: _Form, key: str, row: dict[str, Any], path: str) -> Parameter:
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


def _check_values(form: _Form, path: str, values: tuple[str, ...], *, is_enum: bool) -> None:
    if is_enum and not values:
        form.bad("missing_field", f"{path}.values", "an enum needs values; list them")
    if values and not is_enum:
        form.bad("contradiction", f"{path}.values", "only an enum has values; give type enum or remove them")
    if len(set(values)) < len(values):
        form.bad("duplicate_value", f"{path}.values", "a value is listed twice; remove one")


def _metric(form: _Form, key: str, row: dict[str, Any], path: str) -> Metric:
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


def _policy(form: _Form, row: dict[str, Any], path: str) -> Policy:
    pools = form.table(row.pop("pools", {}), f"{path}.pools")
    holdout = form.table(row.pop("global_holdout", {}), f"{path}.global_holdout")
    policy = Policy(
        required_guardrails=form.texts(row, "required_guardrails", path),
        max_allocation_without_ramp=form.share(row, "max_allocation_without_ramp", path, 1.0),
        holdout_pool=form.share(pools, "holdout", f"{path}.pools", 0.0),
        isolated_pool=form.share(pools, "isolated", f"{path}.pools", 0.0),
        global_holdout=form.share(holdout, "allocation", f"{path}.global_holdout", 0.0),
        sensitive_attributes=form.text(row, "sensitive_attributes", path),
        approvals=int(form.take(row, "approvals", path, int, 0, "a whole number of people")),
    )
    # Said in words for the reader; the rule itself is `check_value` and the term of the holdout is its end date.
    form.text(row, "values_outside_bounds_or_enumeration", path)
    form.text(holdout, "quarter", f"{path}.global_holdout")
    form.nothing_else(pools, f"{path}.pools")
    form.nothing_else(holdout, f"{path}.global_holdout")
    form.nothing_else(row, path)
    if policy.holdout_pool + policy.isolated_pool > 1:
        form.bad("out_of_bounds", f"{path}.pools", "the pools take more than every bucket; make them smaller")
    if 2 * policy.global_holdout > policy.holdout_pool + 1e-12:
        form.bad(
            "out_of_bounds",
            f"{path}.global_holdout.allocation",
            "both halves of the holdout do not fit into the holdout pool",
        )
    if policy.approvals < 0:
        form.bad("out_of_bounds", f"{path}.approvals", "approvals cannot be below zero")
    return policy


def _check_references(form: _Form, surface: Surface) -> None:
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


def _check_invariants(form: _Form, surface: Surface) -> None:
    values = {key: parameter.baseline for key, parameter in surface.parameters.items()}
    for place, text in enumerate(surface.invariants):
        path = f"invariants[{place}]"
        findings = check_audience(text, surface.parameters, path=path)
        form.findings += findings
        if not findings and not form.findings and not compile_audience(text, surface.parameters).matches(values):
            form.bad("invariant_broken", path, f"the baseline itself breaks {text[:200]}")


def _check_requires(form: _Form, surface: Surface, target: str, allowed: tuple[Scalar, ...], path: str) -> None:
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


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
