"""A surface in Unleash's words: a parameter is a feature, its values are variants of strategies tried in order."""

from collections.abc import Iterator
from typing import Any

from counterpoint.assignment.audience import Both, Const, Either, Formula, Leaf, compile_audience
from counterpoint.config import ParameterSchema, Snapshot
from counterpoint.errors import InvalidInput
from counterpoint.orchestration.backends.outlook import Rendered, split_caveats
from counterpoint.vocabulary import Scalar, decision_attribute

BASELINE = "baseline"
_MAX_STRATEGIES = 30
_NUMBERS = {"==": "NUM_EQ", "<": "NUM_LT", "<=": "NUM_LTE", ">": "NUM_GT", ">=": "NUM_GTE"}
_VERSIONS = {"==": "SEMVER_EQ", "<": "SEMVER_LT", ">": "SEMVER_GT"}
_TEXTS = {"startsWith": "STR_STARTS_WITH", "endsWith": "STR_ENDS_WITH", "contains": "STR_CONTAINS"}


class _NoConstraint(Exception):
    """The audience has a part that Unleash cannot say; the message names it."""


def render_unleash(snapshot: Snapshot) -> Rendered:
    """Return the features of a surface; the first strategy that holds gives the variant, and its payload is the value.

    Unleash splits units by another hash, so no split of ours is given to it: an experiment's variants are met by those
    whose `decision_attribute` says so. A number is a payload of type `number`, everything else of type `string`.
    """
    definitions: dict[str, Any] = {}
    left_out: dict[str, str] = {}
    for parameter in snapshot.parameters:
        held = [one.key for one in snapshot.holdouts if parameter.key in one.baseline]
        if held:
            left_out[parameter.key] = f"the holdout {held[0]} keeps it for units that Unleash does not know"
            continue
        try:
            strategies = [
                *_decided(snapshot, parameter),
                *_ruled(snapshot, parameter),
                _strategy(parameter.key, BASELINE, (), parameter.baseline),
            ]
        except _NoConstraint as error:
            left_out[parameter.key] = f"Unleash's constraints have no form for {error}"
            continue
        if len(strategies) > _MAX_STRATEGIES:
            left_out[parameter.key] = (
                f"{len(strategies)} strategies are more than the {_MAX_STRATEGIES} that Unleash takes"
            )
            continue
        definitions[parameter.key] = {"enabled": True, "strategies": strategies}
    return Rendered(definitions=definitions, left_out=left_out, caveats=split_caveats(snapshot))


def _decided(snapshot: Snapshot, parameter: ParameterSchema) -> Iterator[dict[str, Any]]:
    for experiment in snapshot.experiments:
        for variant in experiment.variants:
            if experiment.enabled and parameter.key in variant.set:
                told = _constraint(decision_attribute(experiment.key), "IN", values=[variant.key])
                name = f"{experiment.key}:{variant.key}"
                yield _strategy(parameter.key, name, (told,), variant.set[parameter.key])


def _ruled(snapshot: Snapshot, parameter: ParameterSchema) -> Iterator[dict[str, Any]]:
    declared = {attribute.key: attribute for attribute in snapshot.attributes}
    for rule in snapshot.rules:
        if parameter.key not in rule.set:
            continue
        try:
            formula = compile_audience(rule.audience, declared).formula
        except InvalidInput as error:
            raise _NoConstraint(f"the rule {rule.key}, which does not compile") from error
        for constraints in _either(formula):
            yield _strategy(parameter.key, f"rule:{rule.key}", constraints, rule.set[parameter.key])


def _either(formula: Formula) -> list[tuple[dict[str, Any], ...]]:
    """Return conjunctions of which one must hold: Unleash knows `and` inside a strategy and `or` between them."""
    match formula:
        case Const(value):
            return [()] if value else []
        case Either(items):
            return [each for item in items for each in _either(item)]
        case Both(items):
            found: list[tuple[dict[str, Any], ...]] = [()]
            for item in items:
                found = [(*left, *right) for left in found for right in _either(item)]
                if len(found) > _MAX_STRATEGIES:
                    raise _NoConstraint("an audience of so many alternatives")
            return found
        case Leaf():
            return [(_leaf(formula),)]
        case _:
            raise _NoConstraint("`!` and `? :`, under which a missing attribute is neither true nor false")


def _leaf(leaf: Leaf) -> dict[str, Any]:
    if leaf.key is None:
        raise _NoConstraint(f"arithmetic or a comparison between attributes ({', '.join(leaf.keys)})")
    values = [_text(each) for each in leaf.constants]
    if leaf.kind == "semver" and leaf.op in _VERSIONS:
        return _constraint(leaf.key, _VERSIONS[leaf.op], value=str(leaf.constants[0]))
    if leaf.kind in ("int", "float") and leaf.op in _NUMBERS:
        return _constraint(leaf.key, _NUMBERS[leaf.op], value=values[0])
    if leaf.kind in ("string", "enum", "bool") and leaf.op in ("==", "in"):
        return _constraint(leaf.key, "IN", values=values)
    if leaf.kind in ("string", "enum") and leaf.op in _TEXTS:
        return _constraint(leaf.key, _TEXTS[leaf.op], values=values)
    raise _NoConstraint(f"`{leaf.op}` of {leaf.key}, a {leaf.kind}")


def _constraint(name: str, operator: str, *, values: list[str] | None = None, value: str = "") -> dict[str, Any]:
    said = {"values": values} if values is not None else {"values": [], "value": value}
    return {"contextName": name, "operator": operator, "inverted": False, "caseInsensitive": False, **said}


def _strategy(parameter: str, title: str, constraints: tuple[dict[str, Any], ...], value: Scalar) -> dict[str, Any]:
    kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else "string"
    variant = {
        # Unleash takes no colon and no slash in a variant's name, and no key has a tilde.
        "name": title.replace(":", "~").replace("/", "~"),
        "weight": 1000,
        "weightType": "variable",
        "stickiness": "default",
        "payload": {"type": kind, "value": _text(value)},
    }
    return {
        "name": "flexibleRollout",
        "title": title,
        "disabled": False,
        "constraints": list(constraints),
        "parameters": {"rollout": "100", "stickiness": "default", "groupId": parameter},
        "variants": [variant],
        "segments": [],
    }


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
