"""Compare the means of two arms."""

from counterpoint.errors import CannotCompute
from counterpoint.stats.arms import Arm
from counterpoint.stats.comparison import compare_arms, digest_of
from counterpoint.stats.effects import Effect, Inference, Reference
from counterpoint.stats.summary import Summary

_NAMES = {Reference.WELCH: "welch_t", Reference.POOLED: "student_t_pooled", Reference.NORMAL: "z_unpooled"}


def compare_means(
    control: Summary, treatment: Summary, inference: Inference | None = None, *, trimmed: str = ""
) -> Effect:
    """Return the difference of the means of the metric, treatment minus control.

    Args:
        control: Moments of control.
        treatment: Moments of treatment.
        inference: How it is read; Welch's t-test at 0.05, two-sided, by default.
        trimmed: What was capped or left out before summing, in words.

    Raises:
        CannotCompute: `too_few_units` below two units in an arm, `no_variation`.

    Estimand:
        Average treatment effect on the units summarised; one look.

    Source:
        Welch 1947; degrees of freedom by Satterthwaite 1946, unrounded.
    """
    inference = inference or Inference()
    method = _NAMES[inference.reference]
    return compare_arms(
        mean_arm(control, "control"),
        mean_arm(treatment, "treatment"),
        inference,
        method=method,
        estimand="difference in means per unit",
        trimmed=trimmed,
        digest=digest_of(method, control.digest(), treatment.digest()),
    )


def mean_arm(summary: Summary, where: str) -> Arm:
    """Return the arm whose figure is the mean of the metric."""
    require_units(summary, where)
    return Arm(n=summary.n, mean=summary.means[0], variance=summary.cross[0] / (summary.n - 1))


def require_units(summary: Summary, where: str, least: int = 2) -> None:
    """Raise CannotCompute `too_few_units` when an arm has fewer units than a variance needs."""
    if summary.n < least:
        raise CannotCompute(
            "too_few_units", f"{summary.n} units", where=where, fix=f"wait for at least {least} units in each arm"
        )
