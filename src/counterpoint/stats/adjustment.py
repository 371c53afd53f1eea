"""CUPED: take out of a metric, or a ratio, what covariates measured before exposure explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.arms import Arm
from counterpoint.stats.comparison import compare_arms, digest_of
from counterpoint.stats.effects import Effect, Inference
from counterpoint.stats.means import require_units
from counterpoint.stats.summary import DENOMINATOR, METRIC, Summary, merge_all

Term: TypeAlias = str | tuple[str, str]
"""A column, or the ratio of two columns (numerator, denominator)."""

_Vector: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theta:
    """Coefficients of covariates and the point they are centred on.

    Attributes:
        coefficients: One for each covariate; 0 for one that does not vary.
        centres: Mean of each covariate where theta was fitted.
        covariates: What they belong to.
        scope: Over which arms theta was fitted.
    """

    coefficients: tuple[float, ...]
    centres: tuple[float, ...]
    covariates: tuple[Term, ...]
    scope: str


def compare_adjusted(
    control: Summary,
    treatment: Summary,
    inference: Inference | None = None,
    *,
    covariates: Sequence[Term] | None = None,
    theta: Theta | None = None,
    trimmed: str = "",
) -> Effect:
    """Return the difference of covariate-adjusted means, or of ratios when the summaries have a denominator.

    Args:
        control: Moments of control with covariates.
        treatment: Likewise.
        inference: How it is read.
        covariates: Columns or ratios of columns; all covariates of the summaries when None.
        theta: Coefficients fitted elsewhere, e.g. over all arms; fitted over the two arms together when None.
        trimmed: What was capped or left out, in words.

    Raises:
        InvalidInput: `no_covariates`.
        CannotCompute: `too_few_units`, `no_variation`, `zero_denominator`.

    Estimand:
        The same as without adjustment, with a smaller error; covariates must precede exposure; one look.

    Source:
        Deng, Xu, Kohavi and Walker 2013; for ratios Deng, Knoblich and Lu 2018.
    """
    used = theta or fit_theta([control, treatment], covariates)
    outcome: Term = (METRIC, DENOMINATOR) if DENOMINATOR in control.columns else METRIC
    method = "cuped_ratio" if isinstance(outcome, tuple) else "cuped"
    return compare_arms(
        adjusted_arm(control, used, outcome, "control"),
        adjusted_arm(treatment, used, outcome, "treatment"),
        inference or Inference(),
        method=method,
        estimand="difference in ratios of totals" if isinstance(outcome, tuple) else "difference in means per unit",
        theta=used.coefficients,
        theta_scope=used.scope,
        trimmed=trimmed,
        digest=digest_of(method, control.digest(), treatment.digest(), repr(used.covariates), repr(used.coefficients)),
    )


def fit_theta(arms: Sequence[Summary], covariates: Sequence[Term] | None = None) -> Theta:
    """Return coefficients fitted over the union of `arms`, variation between arms included."""
    if not arms:
        raise InvalidInput("no_arms", "theta of no arms", where="arms")
    union = merge_all(arms)
    terms = tuple(union.covariates if covariates is None else covariates)
    if not terms:
        raise InvalidInput("no_covariates", "adjustment without a covariate", where="covariates")
    require_units(union, "arms")
    outcome: Term = (METRIC, DENOMINATOR) if DENOMINATOR in union.columns else METRIC
    moments = union.matrix() / (union.n - 1)
    _, y = _linear(union, outcome)
    forms = [_linear(union, term) for term in terms]
    x = np.stack([weights for _, weights in forms], axis=1)
    gram, against_y = x.T @ moments @ x, x.T @ moments @ y
    varies = np.diag(gram) > 0
    coefficients = np.zeros(len(terms))
    if varies.any():
        # Least squares, not a solve: covariates that repeat each other share their coefficient instead of failing.
        coefficients[varies] = np.linalg.lstsq(gram[np.ix_(varies, varies)], against_y[varies], rcond=1e-12)[0]
    return Theta(
        coefficients=tuple(map(float, coefficients)),
        centres=tuple(value for value, _ in forms),
        covariates=terms,
        scope=f"union of {len(arms)} arms",
    )


def adjusted_arm(summary: Summary, theta: Theta, outcome: Term, where: str) -> Arm:
    """Return the arm whose figure is the outcome minus theta times the covariates' distance from their centres."""
    require_units(summary, where)
    value, y = _linear(summary, outcome)
    forms = [_linear(summary, term) for term in theta.covariates]
    weights = y - sum((t * w for t, (_, w) in zip(theta.coefficients, forms, strict=True)), np.zeros_like(y))
    shifts = (t * (x - c) for t, (x, _), c in zip(theta.coefficients, forms, theta.centres, strict=True))
    moments = summary.matrix() / (summary.n - 1)
    return Arm(
        n=summary.n,
        mean=value - sum(shifts),
        variance=max(float(weights @ moments @ weights), 0.0),
        unadjusted_mean=value,
        cov_unadjusted=float(weights @ moments @ y),
        unadjusted_variance=float(y @ moments @ y),
    )


def _linear(summary: Summary, term: Term) -> tuple[float, _Vector]:
    """Return a term's value, and the weights on columns whose combination varies as the term does."""
    weights = np.zeros(len(summary.columns))
    if isinstance(term, str):
        weights[summary.index(term)] = 1.0
        return summary.mean(term), weights
    below = summary.mean(term[1])
    if below == 0:
        raise CannotCompute("zero_denominator", "the denominator sums to zero", where=term[1])
    ratio = summary.mean(term[0]) / below
    weights[summary.index(term[0])] = 1 / below
    weights[summary.index(term[1])] -= ratio / below
    return ratio, weights
