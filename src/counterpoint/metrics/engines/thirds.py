"""Third moments in SQL: a second pass over values per unit, centred and scaled first so that cubes cannot overflow."""

import math
from dataclasses import dataclass

from counterpoint.metrics.engines.exact import SCALE, number
from counterpoint.metrics.engines.relations import Dialect
from counterpoint.stats import DENOMINATOR, METRIC, Summary

_PARTS = 1_000_000
_MOST_IN_64_BITS = 100_000_000
"""Units of a mean up to which cubes, and their sums, need no more than that: of n values none lies farther than the
square root of n standard deviations from their mean, so that cubes in millionths, and their sum, stay below
n^1.5 * 10^6, a ninth of what 64 bits hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What one metric's values are centred on and divided by, over all arms together.

    Attributes:
        centre: Mean of x - slope * y.
        spread: Its standard deviation, positive.
        slope: The ratio of totals; 0 for what is no ratio.
        n: Units.
    """

    n: int
    centre: float
    spread: float
    slope: float


def shape_of(total: Summary) -> Shape | None:
    """Return the shape of a metric from its moments over all arms; None when nothing varies or nothing is known."""
    slope = 0.0
    if DENOMINATOR in total.columns:
        if total.n == 0 or total.mean(DENOMINATOR) == 0:
            return None
        slope = total.mean() / total.mean(DENOMINATOR)
    if total.n < 2:
        return None
    variance = _cross(total, slope) / (total.n - 1)
    if variance <= 0:
        return None
    return Shape(n=total.n, centre=_mean(total, slope), spread=math.sqrt(variance), slope=slope)


def cube_sum(sql: Dialect, shape: Shape, x: str, y: str | None) -> str:
    """Return the SQL sum of cubes of the scaled values, in whole millionths: the same in any order of the rows.

    Args:
        sql: Of the engine that adds them up.
        shape: Of the metric.
        x: Column of the values in millionths.
        y: Column of the denominators in millionths, None for what is no ratio.
    """
    value = f"{x}::DOUBLE" if y is None else f"({x}::DOUBLE - {number(shape.slope)} * {y}::DOUBLE)"
    z = f"(({value} - {number(shape.centre * SCALE)}) / {number(shape.spread * SCALE)})"
    cube = f"round({z} * {z} * {z} * {_PARTS})"
    # Twice as fast. Of a ratio whose residuals nearly vanish, the spread has too few digits to rely on.
    fits = y is None and shape.n <= _MOST_IN_64_BITS
    return f"sum(CAST({cube} AS BIGINT))" if fits else f"sum({sql.wide(cube)})"


def linear_summary(summary: Summary, shape: Shape, cubes: int) -> Summary:
    """Return the moments, third included, of x - slope * y among the units of one arm.

    Args:
        summary: Of the arm.
        shape: Over all arms.
        cubes: The arm's `cube_sum`.
    """
    if summary.n == 0:
        return Summary.empty()
    mean, cross = _mean(summary, shape.slope), max(_cross(summary, shape.slope), 0.0)
    # Moved from the centre of all arms to the arm's own mean.
    d = (mean - shape.centre) / shape.spread
    third = cubes / _PARTS - 3 * d * cross / shape.spread**2 - summary.n * d**3
    return Summary(n=summary.n, means=(mean,), cross=(cross,), third=third * shape.spread**3)


def _mean(summary: Summary, slope: float) -> float:
    return summary.mean() - (slope * summary.mean(DENOMINATOR) if slope else 0.0)


def _cross(summary: Summary, slope: float) -> float:
    x = summary.covariance(METRIC, METRIC, ddof=0) * summary.n
    if not slope:
        return x
    xy = summary.covariance(METRIC, DENOMINATOR, ddof=0) * summary.n
    return x - 2 * slope * xy + slope**2 * summary.covariance(DENOMINATOR, DENOMINATOR, ddof=0) * summary.n
