"""Reference methods valid at every look: confidence sequences, boundaries, e-values."""

import math
from dataclasses import replace
from functools import partial

from counterpoint.stats.adjustment import compare_adjusted
from counterpoint.stats.conformance.adjusted import _covariates
from counterpoint.stats.conformance.answers import Answer, Inputs, Method, absolute, answer, lift_of
from counterpoint.stats.conformance.inputs import arms_of, column, inference_of
from counterpoint.stats.effects import Effect
from counterpoint.stats.means import compare_means
from counterpoint.stats.sequential.bounded import hoeffding_sequence, quantile_sequence_radius, share_sequence
from counterpoint.stats.sequential.confidence_sequence import always_valid, tuned_rho
from counterpoint.stats.sequential.mixtures import mixture_ratio, normal_mixture_boundary, normal_mixture_log_evalue
from counterpoint.stats.tails import Alternative


def _sequence(inputs: Inputs, *, adjusted: bool = False, side: Alternative = Alternative.TWO_SIDED) -> Answer:
    control, treatment = arms_of(inputs)
    reading = inference_of({**inputs, "alternative": "two-sided"})
    if adjusted:
        effect = compare_adjusted(control, treatment, reading, covariates=_covariates(control))
    else:
        effect = compare_means(control, treatment, reading)
    n_star = float(column(inputs, "tuning_n_star", "n_star", "tuning_n", "sequential_tuning_parameter"))
    alpha = reading.alpha
    found = always_valid(effect, alpha=alpha, tuning_n=n_star, burn_in=0, alternative=side)
    out = absolute(found)
    if inputs.get("scale") == "relative":
        lift, error = lift_of(effect)
        scaled = _on_another_scale(lift, error, effect)
        watched = always_valid(scaled, alpha=alpha, tuning_n=n_star, burn_in=0, alternative=side)
        out |= answer(
            effect=lift, std_error=error, p_value=watched.p_value, ci_lower=watched.ci_lower, ci_upper=watched.ci_upper
        )
    return {**out, "rho": tuned_rho(alpha if side == Alternative.TWO_SIDED else 2 * alpha, n_star)}


def _on_another_scale(estimate: float, std_error: float, effect: Effect) -> Effect:
    return replace(effect, estimate=estimate, std_error=std_error, relative_effect=None, relative_std_error=None)


def _mixture_ratio(inputs: Inputs) -> Answer:
    ratio, p = mixture_ratio(
        float(column(inputs, "mean_difference", "difference", "d")),
        float(column(inputs, "variance_of_pair_difference", "variance", "s2", "sigma2")),
        float(column(inputs, "n_pairs", "n")),
        float(column(inputs, "tau2", "tau_squared")),
    )
    return {"likelihood_ratio": ratio, "p_value": p, "log_likelihood_ratio": math.log(ratio)}


def _boundary(inputs: Inputs) -> Answer:
    v, alpha = float(column(inputs, "intrinsic_time", "v")), float(inputs["alpha"])
    bound = normal_mixture_boundary(v, alpha, float(column(inputs, "optimised_for_intrinsic_time", "v_opt")))
    return {"boundary_on_sum": bound, "boundary": bound}


def _log_evalue(inputs: Inputs) -> Answer:
    # The sum is the one figure that is neither a time nor a level.
    total = next(v for k, v in inputs.items() if not k.startswith(("intrinsic", "v", "alpha", "optimised", "note")))
    found = normal_mixture_log_evalue(
        float(total),
        float(column(inputs, "intrinsic_time", "v")),
        float(inputs.get("alpha", inputs.get("alpha_opt", 0.05))),
        float(column(inputs, "optimised_for_intrinsic_time", "v_opt")),
    )
    return {
        "log_evalue": found,
        "log_e_value": found,
        "log_e": found,
        "evalue": math.exp(min(found, 700)),
        "e_value": math.exp(min(found, 700)),
    }


def _hoeffding(inputs: Inputs) -> Answer:
    if inputs.get("running_intersection"):
        return {}
    bounds = tuple(inputs.get("bounds", [0, 1]))
    lower, upper = hoeffding_sequence(inputs["x"], float(inputs["alpha"]), (float(bounds[0]), float(bounds[1])))
    return {"ci_lower_last": lower, "ci_upper_last": upper, "ci_lower": lower, "ci_upper": upper}


def _bernoulli(inputs: Inputs) -> Answer:
    tuned = float(inputs.get("t_opt", 1000))
    lower, upper = share_sequence(int(inputs["x"]), int(inputs["n"]), alpha=float(inputs["alpha"]), tuned_to=tuned)
    return answer(ci_lower=lower, ci_upper=upper)


def _double_stitching(inputs: Inputs) -> Answer:
    n, alpha = int(column(inputs, "n", "t")), float(inputs["alpha"])
    return {
        "radius": quantile_sequence_radius(float(inputs["p"]), n, alpha=alpha, start=float(inputs.get("t_opt", 32)))
    }


METHODS: dict[str, Method] = {
    "asymptotic_confidence_sequence_two_sided": _sequence,
    "asymptotic_confidence_sequence_two_sided_cuped": partial(_sequence, adjusted=True),
    "asymptotic_confidence_sequence_lower": partial(_sequence, side=Alternative.GREATER),
    "msprt_normal_mixture_two_sample": _mixture_ratio,
    "two_sided_normal_mixture_boundary": _boundary,
    "two_sided_normal_mixture_log_evalue": _log_evalue,
    "predictable_plugin_hoeffding_cs": _hoeffding,
    "beta_binomial_mixture_bernoulli_cs": _bernoulli,
    "quantile_double_stitching_bound": _double_stitching,
}
