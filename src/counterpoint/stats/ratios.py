"""Compare ratios of two sums over units, such as plays per session, by the delta method."""

from counterpoint.errors import CannotCompute
from counterpoint.stats.arms import Arm
from counterpoint.stats.comparison import compare_arms, digest_of
from counterpoint.stats.effects import Effect, Inference
from counterpoint.stats.means import require_units
from counterpoint.stats.summary import DENOMINATOR, METRIC, Summary


def compare_ratios(
    control: Summary, treatment: Summary, inference: Inference | None = None, *, trimmed: str = ""
) -> Effect:
    """Return the difference of mean(metric) / mean(denominator), treatment minus control.

    Args:
        control: Moments of metric and denominator per randomised unit.
        treatment: Likewise.
        inference: How it is read.
        trimmed: What was capped or left out, in words.

    Raises:
        CannotCompute: `zero_denominator`, `too_few_units`, `no_variation`.

    Estimand:
        Difference of the ratios of totals; units are randomised, denominators are not; one look.

    Source:
        Deng, Knoblich and Lu 2018, arXiv:1803.06336, section 3.1.
    """
    return compare_arms(
        ratio_arm(control, "control"),
        ratio_arm(treatment, "treatment"),
        inference or Inference(),
        method="ratio_of_means_delta",
        estimand="difference in ratios of totals",
        trimmed=trimmed,
        digest=digest_of("ratio_of_means_delta", control.digest(), treatment.digest()),
    )


def ratio_arm(
    summary: Summary, where: str, numerator: str = METRIC, denominator: str = DENOMINATOR, *, ddof: int = 1
) -> Arm:
    """Return the arm whose figure is a ratio of means, with the variance of its linearisation."""
    require_units(summary, where)
    below = summary.mean(denominator)
    if below == 0:
        raise CannotCompute("zero_denominator", "the denominator sums to zero", where=where)
    ratio = summary.mean(numerator) / below
    spread = (
        summary.variance(numerator, ddof=ddof)
        - 2 * ratio * summary.covariance(numerator, denominator, ddof=ddof)
        + ratio**2 * summary.variance(denominator, ddof=ddof)
    )
    # A ratio that is the same for every unit linearises to zero; rounding may leave it just below.
    return Arm(n=summary.n, mean=ratio, variance=max(spread, 0.0) / below**2)
