"""Dials: what kind of number a parameter takes - a place on the page, a share, a length of time, a count."""

from collections.abc import Sequence

from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.agents.offline.text import Token
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType

TIME_UNITS = {
    "ms": 1.0,
    "s": 1000.0,
    "seconds": 1000.0,
    "min": 60_000.0,
    "minutes": 60_000.0,
    "hours": 3_600_000.0,
    "h": 3_600_000.0,
    "days": 86_400_000.0,
    "weeks": 604_800_000.0,
}


def is_position(parameter: Parameter) -> bool:
    """Return whether the parameter is a place on the page, of which 1 is the top."""
    return parameter.type is ParameterType.INT and "position" in parameter.key


def is_share(parameter: Parameter) -> bool:
    """Return whether the parameter is a share or a weight, which people write in per cent."""
    return (
        parameter.type is ParameterType.FLOAT
        and parameter.unit is None
        and parameter.max is not None
        and parameter.max <= 1
    )


def is_time(parameter: Parameter) -> bool:
    """Return whether the parameter is a length of time."""
    return parameter.unit in TIME_UNITS


def says_position(quantity: Quantity, tokens: Sequence[Token]) -> bool:
    """Return whether the words around a number make it a place on the page: "position 2", "second place"."""
    before = tokens[quantity.start - 1].text if quantity.start else ""
    after = tokens[quantity.end].text if quantity.end < len(tokens) else ""
    if quantity.kind is Kind.NUMBER:
        return before in ("position", "place", "slot", "spot", "row", "rank", "number")
    return quantity.kind is Kind.ORDINAL and (
        after in ("place", "position", "slot", "spot", "row")
        or (after == "from" and "top" in [t.text for t in tokens[quantity.end : quantity.end + 3]])
    )


def takes_time(parameter: Parameter, quantity: Quantity) -> bool:
    """Return whether a length of time lies within the bounds of a parameter that is one."""
    if not is_time(parameter) or parameter.min is None or parameter.max is None:
        return False
    return parameter.min <= quantity.value / TIME_UNITS[parameter.unit or "ms"] <= parameter.max


def is_number(parameter: Parameter) -> bool:
    """Return whether the parameter is numeric."""
    return parameter.type in (ParameterType.INT, ParameterType.FLOAT)
