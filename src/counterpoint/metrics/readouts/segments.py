"""Segments: whether the effect differs between them, and what is left of each once chance is taken out."""

from collections.abc import Mapping, Sequence
from typing import Any

from counterpoint.errors import CannotCompute
from counterpoint.metrics.scorecard import MetricRow
from counterpoint.stats import Correction, adjust_p_values, heterogeneity

LEVEL = 0.05


def segment_differences(segments: Mapping[str, Sequence[MetricRow]]) -> list[dict[str, Any]]:
    """Return, for each metric and treatment, Cochran's Q over the segments and each segment's shrunken effect.

    Args:
        segments: Segment -> rows of a scorecard read by an attribute that was fixed before exposure.

    Returns:
        Documents; their p-values carry a `q_value`, false discovery rate over all of them. Segments with too few units
        for a number are left out and named.

    Estimand: Whether segments share one effect; one look, and no part of any decision.
    """
    keys = dict.fromkeys((row.metric, row.variant) for rows in segments.values() for row in rows)
    found = [_one(metric, variant, segments) for metric, variant in keys]
    tested = [each for each in found if each["p_value"] is not None]
    adjusted = adjust_p_values([each["p_value"] for each in tested], Correction.BH)
    for each, q in zip(tested, adjusted, strict=True):
        each["q_value"], each["differs"] = q, q <= LEVEL
    return found


def _one(metric: str, variant: str, segments: Mapping[str, Sequence[MetricRow]]) -> dict[str, Any]:
    rows = {
        name: row
        for name, listed in segments.items()
        for row in listed
        if (row.metric, row.variant) == (metric, variant)
    }
    read = {name: row.effect for name, row in rows.items() if row.effect is not None}
    document: dict[str, Any] = {
        "metric": metric,
        "variant": variant,
        "left_out": {name: row.missing.reason for name, row in rows.items() if row.missing is not None},
        "looks": "one",
        "q_value": None,
        "differs": None,
    }
    try:
        result = heterogeneity([e.estimate for e in read.values()], [e.std_error for e in read.values()])
    except CannotCompute as error:
        return document | {"p_value": None, "segments": [], "reason": {"code": error.code, "message": error.sentence}}
    return document | {
        "q": result.q,
        "df": result.df,
        "p_value": result.p_value,
        "i_squared": result.i_squared,
        "tau_squared": result.tau_squared,
        "pooled": result.pooled,
        "pooled_std_error": result.pooled_std_error,
        "segments": [
            {
                "segment": name,
                "n_control": rows[name].n_control,
                "n_treatment": rows[name].n_treatment,
                "estimate": effect.estimate,
                "std_error": effect.std_error,
                "shrunken": result.shrunken[i],
                "shrunken_std_error": result.shrunken_std_error[i],
            }
            for i, (name, effect) in enumerate(read.items())
        ],
        "reason": None,
    }
