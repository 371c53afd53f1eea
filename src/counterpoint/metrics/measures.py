"""What is summed of each unit: the measures that a query reduces to moments, and the comparison made of them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from counterpoint.errors import CannotCompute, CounterpointError, InvalidInput
from counterpoint.stats import Effect, Inference, Summary, adequacy, compare_means, compare_proportions, compare_ratios

MeasureType: TypeAlias = Literal["mean", "proportion", "ratio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure per unit, or two for a ratio.

    Attributes:
        key: What it is called.
        type: How units are aggregated and arms compared.
        numerator: Column with the unit's value.
        denominator: Column with the unit's denominator; None but for ratios.
    """

    key: str
    type: MeasureType
    numerator: str
    denominator: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A comparison as it came out.

    Attributes:
        result: The effect, or why there is none.
        caution: Why its interval and p-value do not mean what they say: too few units; empty when they do.
    """

    result: "Effect | Unmeasured"
    caution: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """Why there are no moments: a verdict in place of a number."""

    code: str
    reason: str


def compare(
    measure: MeasureType, control: Summary | Unmeasured, treatment: Summary | Unmeasured, inference: Inference
) -> Compared:
    """Return treatment minus control with what to beware of, or why the data do not determine it.

    Estimand: Of the estimator that belongs to the type; one look.
    """
    if isinstance(control, Unmeasured):
        return Compared(result=Unmeasured(code=control.code, reason=f"control: {control.reason}"))
    if isinstance(treatment, Unmeasured):
        return Compared(result=treatment)
    estimators = {"mean": compare_means, "proportion": compare_proportions, "ratio": compare_ratios}
    try:
        effect = estimators[measure](control, treatment, inference)
        return Compared(result=effect, caution=_too_few(measure, control, treatment, inference.alpha))
    except (CannotCompute, InvalidInput) as error:
        return Compared(result=unmeasured(error))


def _too_few(measure: MeasureType, control: Summary, treatment: Summary, alpha: float) -> str:
    # A table's third moments are not summed: skewness counts with the least that mean and variance allow.
    found = adequacy(control, treatment, alpha=alpha, binary=measure == "proportion")
    return "" if found.adequate else found.sentence


def unmeasured(error: CounterpointError) -> Unmeasured:
    """Return an error about one comparison as a verdict, so that the other comparisons are still made."""
    return Unmeasured(code=error.code, reason=error.sentence)
