"""Holdouts: what all shipped changes together did, from units kept on the status quo."""

from dataclasses import dataclass, replace

from counterpoint.stats.adjustment import compare_adjusted
from counterpoint.stats.effects import Effect, Inference
from counterpoint.stats.means import compare_means
from counterpoint.stats.ratios import compare_ratios
from counterpoint.stats.summary import DENOMINATOR, Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutReading:
    """The cumulative effect beside what single experiments promised.

    Attributes:
        effect: `shipped_only` minus `status_quo`.
        promised: Sum of the shipped changes' corrected relative effects, None when not given.
        kept: Share of the promise that the holdout confirms, None when there is none or nothing was promised.
    """

    effect: Effect
    promised: float | None
    kept: float | None


def holdout_effect(
    status_quo: Summary, shipped_only: Summary, inference: Inference | None = None, *, promised: float | None = None
) -> HoldoutReading:
    """Return the cumulative effect of shipped changes.

    Args:
        status_quo: Units that got none of the changes.
        shipped_only: Units that got all shipped changes and no running experiment.
        inference: How it is read.
        promised: Sum of relative effects that the single experiments measured, corrected for the winner's curse.

    Raises:
        CannotCompute: As `compare_means`.

    Estimand:
        Joint effect of all changes shipped so far, interactions included; one look, at the holdout's end.
    """
    if status_quo.covariates:
        effect = compare_adjusted(status_quo, shipped_only, inference)
    elif DENOMINATOR in status_quo.columns:
        effect = compare_ratios(status_quo, shipped_only, inference)
    else:
        effect = compare_means(status_quo, shipped_only, inference)
    effect = replace(effect, method=f"holdout({effect.method})", estimand="joint effect of all shipped changes")
    kept = None
    if promised and effect.relative_effect is not None:
        kept = effect.relative_effect / promised
    return HoldoutReading(effect=effect, promised=promised, kept=kept)
