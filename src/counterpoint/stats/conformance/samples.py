"""Reference methods on raw samples: ranks, quantiles, winsorising, regressions, clusters."""

import numpy as np

from counterpoint.errors import InvalidInput
from counterpoint.stats.clusters import cluster_sums, compare_clustered
from counterpoint.stats.conformance.answers import Answer, Inputs, Method, absolute, answer
from counterpoint.stats.conformance.inputs import alternative_of, column, inference_of, summary_of
from counterpoint.stats.effects import Reference
from counterpoint.stats.interactions import interaction
from counterpoint.stats.quantiles import ValueCounts, quantile, quantile_interval
from counterpoint.stats.ranks import rank_test
from counterpoint.stats.regression import Sandwich, ancova, least_squares, regression_effect
from counterpoint.stats.winsorising import cap_at_quantile, winsorised

# Words by which cases name the ends of a sample.
_LOW = ("low", "small", "bottom", "min", "left")
_HIGH = ("high", "upp", "large", "top", "max", "right")


def _ranks(inputs: Inputs) -> Answer:
    found = rank_test(
        ValueCounts.from_array(inputs["control"]),
        ValueCounts.from_array(inputs["treatment"]),
        alternative_of(inputs),
        continuity=bool(inputs.get("continuity", True)),
    )
    return answer(
        u_treatment=found.u_treatment, u=found.u_treatment, statistic=found.u_treatment, p_value=found.p_value
    )


def _order_statistics(inputs: Inputs) -> Answer:
    values = ValueCounts.from_array(inputs["x"])
    lower, upper = quantile_interval(values, float(inputs["p"]), float(inputs.get("alpha", 0.05)))
    return answer(quantile=quantile(values, float(inputs["p"])), ci_lower=lower, ci_upper=upper)


def _quantiles(inputs: Inputs) -> Answer:
    values, p = ValueCounts.from_array(inputs["x"]), inputs["p"]
    found = [quantile(values, float(q)) for q in (p if isinstance(p, list) else [p])]
    return {"quantiles": found, "quantile": found[0]}


def _cap(inputs: Inputs) -> Answer:
    cap, summary = cap_at_quantile(
        ValueCounts.from_array(inputs["x"]), float(column(inputs, "upper_quantile", "quantile", "p"))
    )
    return {"cap": cap, "mean": summary.mean(), "var": summary.variance(), "sum": summary.mean() * summary.n}


def _replace_extremes(inputs: Inputs) -> Answer:
    x = np.sort(np.asarray(inputs["x"], dtype=float))

    plain = {k: v for k, v in inputs.items() if k != "x" and not isinstance(v, (str, bool, dict))}
    sided = {k for k in plain if any(w in k for w in (*_LOW, *_HIGH))}

    def how_many(end: int, words: tuple[str, ...]) -> int:
        """Return how many values are replaced at one end: a count, or a share of them below 1."""
        own = [plain[k] for k in sided if any(w in k for w in words)]
        both = [v[end] if isinstance(v, list) else v for k, v in plain.items() if k not in sided]
        value = (own or ([0] if sided else both))[0]
        return int(value * x.size) if isinstance(value, float) and value < 1 else int(value)

    low, high = how_many(0, _LOW), how_many(1, _HIGH)
    found = winsorised(x, low, high)
    capped = x.copy()
    capped[:low] = x[low]
    if high:
        capped[-high:] = x[-high - 1]
    return {
        "mean": found.mean(),
        "var": found.variance(),
        "std": found.variance() ** 0.5,
        "min": float(capped[0]),
        "max": float(capped[-1]),
        "lower_cap": float(capped[0]),
        "upper_cap": float(capped[-1]),
        "sum": float(capped.sum()),
    }


def _regression(sandwich: Sandwich, *, interacted: bool) -> Method:
    def run(inputs: Inputs) -> Answer:
        if "control" in inputs:
            control, treatment = inputs["control"], inputs["treatment"]
            names = [k for k in control if k != "y" and isinstance(control[k], list)]
            y = [*control["y"], *treatment["y"]]
            treated = [0.0] * len(control["y"]) + [1.0] * len(treatment["y"])
            covariates = [[*control[k], *treatment[k]] for k in names]
        else:
            y, treated = inputs["y"], column(inputs, "treatment", "treat", "t")
            covariates = _covariates(inputs, len(y))
        if not covariates:
            raise InvalidInput("no_covariates", "a regression adjustment without a covariate", where="inputs")
        alpha = float(inputs.get("alpha", 0.05))
        found = ancova(y, treated, covariates, sandwich=sandwich, interacted=interacted, alpha=alpha)
        return answer(
            effect=found.effect,
            std_error=found.std_error,
            statistic=found.z,
            p_value=found.p_value,
            ci_lower=found.ci_lower,
            ci_upper=found.ci_upper,
        )

    return run


def _covariates(inputs: Inputs, n: int) -> list[list[float]]:
    """Return the columns beside y and treatment: named ones, a list of columns, or a list of rows."""
    found: list[list[float]] = []
    for name, given in inputs.items():
        if name.lower() in {"y", "treatment", "treat", "t"} or not isinstance(given, (list, dict)):
            continue
        columns = list(given.values()) if isinstance(given, dict) else given
        if not columns or not isinstance(columns[0], list):
            columns = [columns]
        found += columns if len(columns[0]) == n else [list(c) for c in zip(*columns, strict=True)]
    return found


def _clustered(inputs: Inputs) -> Answer:
    y, treated = np.asarray(inputs["y"], dtype=float), np.asarray(column(inputs, "treatment", "treat", "t")) > 0
    labels = np.asarray(column(inputs, "cluster", "clusters", "groups", "cluster_id"))
    covariates = [v for k, v in inputs.items() if k.startswith("x") and isinstance(v, list)]
    if covariates or set(labels[treated]) & set(labels[~treated]):
        # Sums per cluster and arm suffice only where each cluster is of one arm and nothing is adjusted for.
        beta, spread = least_squares(y, [treated.astype(float), *covariates], Sandwich.CR1, labels)
        found = regression_effect(beta, spread, 1, "cluster_robust_CR1", float(inputs.get("alpha", 0.05)))
        return answer(
            effect=found.effect,
            std_error=found.std_error,
            statistic=found.z,
            p_value=found.p_value,
            ci_lower=found.ci_lower,
            ci_upper=found.ci_upper,
        )
    control, treatment = cluster_sums(y[~treated], labels[~treated]), cluster_sums(y[treated], labels[treated])
    return absolute(compare_clustered(control, treatment, inference_of(inputs, reference=Reference.NORMAL)))


def _factorial(inputs: Inputs) -> Answer:
    cells = {(int(k[0]), int(k[1])): summary_of(v) for k, v in inputs["cells"].items()}
    found = interaction(cells, float(inputs.get("alpha", 0.05)))
    return {
        **answer(
            effect=found.interaction,
            std_error=found.std_error,
            statistic=found.z,
            p_value=found.p_value,
            ci_lower=found.ci_lower,
            ci_upper=found.ci_upper,
        ),
        "interaction": found.interaction,
    }


METHODS: dict[str, Method] = {
    "mann_whitney_u": _ranks,
    "binomial_order_statistic_ci": _order_statistics,
    "linear_interpolation_type7": _quantiles,
    "cap_upper_quantile": _cap,
    "replace_k_extremes": _replace_extremes,
    "ols_ancova_HC0": _regression(Sandwich.HC0, interacted=False),
    "ols_ancova_HC2": _regression(Sandwich.HC2, interacted=False),
    "lin_2013_fully_interacted_HC2": _regression(Sandwich.HC2, interacted=True),
    "ols_cluster_robust_CR1": _clustered,
    "factorial_2x2_interaction_HC2": _factorial,
}
