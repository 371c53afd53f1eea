"""Do two experiments that share units disturb each other: in their effects, or in who is assigned to them?"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.arms import Arm
from counterpoint.stats.corrections import Correction, adjust_p_values
from counterpoint.stats.means import mean_arm
from counterpoint.stats.quantiles import ValueCounts, quantile_arm
from counterpoint.stats.ratios import ratio_arm
from counterpoint.stats.summary import DENOMINATOR, Summary
from counterpoint.stats.tails import interval, p_value

Cell = tuple[int, int]
"""(arm of experiment A, arm of experiment B); 0 is control."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """How much the effect of A changes when B treats; one look, normal quantiles.

    Attributes:
        interaction: (m11 - m10) - (m01 - m00).
        std_error: Unpooled.
        z: Ratio of the two.
        p_value: Two-sided.
        ci_lower: Of the interaction.
        ci_upper: Of the interaction.
        effect_a: Effect of A averaged over B's arms, in equal parts.
        effect_b: Effect of B averaged over A's arms, in equal parts.
    """

    interaction: float
    std_error: float
    z: float
    p_value: float
    ci_lower: float
    ci_upper: float
    effect_a: float
    effect_b: float


def interaction(cells: Mapping[Cell, Summary], alpha: float = 0.05) -> Interaction:
    """Return the interaction in a two-by-two table of arms, of means or, with denominators, of ratios.

    Args:
        cells: Moments of the units in each pair of arms; all four of (0,0), (0,1), (1,0), (1,1).
        alpha: Level of the interval.

    Raises:
        InvalidInput: `cells_missing`.
        CannotCompute: `too_few_units`, `no_variation`, `zero_denominator`.

    Source:
        Least squares on y ~ a * b with HC2 errors, which is the unpooled contrast of four means; for ratios, of four
        linearised ones.
    """
    arm = ratio_arm if any(DENOMINATOR in cell.columns for cell in cells.values()) else mean_arm
    return _contrast({c: arm(cells[c], f"cells.{c[0]}{c[1]}") for c in _needed(cells)}, alpha)


def interaction_of_quantiles(
    cells: Mapping[Cell, tuple[ValueCounts, Summary | None]], p: float, alpha: float = 0.05
) -> Interaction:
    """Return the interaction of p-quantiles in a two-by-two table of arms.

    Args:
        cells: Values of each pair of arms, and how they cluster by unit, as for `compare_quantiles`.
        p: Which quantile, in (0, 1).
        alpha: Level of the interval.

    Raises:
        InvalidInput: `cells_missing`.
        CannotCompute: `quantile_out_of_reach`, `no_variation`.
    """
    return _contrast(
        {c: quantile_arm(cells[c][0], p, cells[c][1], f"cells.{c[0]}{c[1]}") for c in _needed(cells)}, alpha
    )


def _needed(cells: Collection[Cell]) -> tuple[Cell, ...]:
    needed = ((0, 0), (0, 1), (1, 0), (1, 1))
    if any(c not in cells for c in needed):
        raise InvalidInput(
            "cells_missing", "a pair of arms is missing", where="cells", facts={"needed": [list(c) for c in needed]}
        )
    return needed


def _contrast(arms: Mapping[Cell, Arm], alpha: float) -> Interaction:
    error = math.sqrt(sum(a.error for a in arms.values()))
    if error == 0:
        raise CannotCompute("no_variation", "every unit has the same value")
    m = {c: a.mean for c, a in arms.items()}
    found = (m[1, 1] - m[1, 0]) - (m[0, 1] - m[0, 0])
    lower, upper = interval(found, error, alpha)
    return Interaction(
        interaction=found,
        std_error=error,
        z=found / error,
        p_value=p_value(found / error),
        ci_lower=lower,
        ci_upper=upper,
        effect_a=(m[1, 1] + m[1, 0] - m[0, 1] - m[0, 0]) / 2,
        effect_b=(m[1, 1] + m[0, 1] - m[1, 0] - m[0, 0]) / 2,
    )


def screen_interactions(p_values: Sequence[float], q: float = 0.05) -> tuple[bool, ...]:
    """Return which pairs interact, their false discovery rate held at q.

    Source:
        Benjamini and Hochberg 1995.
    """
    return tuple(p <= q for p in adjust_p_values(p_values, Correction.BH))


def assignment_dependence(counts: Sequence[Sequence[int]]) -> tuple[float, int, float]:
    """Return chi-square, degrees of freedom and p-value of independence of two assignments.

    Args:
        counts: Units by arm of A (rows) and arm of B (columns).

    Raises:
        InvalidInput: `negative_count`, `shapes_differ`.
        CannotCompute: `no_units` when a row or a column is empty.
    """
    if len(counts) < 2 or len({len(r) for r in counts}) != 1 or len(counts[0]) < 2:
        raise InvalidInput("shapes_differ", "a table of at least two rows and two columns is needed", where="counts")
    if any(c < 0 for row in counts for c in row):
        raise InvalidInput("negative_count", "a count is below zero", where="counts")
    rows = [sum(r) for r in counts]
    columns = [sum(c) for c in zip(*counts, strict=True)]
    total = sum(rows)
    if min(*rows, *columns) == 0:
        raise CannotCompute("no_units", "an arm has no unit", where="counts")
    chi2 = sum(
        (counts[i][j] - rows[i] * columns[j] / total) ** 2 / (rows[i] * columns[j] / total)
        for i in range(len(rows))
        for j in range(len(columns))
    )
    df = (len(rows) - 1) * (len(columns) - 1)
    return chi2, df, float(scipy.special.chdtrc(df, chi2))
