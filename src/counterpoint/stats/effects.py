"""What a comparison of two arms says, in two types: one for a single look, one for any number of looks."""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from counterpoint.errors import InvalidInput
from counterpoint.stats.tails import Alternative, check_share, interval, p_value


class Relative(StrEnum):
    """How the interval of treatment / control - 1 is made.

    DELTA: symmetric, delta method. LOG: exponentiated interval of the log ratio. FIELLER: exact under normality, may be
    unbounded. FIXED: the absolute interval over the control mean taken as known; too narrow when that mean is noisy.
    """

    DELTA = "delta"
    LOG = "log"
    FIELLER = "fieller"
    FIXED = "fixed"


class Reference(StrEnum):
    """The distribution a statistic is read against, and with it the rule for degrees of freedom.

    WELCH: Student's t, Satterthwaite's degrees of freedom, unrounded. POOLED: Student's t with one common variance.
    NORMAL: the normal distribution.
    """

    WELCH = "welch"
    POOLED = "pooled"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """How a comparison is to be read.

    Attributes:
        alpha: Level of the test and of its interval (1 - alpha), in (0, 1).
        alternative: Side of the alternative; one-sided intervals have one infinite end.
        relative: Convention of the relative effect.
        reference: Distribution of the statistic.
        null: Difference under the null hypothesis, in the metric's units.
    """

    alpha: float = 0.05
    alternative: Alternative = Alternative.TWO_SIDED
    relative: Relative = Relative.DELTA
    reference: Reference = Reference.WELCH
    null: float = 0.0

    def __post_init__(self) -> None:
        check_share(self.alpha, "alpha")
        if not math.isfinite(self.null):
            raise InvalidInput("not_finite", "the null difference is not a number", where="null")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The difference between two arms as ONE look at a horizon fixed in advance shows it.

    A second look at an `Effect` breaks its error rates; what is watched is an `AnytimeEffect`.

    Attributes:
        estimate: Treatment minus control.
        std_error: Of the estimate.
        ci_lower: Lower end of the (1 - alpha) interval, -inf when one-sided.
        ci_upper: Upper end, inf when one-sided.
        p_value: Against the null, for the alternative.
        df: Degrees of freedom; inf means normal.
        alpha: Level of test and interval.
        alternative: Side of the alternative.
        null: Difference under the null hypothesis.
        relative_effect: Estimate over the absolute control mean; None when that mean is zero.
        relative_std_error: Of the relative effect, by the delta method; None with it.
        relative_ci_lower: Lower end of the relative interval; None with it.
        relative_ci_upper: Upper end; None with it.
        relative: Convention of the relative interval.
        method: Name of the method.
        estimand: What the estimate estimates, in words.
        df_rule: How degrees of freedom were found.
        theta: Coefficients of the covariates, empty without adjustment.
        theta_scope: Over which arms theta was fitted.
        n_control: Units in control.
        n_treatment: Units in treatment.
        control_mean: Of the arm as compared (after adjustment or trimming).
        treatment_mean: Likewise.
        corrections: Corrections for multiplicity that p_value and interval already contain.
        trimmed: What was capped or left out, in words.
        notes: Codes of what the reader must know, such as `zero_control_mean`.
        digest: Of the inputs.
        n_looks: Always 1.
    """

    estimate: float
    std_error: float
    ci_lower: float
    ci_upper: float
    p_value: float
    df: float
    alpha: float
    alternative: Alternative = Alternative.TWO_SIDED
    null: float = 0.0
    relative_effect: float | None = None
    relative_std_error: float | None = None
    relative_ci_lower: float | None = None
    relative_ci_upper: float | None = None
    relative: Relative | None = None
    method: str
    estimand: str
    df_rule: str
    theta: tuple[float, ...] = ()
    theta_scope: str = ""
    n_control: int
    n_treatment: int
    control_mean: float
    treatment_mean: float
    corrections: tuple[str, ...] = ()
    trimmed: str = ""
    notes: tuple[str, ...] = ()
    digest: str = ""
    n_looks: Literal[1] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnytimeEffect:
    """The difference between two arms, its interval and p-value valid however often it is looked at.

    Attributes as of `Effect`; besides them:

    Attributes:
        valid_for: At which looks the guarantee holds, in words ("every look after the burn-in", "the planned looks").
        critical: Multiple of the standard error that makes the interval at this look.
        burn_in: Units of both arms before which no interval is given.
        tuning_n: Units at which a confidence sequence is tightest; 0 for group-sequential looks.
        alpha_spent: Share of the error spent so far; alpha itself for sequences valid at every look.
        n_looks: Looks taken so far, None when unlimited.
    """

    estimate: float
    std_error: float
    ci_lower: float
    ci_upper: float
    p_value: float
    alpha: float
    alternative: Alternative = Alternative.TWO_SIDED
    null: float = 0.0
    df: float = math.inf
    relative_effect: float | None = None
    relative_std_error: float | None = None
    relative_ci_lower: float | None = None
    relative_ci_upper: float | None = None
    relative: Relative | None = None
    method: str
    estimand: str
    df_rule: str = "normal"
    theta: tuple[float, ...] = ()
    theta_scope: str = ""
    n_control: int
    n_treatment: int
    control_mean: float
    treatment_mean: float
    corrections: tuple[str, ...] = ()
    trimmed: str = ""
    notes: tuple[str, ...] = ()
    digest: str = ""
    valid_for: str
    critical: float
    burn_in: int = 0
    tuning_n: float = 0.0
    alpha_spent: float
    n_looks: int | None = None


def excludes_null(effect: Effect | AnytimeEffect) -> bool:
    """Return whether the interval leaves out the null difference."""
    return not effect.ci_lower <= effect.null <= effect.ci_upper


def at_level(effect: Effect, alpha: float, *, correction: str = "") -> Effect:
    """Return `effect` with its intervals at another level.

    Raises:
        InvalidInput: `interval_not_rescalable` for relative intervals that are not symmetric; ask the estimator again.
    """
    check_share(alpha, "alpha")
    lower, upper = interval(effect.estimate, effect.std_error, alpha, effect.df, effect.alternative)
    named = (*effect.corrections, correction) if correction else effect.corrections
    changed = replace(effect, alpha=alpha, ci_lower=lower, ci_upper=upper, corrections=named)
    if effect.relative_effect is None or effect.relative_std_error is None:
        return changed
    if effect.relative not in {Relative.DELTA, Relative.FIXED}:
        raise InvalidInput(
            "interval_not_rescalable",
            f"a {effect.relative} interval is not made from its standard error",
            where="relative",
        )
    low, high = interval(effect.relative_effect, effect.relative_std_error, alpha, effect.df, effect.alternative)
    return replace(changed, relative_ci_lower=low, relative_ci_upper=high)


def against(effect: Effect, null: float, alternative: Alternative) -> Effect:
    """Return `effect` tested against another null difference and side, its interval made to agree."""
    lower, upper = interval(effect.estimate, effect.std_error, effect.alpha, effect.df, alternative)
    p = p_value((effect.estimate - null) / effect.std_error, effect.df, alternative)
    return replace(
        effect, null=null, alternative=alternative, ci_lower=lower, ci_upper=upper, p_value=p, notes=effect.notes
    )
