"""What is summed of each unit: the measures that a query reduces to moments, and the comparison made of them."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from counterpoint.errors import CannotCompute, CounterpointError, InvalidInput
from counterpoint.stats import Effect, Inference, Summary, compare_means, compare_proportions, compare_ratios

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
class Unmeasured:
    """Why there are no moments: a verdict in place of a number."""

    code: str
    reason: str


def compare(
    measure: MeasureType, control: Summary | Unmeasured, treatment: Summary | Unmeasured, inference: Inference
) -> Effect | Unmeasured:
    """Return treatment minus control, or why the data do not determine it.

    Estimand: Of the estimator that belongs to the type; one look.
    """
    if isinstance(control, Unmeasured):
        return Unmeasured(code=control.code, reason=f"control: {control.reason}")
    if isinstance(treatment, Unmeasured):
        return treatment
    try:
        match measure:
            case "mean":
                return compare_means(control, treatment, inference)
            case "proportion":
                return compare_proportions(control, treatment, inference)
            case "ratio":
                return compare_ratios(control, treatment, inference)
    except (CannotCompute, InvalidInput) as error:
        return unmeasured(error)


def unmeasured(error: CounterpointError) -> Unmeasured:
    """Return an error about one comparison as a verdict, so that the other comparisons are still made."""
    return Unmeasured(code=error.code, reason=error.sentence)
