"""The nearest thing that would do, for a name that is unknown or a value that is not allowed; often there is none."""

import math
from collections.abc import Iterable

from rapidfuzz.distance import OSA

from counterpoint.config import Parameter
from counterpoint.vocabulary import ParameterType, Scalar

_LETTERS_A_SLIP = 5
"""A name of so many letters may have one slip in it, of twice as many two; no name more than two."""


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` is a slip of; None when none is, or it may be one of two."""
    given = name.strip().lower()
    allowed = min(len(given) // _LETTERS_A_SLIP, 2)
    slips = sorted((OSA.distance(given, each), each) for each in known)
    if not slips or slips[0][0] > allowed or (len(slips) > 1 and slips[1][0] == slips[0][0]):
        return None
    return slips[0][1]


def nearest_value(parameter: Parameter, value: object) -> Scalar | None:
    """Return the value that the parameter allows and that `value` says or comes next to; None when nothing does."""
    kind = ParameterType(parameter.type)
    if kind is ParameterType.BOOL:
        return {"true": True, "false": False}.get(str(value).strip().lower())
    if kind in (ParameterType.INT, ParameterType.FLOAT):
        return _nearest_number(parameter, value, whole=kind is ParameterType.INT)
    if kind is ParameterType.ENUM and isinstance(value, str):
        return nearest_name(value, parameter.values)
    return None


def _nearest_number(parameter: Parameter, value: object, *, whole: bool) -> int | float | None:
    try:
        number = math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        return None
    if not math.isfinite(number) or (whole and number != int(number)):
        return None
    low = -math.inf if parameter.min is None else parameter.min
    high = math.inf if parameter.max is None else parameter.max
    within = min(max(number, low), high)
    return int(within) if whole else within
