"""Compare the shares of units that did something."""

import math

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.arms import Arm
from counterpoint.stats.comparison import compare_arms, digest_of
from counterpoint.stats.effects import Effect, Inference, Reference, Relative
from counterpoint.stats.summary import Summary
from counterpoint.stats.tails import p_value


def compare_proportions(control: Summary, treatment: Summary, inference: Inference | None = None) -> Effect:
    """Return the difference of two shares: p-value of the pooled z-test, Wald interval.

    Args:
        control: Made by `Summary.from_counts`, or of values that are all 0 or 1.
        treatment: Likewise.
        inference: Level, side and relative convention; its reference is ignored, the normal one is used.

    Raises:
        InvalidInput: `not_a_proportion` when values other than 0 and 1 were summed.
        CannotCompute: `too_few_units`, `no_variation`.

    Estimand:
        Difference in the share of units; one look.

    Source:
        Pooled variance under the null p(1-p)(1/n1+1/n2), unpooled p(1-p)/n in the interval, no continuity correction.
    """
    asked = inference or Inference(relative=Relative.DELTA)
    reading = Inference(
        alpha=asked.alpha,
        alternative=asked.alternative,
        relative=asked.relative,
        reference=Reference.NORMAL,
        null=asked.null,
    )
    a, b = proportion_arm(control, "control"), proportion_arm(treatment, "treatment")
    z = pooled_z(a, b) if asked.null == 0 else (b.mean - a.mean - asked.null) / math.sqrt(a.error + b.error)
    return compare_arms(
        a,
        b,
        reading,
        method="two_proportion_z_pooled",
        estimand="difference in shares of units",
        digest=digest_of("two_proportion_z_pooled", control.digest(), treatment.digest()),
        p=p_value(z, alternative=asked.alternative),
    )


def pooled_z(control: Arm, treatment: Arm) -> float:
    """Return the z statistic with the variance pooled under equality of the shares."""
    pooled = (control.n * control.mean + treatment.n * treatment.mean) / (control.n + treatment.n)
    variance = pooled * (1 - pooled) * (1 / control.n + 1 / treatment.n)
    if variance <= 0:
        raise CannotCompute("no_variation", "every unit has the same value", fix="check that the metric is recorded")
    return (treatment.mean - control.mean) / math.sqrt(variance)


def proportion_arm(summary: Summary, where: str) -> Arm:
    """Return the arm whose figure is a share, with variance p(1-p)."""
    if summary.n < 1:
        raise CannotCompute("too_few_units", "no units", where=where)
    p = summary.means[0]
    if not 0 <= p <= 1 or abs(summary.cross[0] - summary.n * p * (1 - p)) > 1e-6 * max(1.0, summary.cross[0]):
        raise InvalidInput(
            "not_a_proportion", "values other than 0 and 1 were summed", where=where, fix="compare means instead"
        )
    return Arm(n=summary.n, mean=p, variance=p * (1 - p))
