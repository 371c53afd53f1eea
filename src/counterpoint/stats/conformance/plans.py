"""Reference methods on plans of looks: bounds, their cost, repeated intervals, futility."""

from functools import partial
from typing import Any

from counterpoint.errors import InvalidInput
from counterpoint.stats.conformance.answers import Answer, Inputs, Method, answer
from counterpoint.stats.conformance.inputs import arms_of, column, compare_share_aware, summary_of
from counterpoint.stats.design.classical import t_test_n
from counterpoint.stats.effects import Effect, Inference, Reference
from counterpoint.stats.means import compare_means
from counterpoint.stats.sequential.bounds import (
    GroupSequentialBounds,
    haybittle_peto_bounds,
    spending_bounds,
    wang_tsiatis_bounds,
)
from counterpoint.stats.sequential.characteristics import characteristics
from counterpoint.stats.sequential.futility import futility_plan
from counterpoint.stats.sequential.spending import Spending
from counterpoint.stats.summary import Summary, merge
from counterpoint.stats.tails import Alternative, interval, p_value, upper_quantile, upper_tail

_MOST_LOOKS = 1_000
_SPENDING = {
    "asOF": Spending.OBRIEN_FLEMING,
    "asP": Spending.POCOCK,
    "asKD": Spending.KIM_DEMETS,
    "asHSD": Spending.HWANG_SHIH_DECANI,
}


def _information(inputs: Inputs) -> list[float]:
    found = inputs.get("information_fractions", inputs.get("information_rates"))
    if found is not None:
        return [float(t) for t in found]
    k = int(column(inputs, "looks", "k", "n_looks", "kmax"))
    if not 1 <= k <= _MOST_LOOKS:
        raise InvalidInput("no_looks" if k < 1 else "too_many_looks", f"{k} looks", where="looks")
    return [(i + 1) / k for i in range(k)]


def _parameter(inputs: Inputs, *names: str) -> float | None:
    return next((float(inputs[n]) for n in names if n in inputs), None)


def _design(kind: str, inputs: Inputs) -> GroupSequentialBounds:
    t, alpha, sides = _information(inputs), float(inputs.get("alpha", 0.05)), int(inputs.get("sides", 2))
    if kind in _SPENDING:
        parameter = _parameter(inputs, "rho", "gamma", "gammaA", "parameter")
        return spending_bounds(t, alpha=alpha, sides=sides, family=_SPENDING[kind], parameter=parameter)
    if kind in {"HP", "haybittle_peto"}:
        z = _parameter(inputs, "interim_z", "z") or 3.0
        return haybittle_peto_bounds(t, alpha=alpha, sides=sides, interim_z=z)
    delta = {"P": 0.5, "OF": 0.0}.get(kind)
    if delta is None:
        delta = float(column(inputs, "delta", "deltaWT", "parameter"))
    return wang_tsiatis_bounds(t, alpha=alpha, sides=sides, delta=delta)


def _bounds(kind: str, inputs: Inputs) -> Answer:
    found = _design(kind, inputs)
    return {
        "z_bounds": list(found.z),
        "cumulative_alpha_spent": list(found.alpha_spent),
        "nominal_p_per_look": list(found.nominal_p),
        "constant": found.z[-1] / found.information[-1] ** ((found.parameter or 0.0) - 0.5)
        if kind in {"P", "OF", "WT"}
        else None,
    }


def _kind(inputs: Inputs) -> str:
    return str(column(inputs, "design", "type_of_design", "spending", "type"))


def _inflation(inputs: Inputs) -> Answer:
    found = characteristics(_design(_kind(inputs), inputs), _power(inputs))
    return {
        "inflation_factor": found.inflation,
        "avg_sample_fraction_h1": found.expected_h1,
        "avg_sample_fraction_h0": found.expected_h0,
        "power_per_look": list(found.power_by_look),
        "shift": found.drift**2,
    }


def _power(inputs: Inputs) -> float:
    return float(inputs["power"]) if "power" in inputs else 1 - float(inputs.get("beta", 0.2))


def _sample_size(inputs: Inputs) -> Answer:
    bounds, target = _design(_kind(inputs), inputs), _power(inputs)
    found = characteristics(bounds, target)
    effect = float(
        column(
            inputs,
            "effect",
            "delta",
            "mde",
            "alternative_effect",
            "mean_difference",
            "effect_size",
            "effect_size_d",
            "alternative",
        )
    )
    sd = float(inputs.get("sd", inputs.get("st_dev", inputs.get("stDev", inputs.get("std", 1)))))
    ratio = float(inputs.get("ratio", inputs.get("allocation_ratio", 1)))
    # One-sided at alpha / sides: the far tail of a two-sided plan does not count as a success.
    fixed = t_test_n(
        abs(effect) / sd, bounds.alpha / bounds.sides, target, ratio=ratio, alternative=Alternative.GREATER
    )
    total = fixed * (1 + ratio) * found.inflation
    return {
        "n_fixed": fixed * (1 + ratio),
        "n_fixed_total": fixed * (1 + ratio),
        "n_max": total,
        "n_total": total,
        "max_n_total": total,
        "n_max_total": total,
        "max_sample_size": total,
        "max_n": total,
        "n_per_group": total / (1 + ratio),
        "max_n_per_group": total / (1 + ratio),
        "n_per_look": [total * t for t in bounds.information],
        "n_total_per_look": [total * t for t in bounds.information],
        "cumulative_n_per_look": [total * t for t in bounds.information],
        "expected_n_h1": total / found.inflation * found.expected_h1,
        "expected_n_h0": total / found.inflation * found.expected_h0,
        "avg_n_h1": total / found.inflation * found.expected_h1,
        "avg_n_h0": total / found.inflation * found.expected_h0,
        "inflation_factor": found.inflation,
        "z_bounds": list(bounds.z),
        "power_per_look": list(found.power_by_look),
    }


def _repeated_intervals(inputs: Inputs) -> Answer:
    bounds = _design(_kind(inputs), inputs)
    stages = _stages(inputs)
    if stages is not None:
        estimates, errors, dfs = stages
        # Read like the t-test it comes from: the level of each look, at the degrees of freedom so far.
        critical = [upper_quantile(upper_tail(z), df) for z, df in zip(bounds.z, dfs, strict=False)]
    else:
        estimates, errors = _looked_at(inputs)
        critical = list(bounds.z)
    lower = [e - c * s for e, s, c in zip(estimates, errors, critical, strict=False)]
    upper = [e + c * s for e, s, c in zip(estimates, errors, critical, strict=False)]
    return {
        **dict.fromkeys(("rci_lower", "ci_lower", "lower", "repeated_ci_lower"), lower),
        **dict.fromkeys(("rci_upper", "ci_upper", "upper", "repeated_ci_upper"), upper),
        "z_bounds": list(bounds.z),
        "estimates": estimates,
        "z": [e / s for e, s in zip(estimates, errors, strict=True)],
    }


def _stages(inputs: Inputs) -> tuple[list[float], list[float], list[float]] | None:
    """Return cumulative differences (first group minus second), errors and degrees of freedom of stage-wise moments."""
    rows = inputs.get("stages")
    if rows is None and isinstance(inputs.get("n1"), list):
        keys = [k for k, v in inputs.items() if isinstance(v, list) and len(v) == len(inputs["n1"])]
        rows = [{k: inputs[k][i] for k in keys} for i in range(len(inputs["n1"]))]
    if not isinstance(rows, list) or "n1" not in rows[0]:
        return None
    totals = [Summary.empty(), Summary.empty()]
    out: tuple[list[float], list[float], list[float]] = ([], [], [])
    for row in rows:
        for g in (1, 2):
            n, mean = int(row[f"n{g}"]), float(column(row, f"mean{g}", f"means{g}"))
            sd = float(column(row, f"sd{g}", f"stDev{g}", f"stDevs{g}", f"std{g}"))
            totals[g - 1] = merge(totals[g - 1], Summary(n=n, means=(mean,), cross=(sd**2 * (n - 1),)))
        found = compare_means(totals[1], totals[0], Inference(reference=Reference.POOLED))
        out[0].append(found.estimate)
        out[1].append(found.std_error)
        out[2].append(found.df)
    return out


def _looked_at(inputs: Inputs) -> tuple[list[float], list[float]]:
    if "looks" in inputs and isinstance(inputs["looks"], list):
        found = [compare_means(*arms_of(look), Inference(reference=Reference.POOLED)) for look in inputs["looks"]]
        return [f.estimate for f in found], [f.std_error for f in found]
    estimates = column(inputs, "estimates", "effects", "diffs", "estimate_per_look")
    errors = column(inputs, "std_errs", "std_errors", "ses", "std_err_per_look")
    return [float(e) for e in estimates], [float(s) for s in errors]


def _futility(inputs: Inputs) -> Answer:
    t = _information(inputs)
    of_alpha = _SPENDING[str(inputs.get("spending", inputs.get("design", inputs.get("alpha_spending", "asOF"))))]
    of_beta = str(inputs.get("beta_spending", inputs.get("type_beta_spending", "bsOF"))).replace("bs", "as")
    found = futility_plan(
        t,
        alpha=float(inputs["alpha"]),
        beta=1 - _power(inputs),
        family=of_alpha,
        parameter=_parameter(inputs, "gamma", "gammaA", "rho"),
        beta_family=_SPENDING[of_beta],
        beta_parameter=_parameter(inputs, "gammaB", "gamma_beta", "beta_gamma"),
    )
    lower = list(found.bounds.futility)
    return {
        "z_bounds": list(found.bounds.z),
        "upper_bounds": list(found.bounds.z),
        "efficacy_bounds": list(found.bounds.z),
        "futility_bounds": lower[:-1],
        "futility_z_bounds": lower[:-1],
        "lower_bounds": lower,
        "inflation_factor": found.inflation,
        "cumulative_beta_spent": list(found.beta_spent),
        "cumulative_alpha_spent": list(found.bounds.alpha_spent),
        "shift": found.drift**2,
    }


def _watched_looks(inputs: Inputs) -> Answer:
    """Answer each look of a z-test with Kim-DeMets spending at rho 2, information being units over planned units."""
    looks: dict[Any, dict[str, Any]] = {}
    for row in inputs["looks"]:
        looks.setdefault(row.get("day", row.get("look")), {})[str(column(row, "variant", "name"))] = row
    alpha = float(inputs.get("alpha", 0.05))
    planned = float(inputs.get("final_expected_total_n", 0)) or max(float(r.get("final", 0)) for r in inputs["looks"])
    effects: list[Effect] = []
    totals: list[float] = []
    for arms in looks.values():
        control, treatment = summary_of(arms["control"]), summary_of(next(v for k, v in arms.items() if k != "control"))
        totals.append(control.n + treatment.n)
        effects.append(compare_share_aware(control, treatment, Inference(alpha=alpha, reference=Reference.NORMAL)))
    most = max(planned, *totals)
    bounds = spending_bounds([n / most for n in totals], alpha=alpha, family=Spending.KIM_DEMETS, parameter=2.0)
    out: Answer = {}
    for k, (effect, level) in enumerate(zip(effects, bounds.nominal_p, strict=True), start=1):
        lower, upper = interval(effect.estimate, effect.std_error, level)
        p = p_value(effect.estimate / effect.std_error)
        out[f"look{k}"] = {
            **answer(effect=effect.estimate, std_error=effect.std_error, ci_lower=lower, ci_upper=upper),
            "adjusted_alpha": level,
            "is_significant": p < level,
        }
    return out


METHODS: dict[str, Method] = {
    **{f"bounds_{kind}": partial(_bounds, kind) for kind in ("P", "OF", "WT", "asOF", "asP", "asKD", "asHSD")},
    "haybittle_peto": partial(_bounds, "HP"),
    "sample_size_inflation_factor": _inflation,
    "group_sequential_sample_size_means": _sample_size,
    "repeated_confidence_interval": _repeated_intervals,
    "beta_spending_futility_nonbinding": _futility,
    "z_test_group_sequential_power_family_rho2": _watched_looks,
}
