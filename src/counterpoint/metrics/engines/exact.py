"""Exact sums: values as whole millionths, so that their sums are the same in any order and on any engine."""

from collections.abc import Sequence
from typing import Any

from counterpoint.metrics.engines.relations import Dialect
from counterpoint.stats import Summary

SCALE = 1_000_000
"""Values are kept to a millionth of their unit."""


def column_sums(sql: Dialect, columns: Sequence[str]) -> list[str]:
    """Return SQL aggregates of integer columns: their sums, then the lower triangle of their products."""
    wide = [sql.wide(c) for c in columns]
    products = [f"sum({wide[i]} * {wide[j]})" for i in range(len(columns)) for j in range(i + 1)]
    return [f"sum({c})" for c in wide] + products


def number(value: float) -> str:
    """Return SQL that is this very number; a plain literal is a decimal fraction to some engines."""
    return f"CAST('{value!r}' AS DOUBLE)"


def exact_summary(n: int, cells: Sequence[Any], columns: tuple[str, ...], *, scale: int = SCALE) -> Summary:
    """Return the summary of `n` units from one row of `column_sums`, correct to the last bit.

    Args:
        n: Units.
        cells: Sums and products as integers, None for no units.
        columns: Names of the columns, the metric first.
        scale: How many parts a unit of value was cut into.
    """
    k = len(columns)
    if n == 0:
        return Summary.empty(columns)
    s = [int(x or 0) for x in cells[:k]]
    p = [int(x or 0) for x in cells[k : k + k * (k + 1) // 2]]
    pairs = [(i, j) for i in range(k) for j in range(i + 1)]
    # Integers divide once, at the very end: no rounding on the way, whatever the size of the sums.
    means = tuple(x / (n * scale) for x in s)
    cross = tuple((n * p[at] - s[i] * s[j]) / (n * scale * scale) for at, (i, j) in enumerate(pairs))
    return Summary(n=n, means=means, cross=cross, columns=columns)
