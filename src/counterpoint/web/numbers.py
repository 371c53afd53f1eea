"""How figures, times and moments are written for people."""

import json
import math
from datetime import datetime
from typing import Any

MINUS = "\N{MINUS SIGN}"
UNKNOWN = "\N{EN DASH}"
_FRACTIONS = frozenset({"proportion", "ratio"})


def signed_percent(share: float) -> str:
    """Return a relative change, `0.0176` as `+1.76 %`."""
    sign = MINUS if share < 0 else "+" if share > 0 else ""
    return f"{sign}{abs(share) * 100:,.2f} %"


def percent(share: float) -> str:
    """Return a share with as few digits as it needs, `0.1` as `10 %`."""
    return f"{share * 100:.4g} %".replace("-", MINUS)


def span(lower: float | None, upper: float | None) -> str:
    """Return an interval of relative changes; an end that does not exist is open."""
    ends = ["no bound" if end is None or not math.isfinite(end) else signed_percent(end) for end in (lower, upper)]
    return f"{ends[0]} to {ends[1]}"


def quantity(value: float | None, *, kind: str = "mean", unit: str | None = None) -> str:
    """Return the level of a metric in its unit.

    Args:
        kind: Type of the metric; proportions and ratios below 1 are written as per cent.
        unit: Unit of the metric, such as `min`.
    """
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if kind in _FRACTIONS and unit is None and abs(value) <= 1:
        return f"{value * 100:.3g} %".replace("-", MINUS)
    digits = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{digits} {unit}".strip().replace("-", MINUS) if unit else digits.replace("-", MINUS)


def whole(count: float | None) -> str:
    """Return a count with its thousands set apart."""
    return UNKNOWN if count is None else f"{count:,.0f}"


def duration(seconds: float) -> str:
    """Return how long the machine took."""
    if seconds < 0.0005:
        return "< 1 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 90:
        return f"{seconds:.1f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def moment(at: Any) -> str:
    """Return an ISO 8601 moment in words, in UTC; what is not one comes back as an en dash."""
    read = _read(at)
    return UNKNOWN if read is None else f"{read.day} {read:%b %Y, %H:%M} UTC"


def day(at: Any) -> str:
    """Return the day of an ISO 8601 moment."""
    read = _read(at)
    return UNKNOWN if read is None else f"{read.day} {read:%b %Y}"


def value(scalar: Any) -> str:
    """Return a parameter's value as it would be typed."""
    match scalar:
        case bool():
            return "on" if scalar else "off"
        case float():
            return f"{scalar:g}"
        case None:
            return UNKNOWN
        case str() | int():
            return str(scalar)
        case _:
            return json.dumps(scalar, ensure_ascii=False)


def p_value(p: float | None) -> str:
    """Return a p-value with its sign of relation: `p = 0.457`, `p < 0.001`."""
    if p is None:
        return "p unknown"
    return "p < 0.001" if p < 0.001 else f"p = {p:.3g}"


def _read(at: Any) -> datetime | None:
    if isinstance(at, datetime):
        return at
    if not isinstance(at, str):
        return None
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None
