"""Reference methods on several tests at once: corrections, sample ratios, heterogeneity, Bayesian readings."""

import math
from typing import Any, Literal

from scipy import stats

from counterpoint.stats.bayes import NormalPrior, posterior
from counterpoint.stats.conformance.answers import Answer, Inputs, Method, answer, lift_of
from counterpoint.stats.conformance.inputs import alternative_of, arms_of, column, inference_of, units_of
from counterpoint.stats.corrections import Correction, adjust_p_values
from counterpoint.stats.heterogeneity import heterogeneity
from counterpoint.stats.means import compare_means
from counterpoint.stats.races import race_of_shares
from counterpoint.stats.sample_ratio import log_bayes_factor, sample_ratio_test
from counterpoint.stats.tails import Alternative
from counterpoint.vocabulary import Direction

_SIDES: dict[Alternative, Literal["two-sided", "greater", "less"]] = {
    Alternative.TWO_SIDED: "two-sided",
    Alternative.GREATER: "greater",
    Alternative.LESS: "less",
}


def _corrections(inputs: Inputs) -> Answer:
    p, alpha = inputs["p_values"], float(inputs.get("alpha", 0.05))
    out: Answer = {}
    for correction in Correction:
        adjusted = list(adjust_p_values(p, correction))
        names = ("hochberg", "simes-hochberg", "simes_hochberg") if correction == Correction.HOCHBERG else (correction,)
        for name in map(str, names):
            out[name] = adjusted
            out[f"{name}_rejections_at_{alpha:g}"] = sum(a <= alpha for a in adjusted)
    return out


def _chi_square(inputs: Inputs) -> Answer:
    counts = column(inputs, "counts", "observed")
    weights = column(inputs, "weights", "expected_proportions", "ratios") if len(inputs) > 1 else [1] * len(counts)
    found = sample_ratio_test(counts, weights)
    return answer(chi2=found.statistic, statistic=found.statistic, df=len(counts) - 1, p_value=found.p_value)


def _exact_binomial(inputs: Inputs) -> Answer:
    counts = inputs.get("counts", inputs.get("observed"))
    if counts is None and "control" in inputs:
        arms = inputs["control"], inputs["treatment"]
        counts = [units_of(a) if isinstance(a, dict) else a for a in arms]
    weights = inputs.get("weights", inputs.get("expected_proportions", [1, 1]))
    share = next((inputs[k] for k in ("p", "p0", "expected_p", "prob", "p_expected") if k in inputs), None)
    p = float(weights[0] / sum(weights) if share is None else share)
    x, n = (counts[0], sum(counts)) if counts is not None else (column(inputs, "x", "k", "successes"), inputs["n"])
    found = stats.binomtest(int(x), int(n), p, alternative=_SIDES[alternative_of(inputs)])
    ends = found.proportion_ci(1 - float(inputs.get("alpha", 0.05)))
    return answer(p_value=float(found.pvalue), proportion=x / n, ci_lower=float(ends.low), ci_upper=float(ends.high))


def _sequential_ratio(inputs: Inputs) -> Answer:
    weights = inputs["weights"]
    shares = [w / sum(weights) for w in weights]
    strength = float(inputs.get("prior_concentration", inputs.get("concentration", 100)))
    looks = column(inputs, "cumulative_counts_per_look", "counts_per_look", "looks")
    factors = [math.exp(log_bayes_factor(look, shares, strength)) for look in looks]
    running, ps = 1.0, []
    for factor in factors:
        running = min(running, 1.0, 1 / factor)
        ps.append(running)
    return {
        "bayes_factor_per_look": factors,
        "running_min_p_value_per_look": ps,
        "p_value": ps[-1],
        "bayes_factor": factors[-1],
    }


def _cochran(inputs: Inputs) -> Answer:
    if "segments" in inputs:
        listed = inputs["segments"]
        rows = list(listed.values()) if isinstance(listed, dict) else listed
        if "control" in rows[0]:
            found_rows = [compare_means(*arms_of(r)) for r in rows]
            effects, errors = [f.estimate for f in found_rows], [f.std_error for f in found_rows]
        else:
            effects = [column(r, "effect", "estimate", "diff") for r in rows]
            errors = [_error(r, "std_err", "std_error", "se") for r in rows]
    else:
        effects = column(inputs, "effects", "estimates", "diffs", "effect")
        errors = _error(inputs, "std_errs", "std_errors", "std_err", "se", "ses", "standard_errors")
    found = heterogeneity(effects, errors)
    return {
        **answer(effect=found.pooled, std_error=found.pooled_std_error, p_value=found.p_value, df=found.df),
        "q": found.q,
        "Q": found.q,
        "cochran_q": found.q,
        "pooled_effect": found.pooled,
        "fixed_effect": found.pooled,
        "pooled_std_err": found.pooled_std_error,
        "fixed_effect_std_err": found.pooled_std_error,
        "fixed_std_err": found.pooled_std_error,
        "tau2": found.tau_squared,
        "tau_squared": found.tau_squared,
        "i2": found.i_squared,
        "i_squared": found.i_squared,
        "I2": found.i_squared,
    }


def _error(row: Inputs, *names: str) -> Any:
    """Return standard errors, from variances when those are given."""
    given = next((row[k] for k in ("variances", "variance", "vars", "var") if k in row), None)
    if given is None:
        return column(row, *names)
    return [math.sqrt(v) for v in given] if isinstance(given, list) else math.sqrt(given)


def _bayes(*, flat: bool) -> Method:
    def run(inputs: Inputs) -> Answer:
        effect = compare_means(*arms_of(inputs), inference_of(inputs))
        prior = NormalPrior()
        if not flat:
            prior = NormalPrior(
                mean=float(inputs.get("prior_mean", 0)), variance=float(column(inputs, "prior_variance", "prior_var"))
            )
        found = posterior(
            *lift_of(effect),
            prior,
            alpha=float(inputs.get("alpha", 0.05)),
            direction=Direction.DECREASE if inputs.get("inverse") else Direction.INCREASE,
        )
        return {
            **answer(ci_lower=found.ci_lower, ci_upper=found.ci_upper, effect=found.mean, std_error=found.sd),
            "posterior_mean": found.mean,
            "posterior_sd": found.sd,
            "chance_to_win": found.chance_to_win,
            "risk_choosing_control": found.risk_choosing_control,
            "risk_choosing_treatment": found.risk_choosing_treatment,
        }

    return run


def _beta_binomial(inputs: Inputs) -> Answer:
    groups = inputs.get("arms", inputs.get("groups"))
    if groups is None:
        groups = [v for v in inputs.values() if isinstance(v, dict) and "x" in v]
    elif isinstance(groups, dict):
        groups = list(groups.values())
    prior = inputs.get(
        "prior",
        [inputs.get("prior_alpha", inputs.get("prior_a", 1)), inputs.get("prior_beta", inputs.get("prior_b", 1))],
    )
    if isinstance(prior, dict):
        prior = [column(prior, "alpha", "a"), column(prior, "beta", "b")]
    found = race_of_shares([g["x"] for g in groups], [g["n"] for g in groups], prior=(float(prior[0]), float(prior[1])))
    best, loss, mean = list(found.chance_best), list(found.expected_loss), list(found.posterior_mean)
    return {
        "prob_best": best,
        "probability_best": best,
        "prob_treatment_best": best[-1],
        "prob_treatment_better": best[-1],
        "prob_treatment_beats_control": best[-1],
        "prob_control_best": best[0],
        "chance_to_win": best[-1],
        "expected_loss": loss,
        "expected_loss_control": loss[0],
        "expected_loss_treatment": loss[-1],
        "expected_loss_choosing_control": loss[0],
        "expected_loss_choosing_treatment": loss[-1],
        "loss_choosing_control": loss[0],
        "loss_choosing_treatment": loss[-1],
        "risk_choosing_control": loss[0],
        "risk_choosing_treatment": loss[-1],
        "posterior_mean": mean,
        "posterior_mean_control": mean[0],
        "posterior_mean_treatment": mean[-1],
    }


METHODS: dict[str, Method] = {
    "p_adjust_all": _corrections,
    "chi_square": _chi_square,
    "exact_binomial": _exact_binomial,
    "sequential_multinomial_dirichlet": _sequential_ratio,
    "cochran_q_segment_heterogeneity": _cochran,
    "normal_prior_on_relative_lift": _bayes(flat=False),
    "flat_prior_on_relative_lift": _bayes(flat=True),
    "beta_binomial_prob_best_and_loss": _beta_binomial,
}
