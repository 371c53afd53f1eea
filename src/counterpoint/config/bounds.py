"""Says whether a value may stand in a parameter: its type, its bounds, its enumeration."""

import math
from collections.abc import Mapping
from typing import Any, Protocol

from counterpoint.vocabulary import Finding, ParameterType, Severity


class Typed(Protocol):
    """What a value is checked against: a `Parameter`, or the `ParameterSchema` of a snapshot."""

    @property
    def key(self) -> str:
        """Name of the parameter."""

    @property
    def type(self) -> str:
        """One of `ParameterType`."""

    @property
    def min(self) -> float | None:
        """Least value of a number, inclusive."""

    @property
    def max(self) -> float | None:
        """Greatest value of a number, inclusive."""

    @property
    def values(self) -> tuple[str, ...]:
        """What an enumeration allows."""


def check_value(parameter: Typed, value: object, *, path: str | None = None) -> Finding | None:
    """Return what is wrong with `value` as a value of `parameter`, or None when it may stand.

    Args:
        parameter: What declares type, bounds and enumeration.
        value: Any value; a whole number may stand in a float, a truth value is no number.
        path: Where the value was written; the parameter's key when not given.

    Returns:
        None, or a finding `wrong_type` or `out_of_bounds`.
    """
    where = parameter.key if path is None else path
    kind = ParameterType(parameter.type)
    if not _has_type(kind, value):
        facts: dict[str, Any] = {"parameter": parameter.key, "type": str(kind), "value": _shown(value)}
        message = f"{parameter.key} is {_article(kind)}, and {_shown(value)!r} is not; give {_wanted(parameter, kind)}"
        return Finding(code="wrong_type", severity=Severity.ERROR, path=where, message=message, facts=facts)
    if kind is ParameterType.ENUM:
        if value in parameter.values:
            return None
        return _out(
            parameter, value, where, {"values": list(parameter.values)}, f"one of {', '.join(parameter.values)}"
        )
    if kind in (ParameterType.INT, ParameterType.FLOAT):
        number = float(value) if isinstance(value, (int, float)) and abs(value) < 1e300 else math.inf
        low, high = parameter.min, parameter.max
        if not math.isfinite(number) or (low is not None and number < low) or (high is not None and number > high):
            return _out(parameter, value, where, {"min": low, "max": high}, _wanted(parameter, kind))
    return None


def _has_type(kind: ParameterType, value: object) -> bool:
    if kind is ParameterType.BOOL:
        return isinstance(value, bool)
    if kind is ParameterType.INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is ParameterType.FLOAT:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, str)


def _out(parameter: Typed, value: object, path: str, facts: Mapping[str, Any], wanted: str) -> Finding:
    return Finding(
        code="out_of_bounds",
        severity=Severity.ERROR,
        path=path,
        message=f"{parameter.key} cannot be {_shown(value)!r}; give {wanted}",
        facts={"parameter": parameter.key, "value": _shown(value), **facts},
    )


def _wanted(parameter: Typed, kind: ParameterType) -> str:
    if kind is ParameterType.ENUM:
        return f"one of {', '.join(parameter.values)}"
    if kind is ParameterType.BOOL:
        return "true or false"
    if kind is ParameterType.STRING:
        return "text"
    noun = "a whole number" if kind is ParameterType.INT else "a finite number"
    low, high = parameter.min, parameter.max
    if low is not None and high is not None:
        return f"{noun} from {low:g} to {high:g}"
    if low is not None:
        return f"{noun} of {low:g} or more"
    return f"{noun} of {high:g} or less" if high is not None else noun


def _article(kind: ParameterType) -> str:
    names = {
        "bool": "a truth value",
        "int": "a whole number",
        "float": "a number",
        "string": "text",
        "enum": "one of its values",
    }
    return names[kind]


def _shown(value: object) -> Any:
    # JSON-compatible and short, whatever a stranger sent.
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 1 << 63 else "a number beyond 64 bits"
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return str(value)[:80]
