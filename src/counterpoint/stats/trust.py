"""Tests of the experiment itself: bias before exposure, exposures lost by variant, results too good to be true."""

import math
from collections.abc import Sequence

from counterpoint.errors import InvalidInput
from counterpoint.stats.bayes import NormalPrior
from counterpoint.stats.decision import QualityCheck
from counterpoint.stats.effects import AnytimeEffect, Effect
from counterpoint.stats.means import compare_means
from counterpoint.stats.proportions import compare_proportions
from counterpoint.stats.summary import Summary, select
from counterpoint.stats.tails import upper_quantile

DEFAULT_QUALITY_ALPHA = 0.001


def pre_exposure_bias(
    control: Summary, treatment: Summary, covariate: str, *, alpha: float = DEFAULT_QUALITY_ALPHA
) -> QualityCheck:
    """Return whether the arms differed before exposure: the covariate is a metric nothing could yet have changed.

    Args:
        control: With the covariate.
        treatment: With the covariate.
        covariate: Its column.
        alpha: Level; small, because it runs in every experiment.
    """
    effect = compare_means(select(control, [covariate]), select(treatment, [covariate]))
    shown = f"{effect.relative_effect:+.2%}" if effect.relative_effect is not None else f"{effect.estimate:+.4g}"
    passed = effect.p_value >= alpha
    words = "no bias before exposure" if passed else f"arms differed before exposure by {shown}"
    return QualityCheck(name="pre_exposure_bias", passed=passed, detail=f"{words} (p = {effect.p_value:.3g})")


def exposure_loss(
    assigned: tuple[int, int], exposed: tuple[int, int], *, alpha: float = DEFAULT_QUALITY_ALPHA
) -> QualityCheck:
    """Return whether one variant loses more of its assigned units before they are exposed, as by crashes or timeouts.

    Args:
        assigned: Units assigned to control and treatment.
        exposed: Of them, exposed.
        alpha: Level.
    """
    arms = [Summary.from_counts(e, a) for e, a in zip(exposed, assigned, strict=True)]
    if all(e == a for e, a in zip(exposed, assigned, strict=True)):
        return QualityCheck(name="exposure_loss", passed=True, detail="every assigned unit was exposed")
    effect = compare_proportions(arms[0], arms[1])
    passed = effect.p_value >= alpha
    words = "exposures are lost alike" if passed else "one variant loses more exposures"
    return QualityCheck(
        name="exposure_loss",
        passed=passed,
        detail=f"{words}: {1 - effect.control_mean:.2%} of control, {1 - effect.treatment_mean:.2%} of treatment",
    )


def too_good_to_be_true(
    effect: Effect | AnytimeEffect, history: NormalPrior, *, alpha: float = DEFAULT_QUALITY_ALPHA
) -> QualityCheck:
    """Return Twyman's alarm: an effect that looks interesting and unlike any before is usually a mistake.

    Args:
        effect: With a relative effect.
        history: Spread of true relative effects of past experiments, of finite variance.
        alpha: Share of honest experiments that may raise the alarm.

    Raises:
        InvalidInput: `prior_is_flat`, or `no_relative_effect`.
    """
    if math.isinf(history.variance):
        raise InvalidInput(
            "prior_is_flat", "nothing surprises a flat prior", where="history", fix="fit it to past effects"
        )
    if effect.relative_effect is None or effect.relative_std_error is None:
        raise InvalidInput("no_relative_effect", "the effect has no relative scale", where="effect")
    spread = math.sqrt(history.variance + effect.relative_std_error**2)
    away = abs(effect.relative_effect - history.mean) / spread
    passed = away <= upper_quantile(alpha / 2)
    words = (
        "within what past experiments lead one to expect" if passed else "unlike any experiment before: check it first"
    )
    return QualityCheck(name="twyman", passed=passed, detail=f"{effect.relative_effect:+.2%} is {words}")


def false_positive_rate(p_values: Sequence[float], alpha: float = 0.05) -> tuple[float, float]:
    """Return the share of A/A runs with p below alpha, and the standard error it would have at exactly alpha.

    Args:
        p_values: Of experiments without any difference, at least one.
        alpha: Level.
    """
    if not p_values or any(not 0 <= p <= 1 for p in p_values):
        raise InvalidInput("p_value_out_of_range", "p-values of A/A runs are needed", where="p_values")
    n = len(p_values)
    return sum(p < alpha for p in p_values) / n, math.sqrt(alpha * (1 - alpha) / n)
