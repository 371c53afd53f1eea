"""Reference methods that compare means, ratios and quantiles of two arms."""

from dataclasses import replace

from counterpoint.errors import CannotCompute
from counterpoint.stats.comparison import compare_arms
from counterpoint.stats.conformance.answers import Answer, Inputs, Method, absolute, answer, on_scale, relative
from counterpoint.stats.conformance.inputs import (
    arms_of,
    column,
    compare_share_aware,
    groups_of,
    inference_of,
    ratio_arms_of,
    summary_of,
)
from counterpoint.stats.effects import Inference, Reference, Relative, excludes_null
from counterpoint.stats.equivalence import equivalence, non_inferiority
from counterpoint.stats.means import compare_means
from counterpoint.stats.quantiles import arm_from_interval
from counterpoint.stats.ratios import compare_ratios, ratio_arm
from counterpoint.stats.strata import compare_stratified
from counterpoint.stats.summary import DENOMINATOR, METRIC, Summary
from counterpoint.stats.tails import Alternative, interval, p_value
from counterpoint.vocabulary import Direction


def _means(reference: Reference, convention: Relative) -> Method:
    return lambda inputs: on_scale(
        compare_means(*arms_of(inputs), inference_of(inputs, reference=reference, relative=convention)), inputs
    )


def _relative_means(convention: Relative) -> Method:
    return lambda inputs: relative(compare_means(*arms_of(inputs), inference_of(inputs, relative=convention)))


def _relative_fixed(inputs: Inputs) -> Answer:
    effect = compare_share_aware(*arms_of(inputs), inference_of(inputs, relative=Relative.FIXED))
    return {**relative(effect), **answer(p_value=effect.p_value)}


def _ratios(convention: Relative) -> Method:
    return lambda inputs: on_scale(
        compare_ratios(*ratio_arms_of(inputs), inference_of(inputs, relative=convention)), inputs
    )


def _relative_ratio(inputs: Inputs) -> Answer:
    return relative(compare_ratios(*ratio_arms_of(inputs), inference_of(inputs)))


def _ratio_linearised(inputs: Inputs) -> Answer:
    control, treatment = ratio_arms_of(inputs)
    arms = ratio_arm(control, "control", ddof=0), ratio_arm(treatment, "treatment", ddof=0)
    reading = inference_of(inputs, reference=Reference.NORMAL)
    return on_scale(
        compare_arms(*arms, reading, method="ratio_linearised_HC0", estimand="difference in ratios"), inputs
    )


def _post_stratified(inputs: Inputs) -> Answer:
    alpha = float(inputs.get("alpha", 0.05))
    strata = inputs["strata"].values() if isinstance(inputs["strata"], dict) else inputs["strata"]
    pairs = [(summary_of(s["control"]), summary_of(s["treatment"])) for s in strata]
    found = compare_stratified(pairs, alpha)
    effect, error = found.effect, found.std_error
    if inputs.get("scale") == "relative":
        if found.relative_effect is None or found.relative_std_error is None:
            raise CannotCompute("zero_control_mean", "a relative effect over a mean of zero", where="control")
        effect, error = found.relative_effect, found.relative_std_error
    lower, upper = interval(effect, error, alpha)
    z = effect / error
    return answer(effect=effect, std_error=error, statistic=z, p_value=p_value(z), ci_lower=lower, ci_upper=upper)


def _quantile_arm(group: Inputs, *, clustered: bool) -> tuple[float, "Summary | None", int, tuple[float, float]]:
    n = int(column(group, "n_events", "n", "events"))
    value = float(column(group, "quantile", "quantile_hat", "estimate", "value", "q"))
    ends = (
        float(column(group, "ci_lower", "quantile_lower", "lower")),
        float(column(group, "ci_upper", "quantile_upper", "upper")),
    )
    return value, _below_per_unit(group) if clustered else None, n, ends


_BELOW = {"sum_below", "main_sum", "sum_num", "sum_m", "below_sum"}


def _below_per_unit(group: Inputs) -> Summary:
    nested = next((v for v in group.values() if isinstance(v, dict)), None)
    if nested is not None:
        columns = [v for v in nested.values() if isinstance(v, list)]
        found = Summary.from_arrays(columns[0], columns[1]) if columns else summary_of(nested)
        return replace(found, columns=(METRIC, DENOMINATOR))
    units = int(column(group, "n_clusters", "n_users", "users", "n_units", "clusters"))
    if not _BELOW & group.keys():
        # Two columns named in the case's own words: how many values lie below, and how many there are.
        named = {k: v for k, v in group.items() if k.startswith("sum_")}
        return replace(summary_of({**named, "n": units}), columns=(METRIC, DENOMINATOR))
    sums = (
        float(column(group, "sum_below", "main_sum", "sum_num", "sum_m", "below_sum")),
        float(column(group, "sum_events", "denominator_sum", "sum_den", "sum_d", "sum_count", "events_sum", "sum_n")),
    )
    products = (
        float(
            column(
                group, "sum_below_sq", "main_sum_squares", "sum_num_sq", "sum_m_sq", "sum_below_squares", "sum_sq_below"
            )
        ),
        float(
            column(
                group,
                "sum_below_events",
                "main_denominator_sum_product",
                "sum_num_den",
                "sum_m_d",
                "sum_below_count",
                "sum_below_n",
            )
        ),
        float(
            column(
                group, "sum_events_sq", "denominator_sum_squares", "sum_den_sq", "sum_d_sq", "sum_count_sq", "sum_n_sq"
            )
        ),
    )
    return Summary.from_sums(units, sums, products, columns=(METRIC, DENOMINATOR))


def _quantiles(*, clustered: bool) -> Method:
    def run(inputs: Inputs) -> Answer:
        arms = []
        for name in ("control", "treatment"):
            group = {**{k: v for k, v in inputs.items() if k in {"p", "ci_level"}}, **inputs[name]}
            value, clusters, n, ends = _quantile_arm(group, clustered=clustered)
            level = float(group.get("ci_level", 0.95))
            p = float(column(group, "p", "quantile_p", "q_level", "level"))
            arms.append(arm_from_interval(n, p, value, ends, clusters=clusters, level=level))
        effect = compare_arms(
            arms[0], arms[1], inference_of(inputs), method="quantile_difference", estimand="difference in a quantile"
        )
        return on_scale(effect, inputs)

    return run


def _tost(inputs: Inputs) -> Answer:
    effect = compare_means(*arms_of(inputs), inference_of(inputs))
    found = equivalence(effect, float(inputs["low"]), float(column(inputs, "high", "upp", "upper")))
    return {**absolute(effect), "p_value": found.p_value, "p_lower": found.p_lower, "p_upper": found.p_upper}


def _relative_margin(inputs: Inputs) -> Answer:
    control, *treatments = groups_of(inputs).items()
    alpha = float(inputs.get("alpha", 0.05))
    direction = Direction(str(inputs["preferred_direction"]))
    margin = float(column(inputs, "relative_margin", "margin", "non_inferiority_margin"))
    m = len(treatments)
    out: Answer = {}
    for name, treatment in treatments:
        base = compare_share_aware(control[1], treatment, Inference(alpha=alpha, reference=Reference.NORMAL))
        effect = non_inferiority(base, margin, direction)
        lower, upper = interval(effect.estimate, effect.std_error, alpha / m, alternative=effect.alternative)
        out[name] = {
            **absolute(effect),
            **answer(
                adjusted_ci_lower=lower,
                adjusted_ci_upper=upper,
                adjusted_p=min(1.0, effect.p_value * m),
                is_significant=effect.p_value < alpha / m,
                null_hypothesis=effect.null,
            ),
        }
    return out | (next(iter(out.values())) if m == 1 else {})


def _many_arms(inputs: Inputs) -> Answer:
    control, *treatments = groups_of(inputs).items()
    alpha, side, m = float(inputs.get("alpha", 0.05)), Alternative.TWO_SIDED, len(treatments)
    out: Answer = {}
    for name, treatment in treatments:
        effect = compare_share_aware(control[1], treatment, Inference(alpha=alpha, reference=Reference.NORMAL))
        lower, upper = interval(effect.estimate, effect.std_error, alpha / m, alternative=side)
        out[name] = {
            **absolute(effect),
            **answer(
                adjusted_ci_lower=lower,
                adjusted_ci_upper=upper,
                adjusted_p=min(1.0, effect.p_value * m),
                is_significant=effect.p_value < alpha / m,
                null_hypothesis=0.0,
                excludes_zero=excludes_null(effect),
            ),
        }
    return out


METHODS: dict[str, Method] = {
    "welch_t": _means(Reference.WELCH, Relative.DELTA),
    "student_t_pooled": _means(Reference.POOLED, Relative.DELTA),
    "z_unpooled": _means(Reference.NORMAL, Relative.DELTA),
    "welch_t_with_relative_lift_log_ci": _means(Reference.WELCH, Relative.LOG),
    "relative_lift_delta_method": _relative_means(Relative.DELTA),
    "relative_lift_delta_method_welch_df": _relative_means(Relative.DELTA),
    "relative_lift_fixed_denominator": _relative_fixed,
    "ratio_of_means_delta_welch": _ratios(Relative.LOG),
    "ratio_relative_lift_delta": _relative_ratio,
    "ratio_linearised_HC0": _ratio_linearised,
    "post_stratified_mean_difference": _post_stratified,
    "quantile_difference_ci_based_variance": _quantiles(clustered=False),
    "quantile_difference_cluster_robust": _quantiles(clustered=True),
    "tost_welch": _tost,
    "z_test_relative_nim_one_sided": _relative_margin,
    "z_test_three_arms_bonferroni": _many_arms,
}
