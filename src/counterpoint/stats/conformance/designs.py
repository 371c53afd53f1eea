"""Reference methods that design: power, sample size, detectable effect."""

import math
from collections.abc import Callable

from counterpoint.errors import InvalidInput
from counterpoint.stats.conformance.answers import Answer, Inputs, Method
from counterpoint.stats.conformance.inputs import alternative_of, column
from counterpoint.stats.design.classical import (
    anova_n,
    chi_square_n,
    cohen_h,
    proportions_n,
    rule_of_sixteen,
    t_test_effect,
    t_test_n,
    z_test_n,
    z_test_power,
)
from counterpoint.stats.design.portfolio import PlannedMetric, best_weights, decision_levels, units_needed
from counterpoint.stats.design.power import detectable_effect, power, sample_size
from counterpoint.stats.design.questions import ComparisonPlan, MetricModel
from counterpoint.stats.effects import Reference
from counterpoint.stats.tails import Alternative, upper_quantile, upper_tail
from counterpoint.vocabulary import Direction


def _sizes(control: float, ratio: float = 1.0) -> Answer:
    treatment = control * ratio
    return {
        "n_per_group": control,
        "n_per_variant": control,
        "n_per_arm": control,
        "n": control,
        "n1": control,
        "n_control": control,
        "nobs1": control,
        "n2": treatment,
        "n_treatment": treatment,
        "nobs2": treatment,
        "n_total": control + treatment,
    }


def _d(inputs: Inputs) -> float:
    if "effect_size_d" in inputs:
        return float(inputs["effect_size_d"])
    if "d" in inputs or "effect_size" in inputs:
        return float(column(inputs, "d", "effect_size"))
    return float(column(inputs, "delta", "effect", "mde")) / float(column(inputs, "sd", "std"))


def _t_n(inputs: Inputs) -> Answer:
    ratio = float(inputs.get("ratio", 1))
    found = t_test_n(
        _d(inputs), float(inputs["alpha"]), float(inputs["power"]), ratio=ratio, alternative=alternative_of(inputs)
    )
    return _sizes(found, ratio)


def _t_effect(inputs: Inputs) -> Answer:
    n = float(column(inputs, "n_per_group", "n", "n1", "nobs1"))
    ratio, sd = float(inputs.get("ratio", 1)), float(inputs.get("sd", 1))
    if sd <= 0:
        raise InvalidInput("std_error_not_positive", f"a standard deviation of {sd}", where="sd")
    d = t_test_effect(
        n, float(inputs["alpha"]), float(inputs["power"]), ratio=ratio, alternative=alternative_of(inputs)
    )
    return {"mde": d * sd, "effect_size_d": d, "effect_size": d}


def _z_power(inputs: Inputs) -> Answer:
    n = float(column(inputs, "n_per_group", "n", "n1", "nobs1"))
    found = z_test_power(
        _d(inputs), n, n * float(inputs.get("ratio", 1)), float(inputs["alpha"]), alternative_of(inputs)
    )
    return {"power": found}


def _prop_n(inputs: Inputs) -> Answer:
    two_sided = alternative_of(inputs) == Alternative.TWO_SIDED
    alpha, target = float(inputs["alpha"]), float(inputs["power"])
    return _sizes(proportions_n(float(inputs["p1"]), float(inputs["p2"]), alpha, target, two_sided=two_sided))


def _cohen(inputs: Inputs) -> Answer:
    # Cohen writes h of the first share over the second; our own effects go the other way.
    h = float(inputs["h"]) if "h" in inputs else cohen_h(float(inputs["p2"]), float(inputs["p1"]))
    side = alternative_of(inputs)
    # One-sided plans look where the effect is, whichever share was named first.
    found = z_test_n(
        -abs(h) if side == Alternative.LESS else abs(h),
        float(inputs["alpha"]),
        float(inputs["power"]),
        alternative=side,
    )
    return {**_sizes(found), "h": h, "cohen_h": h, "effect_size_h": h, "effect_size": h}


def _chi_n(inputs: Inputs) -> Answer:
    found = chi_square_n(float(inputs["w"]), int(inputs["df"]), float(inputs["alpha"]), float(inputs["power"]))
    return {"n_total": found, "n": found}


def _anova(inputs: Inputs) -> Answer:
    arms, f = int(column(inputs, "arms", "k", "groups")), float(column(inputs, "cohen_f", "f"))
    found = anova_n(arms, f, float(inputs["alpha"]), float(inputs["power"]))
    return {"n_per_group": found, "n": found, "n_total": found * arms}


def _sixteen(inputs: Inputs) -> Answer:
    change = float(column(inputs, "relative_mde", "rel_effect", "relative_effect", "mde"))
    if "baseline_rate" in inputs:
        p = float(inputs["baseline_rate"])
        return _sizes(rule_of_sixteen(p * (1 - p), p, change))
    variance = float(inputs["var"]) if "var" in inputs else float(column(inputs, "sd", "std", "baseline_sd")) ** 2
    return _sizes(rule_of_sixteen(variance, float(column(inputs, "mean", "baseline_mean")), change))


def _model(history: Inputs, inputs: Inputs) -> MetricModel:
    if "mean_den" in history or "mean_d" in history:
        num, den = float(column(history, "mean_num", "mean_m")), float(column(history, "mean_den", "mean_d"))
        cov = float(next(v for k, v in history.items() if k.startswith("cov")))
        ratio = num / den
        spread = (
            float(column(history, "var_num", "var_m"))
            - 2 * ratio * cov
            + ratio**2 * float(column(history, "var_den", "var_d"))
        )
        return MetricModel(mean=ratio, variance=spread / den**2, explained=_explained(history, inputs))
    mean, variance = float(column(history, "mean_y", "mean")), float(column(history, "var_y", "var"))
    return MetricModel(mean=mean, variance=variance, explained=_explained(history, inputs))


def _explained(history: Inputs, inputs: Inputs) -> float:
    for source in (history, inputs):
        for name, value in source.items():
            if name.startswith(("rho", "corr")) and isinstance(value, (int, float)):
                return float(value) ** 2
    cov = next((float(v) for k, v in history.items() if k.startswith("cov")), None)
    if cov is not None and "var_x" in history:
        return cov**2 / (float(history["var_x"]) * float(history["var_y"]))
    return 0.0


def _history(reference: Reference) -> Method:
    def run(inputs: Inputs) -> Answer:
        model = _model(inputs["history"], inputs)
        ratio = float(inputs.get("ratio", inputs.get("ratio_treatment_to_control", 1)))
        plan = ComparisonPlan(
            alpha=float(inputs.get("alpha", 0.05)),
            alternative=alternative_of(inputs),
            treatment_weight=ratio,
            reference=reference,
        )
        questions = inputs.get("solve", [inputs])
        out: Answer = {}
        for asked in questions if isinstance(questions, list) else [questions]:
            given = {**{k: inputs[k] for k in ("power", "rel_effect", "n_total") if k in inputs}, **asked}
            out |= _solve(model, plan, given)
        return out

    return run


def _solve(model: MetricModel, plan: ComparisonPlan, given: Inputs) -> Answer:
    find = given.get("find")
    if find is None:
        find = "n_total" if "n_total" not in given else ("power" if "power" not in given else "rel_mde")
    if find == "n_total":
        n = float(math.ceil(sample_size(model, plan, float(given["rel_effect"]), float(given["power"])) - 1e-9))
        share = plan.treatment_weight / (plan.control_weight + plan.treatment_weight)
        return {"n_total": n, "n_control": n * (1 - share), "n_treatment": n * share}
    if find == "power":
        return {"power": power(model, plan, float(given["n_total"]), float(given["rel_effect"]))}
    found = detectable_effect(model, plan, float(given["n_total"]), float(given["power"]))
    return {"rel_mde": found, "rel_effect": found, "rel_effect_size": found, "effect_size": found * abs(model.mean)}


def _planned(inputs: Inputs) -> list[PlannedMetric]:
    out = []
    for i, row in enumerate(inputs["metrics"]):
        effect = row.get("mde", row.get("minimum_detectable_effect"))
        margin = row.get("nim", row.get("non_inferiority_margin"))
        want = row.get("preference", row.get("preferred_direction"))
        mean = float(column(row, "avg", "mean"))
        out.append(
            PlannedMetric(
                metric=str(row.get("metric", i)),
                mean=mean,
                variance=float(row["var"]) if "var" in row else mean * (1 - mean),
                binary=bool(row.get("binary", False)),
                effect=None if margin is not None else float(effect),
                margin=None if margin is None else float(margin),
                direction=None if want is None else Direction(str(want)),
            )
        )
    return out


def _portfolio(inputs: Inputs) -> Answer:
    metrics = _planned(inputs)
    weights = [
        float(w) for w in inputs.get("treatment_weights", inputs.get("weights", inputs.get("allocation", [1, 1])))
    ]
    alpha, target = float(inputs.get("alpha", 0.05)), float(inputs.get("power", 0.8))
    rule = str(inputs.get("decision_rule", inputs.get("correction_method", "spot-1-bonferroni")))
    levels = decision_levels(metrics, len(weights) - 1, alpha, target)
    z_alpha, z_power = list(levels.z_alpha), levels.z_power
    if rule == "bonferroni":
        m = max(1, (len(weights) - 1) * len(metrics))
        z_alpha = [upper_quantile(alpha / m / (1 if x.direction is not None else 2)) for x in metrics]
        z_power = upper_quantile(1 - target)
    elif not rule.startswith("spot-1"):
        # A step-wise correction has no level known beforehand: the source plans with the level and power as given.
        z_alpha = [upper_quantile(alpha / (1 if x.direction is not None else 2)) for x in metrics]
        z_power = upper_quantile(1 - target)
    elif all(x.margin is not None for x in metrics):
        # The source counts success metrics times arms; with none to count, nothing is shared out.
        z_alpha = [upper_quantile(alpha / (1 if x.direction is not None else 2)) for x in metrics]
    used = type(levels)(z_alpha=tuple(z_alpha), z_power=z_power)
    needed = [float(units_needed(m, z, z_power, weights)) for m, z in zip(metrics, z_alpha, strict=True)]
    best, n = best_weights(metrics, used, len(weights))
    return {
        "required_sample_size_metric": needed,
        "required_sample_size": max(needed),
        "n_total": max(needed),
        "optimal_weights": list(best),
        "optimal_sample_size": float(n),
        "adjusted_power": 1 - upper_tail(z_power),
    }


def _control_against_all(inputs: Inputs) -> Answer:
    """Answer for every treatment against control, alpha shared by the comparisons, with the allocation given."""
    if "metrics" in inputs:
        return _portfolio({**inputs, "decision_rule": "bonferroni"})
    weights = [float(w) for w in column(inputs, "allocation", "weights", "treatment_weights")]
    mean = float(column(inputs, "mean", "avg", "baseline_mean", "baseline_rate", "p1"))
    binary = bool(inputs.get("binary", "baseline_rate" in inputs or "p1" in inputs))
    variance = mean * (1 - mean) if binary else float(inputs["var"] if "var" in inputs else float(inputs["sd"]) ** 2)
    change = float(column(inputs, "mde", "relative_mde", "rel_effect"))
    metric = PlannedMetric(metric="metric", mean=mean, variance=variance, binary=binary, effect=change, direction=None)
    m = len(weights) - 1
    two = 2 if alternative_of(inputs) == Alternative.TWO_SIDED else 1
    z = upper_quantile(float(inputs.get("alpha", 0.05)) / m / two)
    n = float(units_needed(metric, z, upper_quantile(1 - float(inputs.get("power", 0.8))), weights))
    shares = [w / sum(weights) for w in weights]
    return {
        "n_total": n,
        "required_sample_size": n,
        "n_per_arm": [n * s for s in shares],
        "n_per_group": [n * s for s in shares],
    }


_history_welch: Callable[[Inputs], Answer] = _history(Reference.WELCH)

METHODS: dict[str, Method] = {
    "t_test_two_sample_n": _t_n,
    "t_test_two_sample_n_ratio": _t_n,
    "t_test_mde": _t_effect,
    "z_test_power": _z_power,
    "power_prop_test_n": _prop_n,
    "cohen_h_n": _cohen,
    "chi_square_power_n": _chi_n,
    "anova_n": _anova,
    "rule_16_sigma2_over_delta2": _sixteen,
    "mean_power_from_history": _history_welch,
    "mean_power_from_history_cuped": _history_welch,
    "ratio_power_from_history": _history_welch,
    "mean_power_unequal_allocation": _history(Reference.NORMAL),
    "control_vs_all_bonferroni_given_allocation": _control_against_all,
}
PATTERNS: dict[str, Method] = {"multi_metric_sample_size_*": _portfolio}
