"""Compare very many cells at once: metrics by variants by segments, from arrays of ready moments."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy  # its parts are loaded at their first use: 0.3 s that a command which only reads does without

from counterpoint.errors import InvalidInput
from counterpoint.stats.tails import check_share

_Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Moments of one arm of many cells, one entry per cell.

    Attributes:
        n: Units.
        mean: Of the metric, or the ratio.
        variance: Per unit, sample variance or that of the linearised ratio.
    """

    n: _Array
    mean: _Array
    variance: _Array

    def __post_init__(self) -> None:
        if not self.n.shape == self.mean.shape == self.variance.shape:
            raise InvalidInput("shapes_differ", "n, mean and variance differ in shape", where="n")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManyEffects:
    """Welch's test in every cell, for one look; cells that cannot be computed hold NaN and a code.

    Attributes as of `Effect`, one entry per cell.

    Attributes:
        code: "" where computed, else `too_few_units`, `no_variation` or `not_finite`.
    """

    estimate: _Array
    std_error: _Array
    df: _Array
    p_value: _Array
    ci_lower: _Array
    ci_upper: _Array
    relative_effect: _Array
    relative_std_error: _Array
    relative_ci_lower: _Array
    relative_ci_upper: _Array
    code: npt.NDArray[np.str_]


def moments_from_sums(n: npt.ArrayLike, total: npt.ArrayLike, total_sq: npt.ArrayLike) -> Moments:
    """Return the moments of means from plain sums, one entry per cell."""
    count, s, q = (np.asarray(v, dtype=float) for v in (n, total, total_sq))
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = s / count
        variance = np.maximum(q - s * mean, 0.0) / (count - 1)
    return Moments(n=count, mean=mean, variance=variance)


def ratio_moments_from_sums(
    n: npt.ArrayLike,
    sums: tuple[npt.ArrayLike, npt.ArrayLike],
    products: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike],
) -> Moments:
    """Return the moments of ratios of totals from plain sums.

    Args:
        n: Units.
        sums: Of metric and denominator.
        products: Of metric squared, metric times denominator, denominator squared.
    """
    count, y, d = (np.asarray(v, dtype=float) for v in (n, *sums))
    yy, yd, dd = (np.asarray(v, dtype=float) for v in products)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = y / d
        below = d / count
        # The linearised values y - ratio * d have mean zero, so their sum of squares needs no centring.
        spread = np.maximum(yy - 2 * ratio * yd + ratio**2 * dd, 0.0) / (count - 1)
        return Moments(n=count, mean=ratio, variance=spread / below**2)


def compare_many(control: Moments, treatment: Moments, *, alpha: float = 0.05) -> ManyEffects:
    """Return Welch's test and the delta-method relative effect of every cell.

    Args:
        control: One entry per cell.
        treatment: Likewise.
        alpha: Level of every interval, not corrected for the number of cells.

    Raises:
        InvalidInput: `shapes_differ`.

    Estimand:
        Difference per unit in each cell; one look.
    """
    check_share(alpha, "alpha")
    if control.n.shape != treatment.n.shape:
        raise InvalidInput("shapes_differ", "control and treatment differ in shape", where="treatment")
    few = (control.n < 2) | (treatment.n < 2)
    finite = np.isfinite(control.mean) & np.isfinite(treatment.mean)
    finite &= np.isfinite(control.variance) & np.isfinite(treatment.variance)
    flat = (control.variance <= 0) & (treatment.variance <= 0)
    bad = few | flat | ~finite
    code = np.select([few, ~finite, flat], ["too_few_units", "not_finite", "no_variation"], default="")
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = control.variance / control.n, treatment.variance / treatment.n
        error = np.where(bad, np.nan, np.sqrt(a + b))
        estimate = np.where(bad, np.nan, treatment.mean - control.mean)
        df = np.where(bad, np.nan, (a + b) ** 2 / (a**2 / (control.n - 1) + b**2 / (treatment.n - 1)))
        p = np.minimum(2 * scipy.special.stdtr(df, -np.abs(estimate / error)), 1.0)
        critical = -scipy.special.stdtrit(df, alpha / 2)
        base = np.where(control.mean == 0, np.nan, control.mean)
        lift = estimate / np.abs(base)
        lift_error = np.sqrt(b / base**2 + treatment.mean**2 * a / base**4) + 0 * error
    return ManyEffects(
        estimate=estimate,
        std_error=error,
        df=df,
        p_value=p,
        ci_lower=estimate - critical * error,
        ci_upper=estimate + critical * error,
        relative_effect=lift,
        relative_std_error=lift_error,
        relative_ci_lower=lift - critical * lift_error,
        relative_ci_upper=lift + critical * lift_error,
        code=code,
    )
