"""Moments in SQL: the aggregates that one pass computes for every measure, and the summaries they make."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from counterpoint.errors import InvalidInput
from counterpoint.metrics.measures import Measure, Unmeasured
from counterpoint.stats import DENOMINATOR, METRIC, Summary


def value_columns(measures: Sequence[Measure]) -> list[tuple[str, str, Measure]]:
    """Return (alias, column, measure) of every figure that `aggregates` expects, one row per unit, as DOUBLE.

    Aliases keep two measures of one column apart: added up for a mean, any for a proportion.
    """
    out = []
    for i, measure in enumerate(measures):
        out.append((f"x{i}", measure.numerator, measure))
        if measure.denominator is not None:
            out.append((f"y{i}", measure.denominator, measure))
    return out


def aggregates(measures: Sequence[Measure], complete: Collection[str] = ()) -> list[str]:
    """Return the SQL aggregates of all measures, in the order that `summaries` reads them.

    The figures stand in the aliases of `value_columns`, each less its shift: a constant near its mean, which keeps the
    digits that plain sums of squares lose. Proportions have no shift.

    Args:
        measures: What is measured.
        complete: Columns known to have a value in every row: counting them again costs a tenth of the pass.
    """
    out: list[str] = []

    def found(alias: str, column: str) -> str:
        return "count(*)" if column in complete else f"count({alias})"

    for i, measure in enumerate(measures):
        x, y = f"x{i}", f"y{i}"
        if measure.type == "proportion":
            out += [found(x, measure.numerator), f"sum({x})", f"count(*) FILTER (WHERE {x} NOT IN (0, 1))"]
            continue
        out += [found(x, measure.numerator), f"sum({x})", f"sum({x} * {x})"]
        if measure.denominator is not None:
            out += [found(y, measure.denominator), f"sum({y})", f"sum({x} * {y})", f"sum({y} * {y})"]
    return out


def summaries(
    measures: Sequence[Measure], shifts: Mapping[str, float], n: int, row: Sequence[Any]
) -> dict[str, Summary | Unmeasured]:
    """Return the summary of each measure over `n` units, from one row of `aggregates`."""
    cells = iter(row)
    return {
        m.key: _summary(m, shifts.get(f"x{i}", 0.0), shifts.get(f"y{i}", 0.0), n, cells) for i, m in enumerate(measures)
    }


def _summary(measure: Measure, x_shift: float, y_shift: float, n: int, cells: Iterator[Any]) -> Summary | Unmeasured:
    if measure.type == "proportion":
        found, total, n_other = next(cells), next(cells), next(cells)
        problem = _problem(measure.numerator, n, found, total)
        if problem is None and n_other:
            problem = Unmeasured(
                code="not_a_proportion", reason=f"{n_other} of {n} values of {measure.numerator} are neither 0 nor 1"
            )
        return problem or Summary.from_counts(int(total or 0), n)
    found, sx, sxx = next(cells), next(cells), next(cells)
    problem = _problem(measure.numerator, n, found, sxx)
    columns: tuple[str, ...]
    if measure.denominator is None:
        sums, products, columns, shift = [sx], [sxx], (METRIC,), [x_shift]
    else:
        found, sy, sxy, syy = next(cells), next(cells), next(cells), next(cells)
        problem = problem or _problem(measure.denominator, n, found, syy)
        sums, products, columns, shift = [sx, sy], [sxx, sxy, syy], (METRIC, DENOMINATOR), [x_shift, y_shift]
    if problem is not None or n == 0:
        return problem or Summary.empty(columns)
    try:
        return Summary.from_sums(n, sums, products, columns=columns, shift=shift)
    except InvalidInput as error:
        return Unmeasured(code=error.code, reason=error.sentence)


def _problem(column: str, n: int, found: int, total: float | None) -> Unmeasured | None:
    if found < n:
        # Leaving them out would compare the units that have a value, which is not what was randomised.
        return Unmeasured(
            code="missing_values",
            reason=f"{n - found} of {n} values of {column} are missing; write 0 where nothing happened",
        )
    if total is not None and not math.isfinite(total):
        return Unmeasured(code="not_finite", reason=f"a value of {column} is NaN, infinite or too large to be squared")
    return None
