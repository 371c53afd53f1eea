"""Regression adjustment on raw samples: least squares with errors that allow unequal variances or clusters."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.arms import Arm
from counterpoint.stats.comparison import compare_arms, digest_of
from counterpoint.stats.effects import Effect, Inference
from counterpoint.stats.means import require_units
from counterpoint.stats.summary import Summary, merge
from counterpoint.stats.tails import interval, p_value

_Array: TypeAlias = npt.NDArray[np.float64]


class Sandwich(StrEnum):
    """Covariance of coefficients: HC0 plain, HC2 leverage-corrected, CR1 clustered with a small-sample factor."""

    HC0 = "HC0"
    HC2 = "HC2"
    CR1 = "CR1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionEffect:
    """A coefficient read with normal quantiles; one look."""

    effect: float
    std_error: float
    z: float
    p_value: float
    ci_lower: float
    ci_upper: float
    method: str


def least_squares(
    y: npt.ArrayLike, columns: Sequence[npt.ArrayLike], sandwich: Sandwich, clusters: npt.ArrayLike | None = None
) -> tuple[_Array, _Array]:
    """Return coefficients and their covariance; an intercept comes first.

    Args:
        y: Outcome.
        columns: Regressors.
        sandwich: Kind of covariance.
        clusters: Label per row, for CR1.

    Raises:
        CannotCompute: `collinear` when a regressor repeats others.

    Source:
        MacKinnon and White 1985; CR1 with factor G/(G-1) * (n-1)/(n-k).
    """
    outcome = np.asarray(y, dtype=float)
    x = np.column_stack([np.ones(outcome.size), *[np.asarray(c, dtype=float) for c in columns]])
    if not (np.isfinite(outcome).all() and np.isfinite(x).all()):
        raise InvalidInput("not_finite", "a value is NaN or infinite", where="y")
    n, k = x.shape
    if n <= k or np.linalg.matrix_rank(x) < k:
        raise CannotCompute("collinear", f"{k} coefficients from {n} rows that repeat each other")
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ outcome
    residual = outcome - x @ beta
    if sandwich == Sandwich.CR1:
        if clusters is None:
            raise InvalidInput("clusters_missing", "clustered errors without clusters", where="clusters")
        _, label = np.unique(np.asarray(clusters), return_inverse=True)
        groups = int(label.max()) + 1
        if groups < 2:
            raise CannotCompute("too_few_units", "one cluster", where="clusters")
        scores = np.zeros((groups, k))
        np.add.at(scores, label, x * residual[:, None])
        meat = scores.T @ scores * (groups / (groups - 1) * (n - 1) / (n - k))
    else:
        leverage = np.einsum("ij,jk,ik->i", x, bread, x) if sandwich == Sandwich.HC2 else np.zeros(n)
        # A row that alone determines a coefficient has leverage 1 and residual 0.
        meat = (x * (residual**2 / np.maximum(1 - leverage, 1e-12))[:, None]).T @ x
    return beta, bread @ meat @ bread


def regression_effect(
    beta: _Array, covariance: _Array, position: int, method: str, alpha: float = 0.05
) -> RegressionEffect:
    """Return one coefficient with its interval."""
    effect, error = float(beta[position]), math.sqrt(max(float(covariance[position, position]), 0.0))
    if error == 0:
        raise CannotCompute("no_variation", "the residuals do not vary")
    lower, upper = interval(effect, error, alpha)
    return RegressionEffect(
        effect=effect,
        std_error=error,
        z=effect / error,
        p_value=p_value(effect / error),
        ci_lower=lower,
        ci_upper=upper,
        method=method,
    )


def ancova(
    y: npt.ArrayLike,
    treated: npt.ArrayLike,
    covariates: Sequence[npt.ArrayLike],
    *,
    sandwich: Sandwich = Sandwich.HC2,
    interacted: bool = True,
    alpha: float = 0.05,
) -> RegressionEffect:
    """Return the adjusted average treatment effect from unit rows.

    Args:
        y: Outcome per unit.
        treated: 0 or 1 per unit.
        covariates: Measured before exposure.
        sandwich: HC2 or HC0.
        interacted: Lin's estimator, each arm with slopes of its own; else one common slope.
        alpha: Level of the interval.

    Estimand:
        Average treatment effect; one look.

    Source:
        Lin 2013, Annals of Applied Statistics 7:295-318.
    """
    t = np.asarray(treated, dtype=float)
    centred = [np.asarray(c, dtype=float) - np.mean(np.asarray(c, dtype=float)) for c in covariates]
    crossed = [t * c for c in centred] if interacted else []
    beta, covariance = least_squares(y, [t, *centred, *crossed], sandwich)
    return regression_effect(beta, covariance, 1, "lin" if interacted else "ancova", alpha)


def compare_lin(control: Summary, treatment: Summary, inference: Inference | None = None) -> Effect:
    """Return Lin's adjusted effect from moments alone: slopes per arm, residual variances with n - 1 - k.

    Raises:
        CannotCompute: `too_few_units`, `collinear`, `no_variation`.

    Estimand:
        Average treatment effect; one look.

    Source:
        Lin 2013; the error is that of HC2 up to the leverage of single units, which moments cannot know.
    """
    names = control.covariates
    if not names:
        raise InvalidInput("no_covariates", "adjustment without a covariate", where="covariates")
    union = merge(control, treatment)
    centre = np.array([union.mean(c) for c in names])
    at = [control.index(c) for c in names]
    spread = np.asarray(union.matrix()[np.ix_(at, at)]) / (union.n - 1)
    arms, slopes = [], []
    for summary, where in ((control, "control"), (treatment, "treatment")):
        require_units(summary, where, len(names) + 2)
        moments = summary.matrix()
        gram, cross = moments[np.ix_(at, at)], moments[at, 0]
        if np.linalg.matrix_rank(gram) < len(names):
            raise CannotCompute("collinear", "a covariate does not vary or repeats others", where=where)
        slope = np.linalg.solve(gram, cross)
        residual = max(float(moments[0, 0] - slope @ cross), 0.0) / (summary.n - 1 - len(names))
        shift = np.array([summary.mean(c) for c in names]) - centre
        slopes.append(slope)
        arms.append(Arm(n=summary.n, mean=summary.mean() - float(slope @ shift), variance=residual))
    # The centre is estimated too; it matters as far as the slopes of the arms differ.
    gap = slopes[1] - slopes[0]
    extra = float(gap @ spread @ gap) / union.n
    treated = Arm(n=arms[1].n, mean=arms[1].mean, variance=arms[1].variance + extra * arms[1].n)
    return compare_arms(
        arms[0],
        treated,
        inference or Inference(),
        method="lin_moments",
        estimand="difference in means per unit",
        theta=tuple(float(s) for pair in slopes for s in pair),
        theta_scope="each arm its own",
        digest=digest_of("lin", control.digest(), treatment.digest()),
    )
