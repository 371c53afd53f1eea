"""Turn two arms, each reduced to a mean and its variance, into an `Effect`: the step that all estimators share."""

import hashlib
import math

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.arms import Arm
from counterpoint.stats.effects import Effect, Inference, Reference, Relative
from counterpoint.stats.relative import RelativeEstimate, relative_estimate
from counterpoint.stats.tails import Alternative, interval, p_value


def compare_arms(
    control: Arm,
    treatment: Arm,
    inference: Inference,
    *,
    method: str,
    estimand: str,
    theta: tuple[float, ...] = (),
    theta_scope: str = "",
    trimmed: str = "",
    digest: str = "",
    p: float | None = None,
) -> Effect:
    """Return the effect of treatment minus control.

    Args:
        control: Control as reduced.
        treatment: Treatment as reduced.
        inference: Level, side, conventions.
        method: Name of the method.
        estimand: What is estimated.
        theta: Coefficients of covariates.
        theta_scope: Where they were fitted.
        trimmed: What was trimmed.
        digest: Of the inputs.
        p: A p-value that is not read off the standard error (pooled proportions).

    Raises:
        CannotCompute: `no_variation` when neither arm varies.
    """
    std_error, df, rule = pooled_error(control, treatment, inference.reference)
    estimate = treatment.mean - control.mean
    lower, upper = interval(estimate, std_error, inference.alpha, df, inference.alternative)
    found = p_value((estimate - inference.null) / std_error, df, inference.alternative) if p is None else p
    relative, notes = _relative(control, treatment, inference, std_error, df)
    return Effect(
        estimate=estimate,
        std_error=std_error,
        ci_lower=lower,
        ci_upper=upper,
        p_value=found,
        df=df,
        alpha=inference.alpha,
        alternative=inference.alternative,
        null=inference.null,
        relative_effect=relative.effect if relative else None,
        relative_std_error=relative.std_error if relative else None,
        relative_ci_lower=relative.ci_lower if relative else None,
        relative_ci_upper=relative.ci_upper if relative else None,
        relative=inference.relative if relative else None,
        method=method,
        estimand=estimand,
        df_rule=rule,
        theta=theta,
        theta_scope=theta_scope,
        n_control=control.n,
        n_treatment=treatment.n,
        control_mean=control.mean,
        treatment_mean=treatment.mean,
        trimmed=trimmed,
        notes=notes,
        digest=digest,
    )


def pooled_error(control: Arm, treatment: Arm, reference: Reference) -> tuple[float, float, str]:
    """Return standard error of the difference, degrees of freedom and the name of their rule."""
    for arm, where in ((control, "control"), (treatment, "treatment")):
        if arm.n < 2:
            raise CannotCompute(
                "too_few_units", f"{arm.n} units", where=where, fix="wait for at least two units in each arm"
            )
    if not (math.isfinite(control.variance) and math.isfinite(treatment.variance)):
        raise InvalidInput("not_finite", "a variance is not a number", where="variance")
    if control.variance <= 0 and treatment.variance <= 0:
        raise CannotCompute("no_variation", "every unit has the same value", fix="check that the metric is recorded")
    a, b = control.error, treatment.error
    if reference == Reference.POOLED:
        df = control.n + treatment.n - 2
        common = ((control.n - 1) * control.variance + (treatment.n - 1) * treatment.variance) / df
        return math.sqrt(common * (1 / control.n + 1 / treatment.n)), float(df), "n - 2"
    if reference == Reference.NORMAL:
        return math.sqrt(a + b), math.inf, "normal"
    return (
        math.sqrt(a + b),
        (a + b) ** 2 / (a**2 / (control.n - 1) + b**2 / (treatment.n - 1)),
        "Welch-Satterthwaite, unrounded",
    )


def digest_of(method: str, *digests: str) -> str:
    """Return 32 hexadecimal digits over a method's name and the digests of its inputs."""
    return hashlib.blake2b("|".join((method, *digests)).encode(), digest_size=16).hexdigest()


def _relative(
    control: Arm, treatment: Arm, inference: Inference, std_error: float, df: float
) -> tuple[RelativeEstimate | None, tuple[str, ...]]:
    if inference.relative == Relative.LOG and control.mean * treatment.mean <= 0:
        return None, ("means_not_of_one_sign",)
    if (control.mean if control.unadjusted_mean is None else control.unadjusted_mean) == 0:
        return None, ("zero_control_mean",)
    side = inference.alternative
    level = inference.alpha if side == Alternative.TWO_SIDED else 2 * inference.alpha
    welch = inference.reference == Reference.WELCH
    found = relative_estimate(
        control, treatment, alpha=level, df=df, convention=inference.relative, welch=welch, std_error=std_error
    )
    unbounded = math.isinf(found.ci_upper)
    return found.one_sided(side), (("relative_interval_unbounded",) if unbounded else ())
