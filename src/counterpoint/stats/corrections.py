"""Corrections of p-values for the number of tests, each with the level at which an interval agrees."""

import math
from collections.abc import Callable, Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from counterpoint.errors import InvalidInput

_Array = npt.NDArray[np.float64]


class Correction(StrEnum):
    """Ways to correct for many tests: family-wise error, or false discovery rate (bh, by)."""

    BONFERRONI = "bonferroni"
    HOLM = "holm"
    HOCHBERG = "hochberg"
    HOMMEL = "hommel"
    SIDAK = "sidak"
    HOLM_SIDAK = "holm_sidak"
    BH = "bh"
    BY = "by"


def adjust_p_values(p_values: Sequence[float], correction: Correction) -> tuple[float, ...]:
    """Return adjusted p-values in the order given: reject where at most alpha.

    Raises:
        InvalidInput: `p_value_out_of_range` for a value outside [0, 1] or NaN.

    Source:
        Holm 1979, Hochberg 1988, Hommel 1988, Benjamini and Hochberg 1995, Benjamini and Yekutieli 2001.
    """
    p = np.asarray(p_values, dtype=float)
    if p.ndim != 1 or not bool(np.all((p >= 0) & (p <= 1))):
        raise InvalidInput("p_value_out_of_range", "a p-value is not in [0, 1]", where="p_values")
    if p.size == 0:
        return ()
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(_RULES[correction](p[order]), 1.0)
    return tuple(map(float, adjusted))


def agreeing_level(p_values: Sequence[float], position: int, alpha: float, correction: Correction) -> float:
    """Return the level at which the uncorrected interval of one test agrees with its corrected p-value.

    The interval at this level leaves out the null exactly when the adjusted p-value is at most alpha. Single-step
    corrections have one level for all tests; for step-wise ones it depends on the other p-values, which is honest about
    the decision but is not a simultaneous confidence set.

    Args:
        p_values: Of the whole family.
        position: Which of them.
        alpha: Level of the family, in (0, 1).
        correction: How the family is corrected.
    """
    m = len(p_values)
    if not 0 <= position < m:
        raise InvalidInput("unknown_test", f"no test at position {position}", where="position")
    if correction == Correction.BONFERRONI:
        return alpha / m
    if correction == Correction.SIDAK:
        return -math.expm1(math.log1p(-alpha) / m)
    # Bisect for the largest p-value this test could have had and still be rejected beside the others.
    others = list(p_values)
    low, high = 0.0, alpha
    for _ in range(60):
        middle = (low + high) / 2
        others[position] = middle
        if adjust_p_values(others, correction)[position] <= alpha:
            low = middle
        else:
            high = middle
    return low if low > alpha / m / 2 else alpha / m


def _step_up(scaled: _Array) -> _Array:
    running: _Array = np.minimum.accumulate(scaled[::-1])
    return running[::-1]


def _hommel(p: _Array) -> _Array:
    m = p.size
    ranks = np.arange(1, m + 1)
    q = np.full(m, float(np.min(m * p / ranks)))
    best = q.copy()
    for j in range(m - 1, 1, -1):
        split = m - j + 1
        bound = float(np.min(j * p[split:] / np.arange(2, j + 1)))
        q[:split] = np.minimum(j * p[:split], bound)
        q[split:] = q[m - j]
        best = np.maximum(best, q)
    adjusted: _Array = np.maximum(best, p)
    return adjusted


def _log_complement(p: _Array) -> _Array:
    # A p-value of 1 has no complement; minus infinity carries it through to exactly 1.
    with np.errstate(divide="ignore"):
        found: _Array = np.log1p(-p)
    return found


def _ranks(p: _Array) -> _Array:
    return np.arange(1, p.size + 1, dtype=float)


_RULES: dict[Correction, Callable[[_Array], _Array]] = {
    Correction.BONFERRONI: lambda p: p * p.size,
    Correction.HOLM: lambda p: np.maximum.accumulate(p * (p.size + 1 - _ranks(p))),
    Correction.HOCHBERG: lambda p: _step_up(p * (p.size + 1 - _ranks(p))),
    Correction.HOMMEL: _hommel,
    Correction.SIDAK: lambda p: -np.expm1(p.size * _log_complement(p)),
    Correction.HOLM_SIDAK: lambda p: np.maximum.accumulate(-np.expm1((p.size + 1 - _ranks(p)) * _log_complement(p))),
    Correction.BH: lambda p: _step_up(p * p.size / _ranks(p)),
    Correction.BY: lambda p: _step_up(p * p.size / _ranks(p) * float(np.sum(1 / _ranks(p)))),
}
