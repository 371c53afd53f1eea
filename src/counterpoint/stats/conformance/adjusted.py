"""Reference methods that adjust for covariates from sufficient statistics."""

import math

import numpy as np

from counterpoint.stats.adjustment import Term, compare_adjusted, fit_theta
from counterpoint.stats.conformance.answers import Answer, Inputs, Method, normal_answer, on_scale, relative
from counterpoint.stats.conformance.inputs import arms_of, groups_of, inference_of, ratio_arms_of
from counterpoint.stats.effects import Relative
from counterpoint.stats.summary import METRIC, Summary


def _covariates(summary: Summary) -> tuple[Term, ...]:
    """Return the covariates of a case, a numerator and a denominator as one ratio."""
    names = summary.covariates
    below = [c for c in names if "den" in c or c.startswith("d_")]
    if len(names) == 2 and len(below) == 1:
        above = next(c for c in names if c not in below)
        return ((above, below[0]),)
    return names


def _two_arms(inputs: Inputs) -> Answer:
    control, treatment = arms_of(inputs)
    convention = Relative.DELTA if inputs.get("scale") == "relative" else Relative.LOG
    reading = inference_of(inputs, relative=convention)
    return on_scale(compare_adjusted(control, treatment, reading, covariates=_covariates(control)), inputs)


def _ratio_of_two_arms(inputs: Inputs) -> Answer:
    control, treatment = ratio_arms_of(inputs)
    names = control.covariates
    # Two columns before exposure are a numerator and its denominator, whatever they are called.
    terms = ((names[0], names[1]),) if len(names) == 2 and isinstance(_covariates(control)[0], str) else None
    convention = Relative.DELTA if inputs.get("scale") == "relative" else Relative.LOG
    reading = inference_of(inputs, relative=convention)
    found = compare_adjusted(control, treatment, reading, covariates=terms or _covariates(control))
    return on_scale(found, inputs)


def _two_arms_relative(inputs: Inputs) -> Answer:
    control, treatment = arms_of(inputs)
    return relative(compare_adjusted(control, treatment, inference_of(inputs), covariates=_covariates(control)))


def _all_arms(inputs: Inputs) -> Answer:
    """Answer with theta over every arm; covariate terms of the variance use 1/n moments, as the source does."""
    groups = groups_of(inputs)
    theta = fit_theta(list(groups.values()))
    slopes = np.array(theta.coefficients)
    arms: dict[str, tuple[float, float]] = {}
    for name, summary in groups.items():
        at = [summary.index(str(c)) for c in theta.covariates]
        moments = summary.matrix() / summary.n
        shift = np.array([summary.mean(str(c)) for c in theta.covariates]) - np.array(theta.centres)
        p = summary.mean()
        binary = abs(summary.variance(ddof=0) - p * (1 - p)) < 1e-12 * max(p, 1e-300) and 0 < p < 1
        own = summary.variance(METRIC, ddof=0 if binary else 1)
        explained = float(slopes @ moments[np.ix_(at, at)] @ slopes - 2 * slopes @ moments[at, 0])
        arms[name] = p - float(slopes @ shift), (own + explained) / summary.n
    (_, (base, base_error)), *treatments = arms.items()
    alpha = float(inputs.get("alpha", 0.05))
    out: Answer = {
        name: normal_answer(mean - base, math.sqrt(error + base_error), alpha) for name, (mean, error) in treatments
    }
    return out | (next(iter(out.values())) if len(out) == 1 else {})


METHODS: dict[str, Method] = {
    "cuped_single_covariate_pooled_theta_welch": _two_arms,
    "cuped_relative_lift_delta": _two_arms_relative,
    "ratio_of_means_delta_cuped_ratio_covariate": _ratio_of_two_arms,
}
PATTERNS: dict[str, Method] = {"cuped_*_pooled_over_all_arms_z": _all_arms}
