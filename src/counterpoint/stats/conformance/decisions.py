"""Reference methods that decide over several metrics, in the conventions of spotify-confidence 4.1.0."""

import math
from dataclasses import dataclass
from functools import partial

from counterpoint.stats.conformance.answers import Answer, Inputs, Method, answer
from counterpoint.stats.conformance.inputs import column, share_aware_variance, summary_of
from counterpoint.stats.corrections import Correction, adjust_p_values
from counterpoint.stats.decision import corrected_beta
from counterpoint.stats.tails import Alternative, interval, p_value


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    name: str
    effect: float
    std_error: float
    null: float
    side: Alternative
    margin: float | None


def _rows(inputs: Inputs) -> tuple[list[_Row], int]:
    by_metric: dict[str, list[Inputs]] = {}
    for row in inputs["metrics"]:
        by_metric.setdefault(str(row["metric"]), []).append(row)
    rows: list[_Row] = []
    treatments = 1
    for metric, listed in by_metric.items():
        ordered = sorted(listed, key=lambda r: str(column(r, "variant", "name")) != "control")
        control = summary_of(ordered[0])
        treatments = len(ordered) - 1
        for row in ordered[1:]:
            arm = summary_of(row)
            margin = row.get("non_inferiority_margin", row.get("nim"))
            want = row.get("preferred_direction")
            side = {"increase": Alternative.GREATER, "decrease": Alternative.LESS}.get(str(want), Alternative.TWO_SIDED)
            sign = -1 if side == Alternative.GREATER else 1
            rows.append(
                _Row(
                    name=metric if treatments == 1 else f"{metric}/{column(row, 'variant', 'name')}",
                    effect=arm.mean() - control.mean(),
                    std_error=math.sqrt(share_aware_variance(control) / control.n + share_aware_variance(arm) / arm.n),
                    null=0.0 if margin is None else sign * float(margin) * control.mean(),
                    side=side,
                    margin=None if margin is None else float(margin),
                )
            )
    return rows, treatments


def _decide(rule: str, inputs: Inputs) -> Answer:
    alpha = float(inputs.get("alpha", 0.05))
    rows, treatments = _rows(inputs)
    metrics = {r.name.split("/")[0]: r.margin for r in rows}
    success = sum(m is None for m in metrics.values())
    guards = len(metrics) - success
    risk_aware = rule.startswith("spot-1")
    step = rule.removeprefix("spot-1-")
    single = step == "bonferroni"
    m = max(1, treatments * max(1, success if risk_aware else len(metrics))) if risk_aware or single else 1
    power = float(inputs.get("power", 0.8))
    adjusted_power = 1 - corrected_beta(1 - power, success, guards) if risk_aware else power
    # Its own rule doubles alpha and tests two-sided, which is one-sided at alpha with two-sided intervals.
    both = risk_aware and single
    levels = [2 * alpha if both and r.side != Alternative.TWO_SIDED else alpha for r in rows]
    sides = [Alternative.TWO_SIDED if both else r.side for r in rows]
    ps = [p_value((r.effect - r.null) / r.std_error, alternative=s) for r, s in zip(rows, sides, strict=True)]
    if single:
        adjusted = [min(1.0, p * m) for p in ps]
        significant = [p < level / m for p, level in zip(ps, levels, strict=True)]
    else:
        names = {"simes-hochberg": "hochberg", "holm-sidak": "holm_sidak", "fdr_bh": "bh", "fdr_by": "by"}
        adjusted = list(adjust_p_values(ps, Correction(names.get(step, step))))
        significant = [p <= alpha for p in adjusted]
    out: Answer = {}
    for r, level, side, p, q, yes in zip(rows, levels, sides, ps, adjusted, significant, strict=True):
        lower, upper = interval(r.effect, r.std_error, level, alternative=side)
        ends = _adjusted_ends(r, level / m, alpha, side, significant=yes, stepwise=step in _CLIPPED)
        out[r.name] = answer(
            effect=r.effect,
            std_error=r.std_error,
            p_value=p,
            ci_lower=lower,
            ci_upper=upper,
            adjusted_ci_lower=ends[0],
            adjusted_ci_upper=ends[1],
            adjusted_p=q,
            is_significant=yes,
            null_hypothesis=r.null,
            adjusted_alpha=level / m,
            adjusted_power=adjusted_power,
            alpha=level,
        )
    return out


_CLIPPED = {"holm", "hommel", "simes-hochberg"}


def _adjusted_ends(
    r: _Row, level: float, alpha: float, side: Alternative, *, significant: bool, stepwise: bool
) -> tuple[float, float]:
    if not stepwise or side == Alternative.TWO_SIDED:
        return interval(r.effect, r.std_error, level, alternative=side)
    # Step-wise intervals are one-sided; after a rejection they reach to the null at most.
    lower, upper = interval(r.effect, r.std_error, alpha, alternative=side)
    if significant:
        lower, upper = (max(lower, r.null), upper) if side == Alternative.GREATER else (lower, min(upper, r.null))
    return lower, upper


_RULES = (
    "spot-1-bonferroni",
    "spot-1-holm",
    "spot-1-hommel",
    "spot-1-simes-hochberg",
    "bonferroni",
    "holm",
    "hommel",
    "simes-hochberg",
)
METHODS: dict[str, Method] = {f"experiment_decision_rule_{rule}": partial(_decide, rule) for rule in _RULES}
