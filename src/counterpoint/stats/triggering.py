"""Triggered analysis: compare only units that could have been affected, then say what that means for everybody."""

from dataclasses import dataclass, replace

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.effects import Effect
from counterpoint.stats.sample_ratio import DEFAULT_SRM_ALPHA, SampleRatioVerdict, sample_ratio_test


@dataclass(frozen=True, slots=True, kw_only=True)
class DilutedEffect:
    """The effect on triggered units and what it amounts to over all assigned units.

    Attributes:
        triggered: Effect on triggered units.
        diluted: The same effect spread over all units: estimate and error times the trigger rate.
        trigger_rate: Share of assigned units that triggered, both arms together.
        trigger_ratio: Whether triggering itself differs between arms, which would void the analysis.
    """

    triggered: Effect
    diluted: Effect
    trigger_rate: float
    trigger_ratio: SampleRatioVerdict


def dilute(
    triggered: Effect,
    assigned: tuple[int, int],
    untriggered_mean: float,
    *,
    alpha: float = DEFAULT_SRM_ALPHA,
) -> DilutedEffect:
    """Return the triggered effect and its dilution to all assigned units.

    Units that did not trigger saw the same thing in both arms, so their effect is zero and adds no error.

    Args:
        triggered: Effect on the units that triggered.
        assigned: Units assigned to control and treatment.
        untriggered_mean: Mean of the metric over units that did not trigger, both arms together.
        alpha: Level of the test that triggering does not depend on the arm.

    Raises:
        InvalidInput: `count_above_units` when more units triggered than were assigned.
        CannotCompute: `zero_control_mean` when there is nothing to be relative to.

    Estimand:
        Average treatment effect on all assigned units; one look.

    Source:
        Deng and Hu 2015; Kohavi, Tang and Xu 2020, chapter 20.
    """
    counts = triggered.n_control, triggered.n_treatment
    if any(t > a for t, a in zip(counts, assigned, strict=True)):
        raise InvalidInput("count_above_units", f"{counts} triggered of {assigned} assigned", where="assigned")
    rate = sum(counts) / sum(assigned)
    base = rate * triggered.control_mean + (1 - rate) * untriggered_mean
    if base == 0:
        raise CannotCompute("zero_control_mean", "a relative effect over a mean of zero", where="untriggered_mean")
    relative = rate * triggered.estimate / abs(base)
    # Of relative errors only the effect's matters: the base is a mean over all units and far better known.
    relative_error = rate * triggered.std_error / abs(base)
    reach = (triggered.ci_upper - triggered.estimate) / triggered.std_error
    fall = (triggered.estimate - triggered.ci_lower) / triggered.std_error
    diluted = replace(
        triggered,
        estimate=rate * triggered.estimate,
        std_error=rate * triggered.std_error,
        ci_lower=rate * triggered.ci_lower,
        ci_upper=rate * triggered.ci_upper,
        null=rate * triggered.null,
        relative_effect=relative,
        relative_std_error=relative_error,
        relative_ci_lower=relative - fall * relative_error,
        relative_ci_upper=relative + reach * relative_error,
        control_mean=base,
        treatment_mean=base + rate * triggered.estimate,
        n_control=assigned[0],
        n_treatment=assigned[1],
        method=f"diluted({triggered.method})",
        estimand=f"{triggered.estimand}, over all assigned units",
    )
    ratio = sample_ratio_test(counts, assigned, alpha=alpha)
    return DilutedEffect(triggered=triggered, diluted=diluted, trigger_rate=rate, trigger_ratio=ratio)
