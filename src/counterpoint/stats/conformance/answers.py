"""The fields of an answer: every name by which reference cases call the same figure."""

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from counterpoint.errors import CannotCompute
from counterpoint.stats.effects import AnytimeEffect, Effect
from counterpoint.stats.tails import Alternative, interval, p_value

Inputs: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = dict[str, Any]
Method: TypeAlias = Callable[[Inputs], Answer]

# One figure has several names in the field; a case asks for those of the library it came from.
_NAMES = {
    "effect": ("diff", "effect", "effect_size", "estimate", "mean_difference"),
    "std_error": ("std_err", "std_error", "se"),
    "statistic": ("t", "z", "statistic", "t_statistic", "z_statistic"),
    "df": ("df",),
    "p_value": ("p_value", "pvalue", "p"),
    "ci_lower": ("ci_lower", "effect_size_ci_lower"),
    "ci_upper": ("ci_upper", "effect_size_ci_upper"),
    "relative_effect": ("rel_effect_size", "relative_effect", "lift", "relative_lift"),
    "relative_std_error": ("rel_std_err", "relative_std_err"),
    "relative_ci_lower": ("rel_effect_size_ci_lower", "relative_ci_lower", "rel_ci_lower", "lift_ci_lower"),
    "relative_ci_upper": ("rel_effect_size_ci_upper", "relative_ci_upper", "rel_ci_upper", "lift_ci_upper"),
    "control": ("control", "control_mean", "mean_control"),
    "treatment": ("treatment", "treatment_mean", "mean_treatment"),
}


def answer(**figures: Any) -> Answer:
    """Return figures under all their names, infinities in words."""
    out: Answer = {}
    for key, value in figures.items():
        for name in _NAMES.get(key, (key,)):
            out[name] = worded(value)
    return out


def worded(value: Any) -> Any:
    """Return a value with infinities and NaN as strings, which JSON can carry."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if isinstance(value, (list, tuple)):
        return [worded(v) for v in value]
    if isinstance(value, dict):
        return {k: worded(v) for k, v in value.items()}
    return value


def absolute(effect: Effect | AnytimeEffect) -> Answer:
    """Return an effect with both its scales."""
    return answer(
        effect=effect.estimate,
        std_error=effect.std_error,
        statistic=(effect.estimate - effect.null) / effect.std_error,
        df=effect.df,
        p_value=effect.p_value,
        ci_lower=effect.ci_lower,
        ci_upper=effect.ci_upper,
        relative_effect=effect.relative_effect,
        relative_std_error=effect.relative_std_error,
        relative_ci_lower=effect.relative_ci_lower,
        relative_ci_upper=effect.relative_ci_upper,
        control=effect.control_mean,
        treatment=effect.treatment_mean,
    )


def relative(effect: Effect) -> Answer:
    """Return an effect on its relative scale, tested there too."""
    lift, error = lift_of(effect)
    return {
        **absolute(effect),
        **answer(
            effect=lift,
            std_error=error,
            statistic=lift / error,
            p_value=p_value(lift / error, effect.df, effect.alternative),
            ci_lower=effect.relative_ci_lower,
            ci_upper=effect.relative_ci_upper,
        ),
    }


def lift_of(effect: Effect) -> tuple[float, float]:
    """Return a relative effect and its error.

    Raises:
        CannotCompute: `zero_control_mean` when there is nothing to be relative to.
    """
    if effect.relative_effect is None or effect.relative_std_error is None:
        raise CannotCompute("zero_control_mean", "a relative effect over a mean of zero", where="control")
    return effect.relative_effect, effect.relative_std_error


def on_scale(effect: Effect, inputs: Inputs) -> Answer:
    """Return the effect on the scale that a case asks for, absolute unless it says so."""
    return relative(effect) if inputs.get("scale") == "relative" else absolute(effect)


def normal_answer(
    effect: float, std_error: float, alpha: float, alternative: Alternative = Alternative.TWO_SIDED
) -> Answer:
    """Return an estimate read with the normal distribution."""
    lower, upper = interval(effect, std_error, alpha, alternative=alternative)
    z = effect / std_error
    return answer(
        effect=effect,
        std_error=std_error,
        statistic=z,
        p_value=p_value(z, alternative=alternative),
        ci_lower=lower,
        ci_upper=upper,
    )
