"""Ways: the values that one quantity of a text can give to one numeric parameter."""

from collections.abc import Iterable

from counterpoint.agents.offline.dials import TIME_UNITS, is_share
from counterpoint.agents.offline.quantities import Kind, Quantity
from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType

_SAME = 1e-5
_MULTIPLIERS = (Kind.FACTOR, Kind.FRACTION, Kind.NUMBER, Kind.PERCENT)


def elided_unit(quantities: Iterable[Quantity]) -> float | None:
    """Return the unit, in ms, that a number leaves out because another value has said it: "two minutes, or ten"."""
    timed = (q for q in quantities if q.kind is Kind.TIME and q.bare)
    return next((q.value / q.bare for q in timed), None)


def plain_value(quantity: Quantity, parameter: Parameter, elided: float | None = None) -> float | None:
    """Return a quantity in the unit of a parameter, or None where it is of another kind.

    Args:
        elided: The unit of a number that has none, in ms; the parameter's own where None.
    """
    if quantity.kind is Kind.NUMBER and elided is not None and parameter.unit in TIME_UNITS:
        return quantity.bare * elided / TIME_UNITS[parameter.unit]
    if quantity.kind is Kind.TIME:
        return quantity.value / TIME_UNITS[parameter.unit] if parameter.unit in TIME_UNITS else None
    if quantity.kind in (Kind.PERCENT, Kind.POINTS, Kind.FRACTION):
        return quantity.value if is_share(parameter) else None
    if quantity.kind is Kind.FACTOR:
        return None
    return quantity.bare if quantity.kind is Kind.NUMBER else quantity.value


def values_by_way(quantity: Quantity, parameter: Parameter, elided: float | None = None) -> dict[str, float]:
    """Return the values that a quantity can give: as written, as a step from the baseline, as a multiple of it.

    Returns:
        Way (`set`, `up`, `down`, `times`, `pct_up`, `pct_down`) -> value in the parameter's unit, in bounds or not.
    """
    base = float(parameter.baseline)
    found: dict[str, float] = {}
    plain = plain_value(quantity, parameter, elided)
    if plain is not None:
        found["set"] = plain
        if quantity.kind is not Kind.FRACTION:
            found |= {"up": base + abs(plain), "down": base - abs(plain)}
    if quantity.kind in _MULTIPLIERS:
        found["times"] = base * (quantity.bare if quantity.kind is Kind.NUMBER else quantity.value)
    if quantity.kind in (Kind.PERCENT, Kind.FRACTION):
        share = abs(quantity.value)
        found |= {"pct_up": base * (1 + share), "pct_down": base * (1 - share)}
    return found


def settable(value: float, parameter: Parameter) -> float | int | None:
    """Return a value as the parameter takes it; None when it is out of bounds, no whole number where one is needed,
    or what everybody has today."""
    if parameter.type is ParameterType.INT:
        if abs(value - round(value)) > _SAME:
            return None
        value = round(value)
    else:
        value = round(value, 6)
    outside = (parameter.min is not None and value < parameter.min) or (
        parameter.max is not None and value > parameter.max
    )
    return None if outside or is_same(value, float(parameter.baseline)) else value


def is_same(one: float, other: float) -> bool:
    """Return whether two values of a parameter are one."""
    return abs(one - other) <= _SAME * max(1.0, abs(other))
