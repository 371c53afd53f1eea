"""Reference methods that compare shares of units."""

import math

from counterpoint.errors import CannotCompute
from counterpoint.stats.conformance.answers import Answer, Inputs, Method, absolute, answer, on_scale
from counterpoint.stats.conformance.inputs import alternative_of, column, counted_arms_of, inference_of
from counterpoint.stats.effects import Reference
from counterpoint.stats.proportion_intervals import (
    agresti_caffo_interval,
    fisher_exact,
    newcombe_interval,
    risk_ratio,
    score_test,
    wilson_interval,
)
from counterpoint.stats.proportions import compare_proportions, pooled_z, proportion_arm
from counterpoint.stats.summary import Summary
from counterpoint.stats.tails import Alternative, interval, p_value


def _pooled(inputs: Inputs) -> Answer:
    control, treatment = counted_arms_of(inputs)
    z = pooled_z(proportion_arm(control, "control"), proportion_arm(treatment, "treatment"))
    try:
        read = on_scale(
            compare_proportions(control, treatment, inference_of(inputs, reference=Reference.NORMAL)), inputs
        )
    except CannotCompute:
        # All or nothing in both arms: there is no interval, but shares pooled under the null do vary.
        read = answer(effect=treatment.mean() - control.mean(), p_value=p_value(z, alternative=alternative_of(inputs)))
    return {**read, "z": z, "statistic": z, "chi2": z * z}


def _wald(inputs: Inputs) -> Answer:
    effect = compare_proportions(*counted_arms_of(inputs), inference_of(inputs))
    z = effect.estimate / effect.std_error
    return {**absolute(effect), "p_value": p_value(z, alternative=alternative_of(inputs))}


def _newcombe(inputs: Inputs) -> Answer:
    control, treatment = counted_arms_of(inputs)
    lower, upper = newcombe_interval(control, treatment, float(inputs.get("alpha", 0.05)))
    return answer(effect=treatment.mean() - control.mean(), ci_lower=lower, ci_upper=upper)


def _newcombe_and_agresti_caffo(inputs: Inputs) -> Answer:
    control, treatment = counted_arms_of(inputs)
    alpha = float(inputs.get("alpha", 0.05))
    out = _newcombe(inputs)
    for name, (lower, upper) in {
        "newcombe": newcombe_interval(control, treatment, alpha),
        "newcomb": newcombe_interval(control, treatment, alpha),
        "agresti_caffo": agresti_caffo_interval(control, treatment, alpha),
    }.items():
        out |= {
            name: [lower, upper],
            f"{name}_lower": lower,
            f"{name}_upper": upper,
            f"{name}_ci_lower": lower,
            f"{name}_ci_upper": upper,
            f"ci_lower_{name}": lower,
            f"ci_upper_{name}": upper,
        }
    return out


def _wilson(inputs: Inputs) -> Answer:
    lower, upper = wilson_interval(int(inputs["x"]), int(inputs["n"]), float(inputs.get("alpha", 0.05)))
    return answer(proportion=inputs["x"] / inputs["n"], ci_lower=lower, ci_upper=upper)


def _risk_ratio(inputs: Inputs) -> Answer:
    ratio, lower, upper = risk_ratio(*counted_arms_of(inputs), float(inputs.get("alpha", 0.05)))
    return answer(ratio=ratio, risk_ratio=ratio, ci_lower=lower, ci_upper=upper)


def _fisher(inputs: Inputs) -> Answer:
    if "table" in inputs:
        # Rows are groups, columns yes and no; the odds ratio is that of the first row over the second.
        treatment, control = (Summary.from_counts(int(yes), int(yes + no)) for yes, no in inputs["table"])
    else:
        control, treatment = counted_arms_of(inputs)
    odds, p = fisher_exact(control, treatment, alternative_of(inputs))
    return answer(odds_ratio=odds, p_value=p)


def _null_of(inputs: Inputs, control: Summary) -> tuple[float, Alternative]:
    """Return the null difference and the side of a non-inferiority case; a bare margin means nothing may fall."""
    if "relative_margin" in inputs:
        margin = abs(float(inputs["relative_margin"])) * control.mean()
    else:
        margin = abs(
            float(column(inputs, "margin", "absolute_margin", "ni_margin", "non_inferiority_margin", "nim", "delta"))
        )
    side = inputs.get("alternative", {"decrease": "less"}.get(str(inputs.get("preferred_direction")), "greater"))
    if str(side) in {"less", "smaller"}:
        return margin, Alternative.LESS
    return -margin, Alternative.GREATER


def _margin_wald(inputs: Inputs) -> Answer:
    control, treatment = counted_arms_of(inputs)
    null, side = _null_of(inputs, control)
    a, b = proportion_arm(control, "control"), proportion_arm(treatment, "treatment")
    error, effect = math.sqrt(a.error + b.error), b.mean - a.mean
    z = (effect - null) / error
    lower, upper = interval(effect, error, float(inputs.get("alpha", 0.05)), alternative=side)
    return {
        **answer(
            effect=effect,
            std_error=error,
            statistic=z,
            p_value=p_value(z, alternative=side),
            ci_lower=lower,
            ci_upper=upper,
        ),
        "null_hypothesis": null,
    }


def _margin_score(inputs: Inputs) -> Answer:
    control, treatment = counted_arms_of(inputs)
    null, side = _null_of(inputs, control)
    z, p = score_test(control, treatment, null, side)
    return {**answer(effect=treatment.mean() - control.mean(), statistic=z, p_value=p), "null_hypothesis": null}


METHODS: dict[str, Method] = {
    "two_proportion_z_pooled": _pooled,
    "two_proportion_wald_ci": _wald,
    "newcombe_hybrid_score_ci": _newcombe,
    "newcombe_and_agresti_caffo_ci": _newcombe_and_agresti_caffo,
    "wilson_ci": _wilson,
    "risk_ratio_katz_log_ci": _risk_ratio,
    "fisher_exact": _fisher,
    "proportion_ni_wald": _margin_wald,
    "proportion_ni_score_FM": _margin_score,
}
