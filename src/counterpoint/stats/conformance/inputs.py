"""Reads the arms of a case, in any of the forms that reference cases use."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from counterpoint.errors import InvalidInput
from counterpoint.stats.arms import Arm
from counterpoint.stats.comparison import compare_arms
from counterpoint.stats.effects import Effect, Inference, Reference, Relative
from counterpoint.stats.summary import DENOMINATOR, METRIC, Summary
from counterpoint.stats.tails import Alternative

# What cases call the columns of an arm; the first group is the metric, the second its denominator, others covariates.
_METRIC = ("y", "num", "m", "numer", "numerator", "post", "y_post", "num_post", "m_post")
_DENOMINATOR = ("den", "d", "denom", "denominator", "den_post", "d_post")
_SIZES = ("n", "count", "nobs", "n_units", "n_users", "n_clusters")
_SUCCESSES = ("x", "successes", "conversions")


def alternative_of(inputs: Mapping[str, Any]) -> Alternative:
    """Return the side a case asks for, two-sided when it does not say."""
    said = str(inputs.get("alternative", "two-sided")).replace("_", "-")
    named = {"larger": "greater", "smaller": "less", "one-sided": "greater", "one.sided": "greater"}
    return Alternative(named.get(said, said.replace(".", "-")))


def inference_of(
    inputs: Mapping[str, Any], *, reference: Reference = Reference.WELCH, relative: Relative = Relative.DELTA
) -> Inference:
    """Return how a case is to be read."""
    return Inference(
        alpha=float(inputs.get("alpha", 0.05)),
        alternative=alternative_of(inputs),
        reference=reference,
        relative=relative,
        null=float(inputs.get("null", 0.0)),
    )


def arms_of(inputs: Mapping[str, Any]) -> tuple[Summary, Summary]:
    """Return control and treatment, named so or as the first two groups."""
    if "control" in inputs:
        return summary_of(inputs["control"]), summary_of(inputs["treatment"])
    listed = list(groups_of(inputs).values())
    return listed[0], listed[1]


def ratio_arms_of(inputs: Mapping[str, Any]) -> tuple[Summary, Summary]:
    """Return control and treatment of a case on ratios; columns in the case's own words count in their order."""
    control, treatment = arms_of(inputs)
    if DENOMINATOR in control.columns or len(control.columns) < 2:
        return control, treatment
    named = (METRIC, DENOMINATOR, *control.columns[2:])
    return replace(control, columns=named), replace(treatment, columns=named)


def counted_arms_of(inputs: Mapping[str, Any]) -> tuple[Summary, Summary]:
    """Return control and treatment of a case on shares, given as counts or as moments of zeros and ones."""
    groups = [inputs[k] for k in ("control", "treatment")] if "control" in inputs else list(_grouped(inputs).values())
    arms = [Summary.from_counts(*counts) if (counts := counts_of(g)) else summary_of(g) for g in groups[:2]]
    return arms[0], arms[1]


def counts_of(group: Any) -> tuple[int, int] | None:
    """Return successes and units of a group given as counts, else None."""
    if not isinstance(group, dict) or not any(k in group for k in _SIZES):
        return None
    if "xx" in group:
        return None
    if "sum" in group and not any(k.startswith(("sum_", "sumsq", "mean", "var")) for k in group):
        return int(group["sum"]), units_of(group)
    found = next((k for k in _SUCCESSES if k in group and not isinstance(group[k], (list, dict))), None)
    return None if found is None or "sum" in group else (int(group[found]), units_of(group))


def groups_of(inputs: Mapping[str, Any]) -> dict[str, Summary]:
    """Return all arms by name, control first."""
    return {name: summary_of(g) for name, g in _grouped(inputs).items()}


def _grouped(inputs: Mapping[str, Any]) -> dict[str, Any]:
    groups = inputs.get("groups", inputs.get("arms", inputs))
    if isinstance(groups, list):
        pairs = [(str(g.get("name", i)), g) for i, g in enumerate(groups)]
    else:
        pairs = [(name, g) for name, g in groups.items() if isinstance(g, (dict, list))]
    return dict(sorted(pairs, key=lambda pair: pair[0] != "control"))


def units_of(group: Mapping[str, Any]) -> int:
    """Return the units of a group given as moments."""
    for key in _SIZES:
        if key in group:
            return int(group[key])
    raise KeyError("n")


def summary_of(group: Any) -> Summary:
    """Return the summary of an arm: raw values, named columns, sums, moments or counts.

    Counts keep the variance p(1-p) that the conventions give to a proportion, in methods for means too.
    """
    if isinstance(group, list):
        return Summary.from_arrays(group)
    if (counts := counts_of(group)) is not None:
        exact = Summary.from_counts(*counts)
        return replace(exact, cross=(exact.cross[0] * (exact.n - 1) / exact.n,), third=None) if exact.n else exact
    columns = {k: v for k, v in group.items() if isinstance(v, list) and k not in {"name", "cluster"}}
    if columns:
        return _from_columns(columns)
    if any(k.startswith("mean") for k in group):
        return _from_moments(group)
    return _from_sums(group)


def share_aware_variance(summary: Summary) -> float:
    """Return the variance, p(1-p) for a yes-or-no metric and with n - 1 otherwise."""
    p = summary.mean()
    plain = summary.variance(ddof=0)
    return plain if abs(plain - p * (1 - p)) <= 1e-12 * max(plain, 1e-300) else summary.variance()


def compare_share_aware(control: Summary, treatment: Summary, inference: Inference) -> Effect:
    """Return the unpooled test with that variance."""
    arms = [Arm(n=s.n, mean=s.mean(), variance=share_aware_variance(s)) for s in (control, treatment)]
    return compare_arms(arms[0], arms[1], inference, method="unpooled", estimand="difference in means per unit")


def column(inputs: Mapping[str, Any], *names: str) -> Any:
    """Return the first of several spellings that a case has."""
    for name in names:
        if name in inputs:
            return inputs[name]
    raise KeyError(names[0])


def roles(names: list[str]) -> list[str]:
    """Return the given column names in the order metric, denominator, covariates."""
    metric = [n for n in names if n in _METRIC] or ([n for n in names if n == ""]) or names[:1]
    below = [n for n in names if n in _DENOMINATOR]
    head = metric[:1] + below[:1]
    return head + [n for n in names if n not in head]


def _role_names(ordered: list[str]) -> tuple[str, ...]:
    named = [METRIC]
    rest = ordered[1:]
    if rest and rest[0] in _DENOMINATOR:
        named.append(DENOMINATOR)
        rest = rest[1:]
    return (*named, *rest)


def _from_columns(columns: Mapping[str, list[float]]) -> Summary:
    ordered = roles(list(columns))
    arrays = [np.asarray(columns[c], dtype=float) for c in ordered]
    named = dict(zip(_role_names(ordered), arrays, strict=True))
    below = named.get(DENOMINATOR)
    rest = {k: v for k, v in named.items() if k not in {METRIC, DENOMINATOR}}
    return Summary.from_arrays(named[METRIC], below, rest)


def _from_moments(group: Mapping[str, Any]) -> Summary:
    names = roles([k[5:] if k.startswith("mean_") else "" for k in group if k.startswith("mean")])
    n = units_of(group)

    def entry(a: str, b: str) -> float:
        if a == b:
            tail = f"_{a}" if a else ""
            for spread in (f"sd{tail}", f"std{tail}", f"st_dev{tail}"):
                if spread in group:
                    return float(group[spread]) ** 2
            return float(column(group, f"var{tail}", f"variance{tail}"))
        spellings = (f"cov_{a}_{b}", f"cov_{b}_{a}", f"cov_{a}{b}", f"cov_{b}{a}", "cov", "covariance")
        return float(column(group, *spellings))

    means = tuple(float(group[f"mean_{c}" if c else "mean"]) for c in names)
    cross = tuple(entry(names[i], names[j]) * (n - 1) for i in range(len(names)) for j in range(i + 1))
    return Summary(n=n, means=means, cross=cross, columns=_role_names(names))


def _from_sums(group: Mapping[str, Any]) -> Summary:
    n = units_of(group)
    if "xx" in group:
        sums, products = [float(group[k]) for k in ("y", "x")], [float(group[k]) for k in ("yy", "xy", "xx")]
        return Summary.from_sums(n, sums, products, columns=(METRIC, "x"))
    if "y" in group and "yy" in group:
        return Summary.from_sums(n, float(group["y"]), float(group["yy"]))
    if "sum" in group:
        square = column(group, "sum_sq", "sum_squares", "sumsq", "sum_of_squares")
        return Summary.from_sums(n, float(group["sum"]), float(square))
    names = _bases([k[4:] for k in group if k.startswith("sum_")])
    ordered = roles(names)

    def product(a: str, b: str) -> float:
        pairs = (f"sum_{a}_{b}", f"sum_{b}_{a}", f"sum_{a}{b}", f"sum_{b}{a}", f"sum_{a}_x_{b}")
        own = (f"sum_{a}_sq", f"sum_sq_{a}", f"sum_{a}{a}", f"sum_{a}_squares", f"sum_{a}2", f"sum_{a}_{a}")
        return float(column(group, *(own if a == b else pairs)))

    products = [product(ordered[i], ordered[j]) for i in range(len(ordered)) for j in range(i + 1)]
    return Summary.from_sums(n, [float(group[f"sum_{c}"]) for c in ordered], products, columns=_role_names(ordered))


def _bases(suffixes: list[str]) -> list[str]:
    """Return the names among suffixes that are not products of others."""
    candidates = [s for s in suffixes if not s.endswith(("_sq", "_squares", "2")) and not s.startswith("sq_")]
    products = set()
    for a, b in combinations_with_replacement(candidates, 2):
        products |= {a + b, b + a, f"{a}_{b}", f"{b}_{a}", f"{a}_x_{b}"}
    found = [c for c in candidates if c not in products]
    if not found:
        raise InvalidInput("malformed_cases", "no sums", where="inputs")
    return found
