"""A holdout read: what all shipped changes did together, beside what single experiments promised."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.events import EventLog
from counterpoint.experiments import Holdout
from counterpoint.metrics.adequate import require_adequate
from counterpoint.metrics.engines.buckets import metrics_of_buckets
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.rollup import MetricRollup
from counterpoint.stats import (
    Correction,
    Inference,
    Relative,
    adjust_p_values,
    holdout_effect,
    sample_ratio_test,
)

_QUO, _SHIPPED = "status_quo", "shipped_only"


def read_holdout(
    log: EventLog,
    surface: Surface,
    holdout: Holdout,
    *,
    salt: str,
    now: datetime,
    metrics: tuple[str, ...] = (),
    promised: Mapping[str, float] | None = None,
    alpha: float = 0.05,
    reading: Reading = in_duckdb,
) -> dict[str, Any]:
    """Return, as a document, the joint effect of all changes shipped while the holdout ran.

    Args:
        log: Where the records are.
        surface: Declares the metrics.
        holdout: Whose two sets of buckets are compared.
        salt: Of the surface's buckets, for the holdout's unit.
        now: The present; the holdout's end when that has passed.
        metrics: Which; all means, shares and ratios of the surface when empty.
        promised: Metric -> sum of the relative effects that single experiments measured, corrected for the winner's
            curse.
        alpha: Level of each interval, and of all verdicts together (Holm).

    Estimand: `shipped_only` minus `status_quo` over each metric's window since a unit's first page; one look, at the
        holdout's end. Before its end the document says so and has no p-value.
    """
    at = min(now, holdout.ends_at)
    ended = now >= holdout.ends_at
    asked = [surface.metrics[key] for key in metrics or surface.metrics if surface.metrics[key].type != "quantile"]
    sets = {_QUO: holdout.status_quo, _SHIPPED: holdout.shipped_only}
    rolled = metrics_of_buckets(
        log, surface.key, asked, sets, salt=salt, since=holdout.starts_at, now=at, reading=reading
    )
    rows = [_row(metric, rolled[metric.key], (promised or {}).get(metric.key), alpha, ended) for metric in asked]
    split = _split(holdout, rolled)
    if ended:
        _judge({metric.key: metric for metric in asked}, rows, alpha, trusted=not split["mismatch"])
    return {
        "holdout": holdout.key,
        "surface": surface.key,
        "as_of": at.isoformat(),
        "ends_at": holdout.ends_at.isoformat(),
        "ended": ended,
        "split": split,
        "metrics": rows,
        "looks": "one, at the holdout's end",
        "verdict": _verdict(rows, split) if ended else None,
        "sentence": _sentence(rows, split, ended),
    }


def _row(metric: Metric, rollup: MetricRollup, promised: float | None, alpha: float, ended: bool) -> dict[str, Any]:
    head: dict[str, Any] = {
        "metric": metric.key,
        "n_status_quo": rollup.arms[_QUO].n,
        "n_shipped_only": rollup.arms[_SHIPPED].n,
        "promised": promised,
    }
    inference = Inference(alpha=alpha, relative=Relative.FIELLER)
    try:
        found = holdout_effect(rollup.arms[_QUO], rollup.arms[_SHIPPED], inference, promised=promised)
        require_adequate(metric, rollup, _QUO, _SHIPPED, alpha=alpha)
    except (CannotCompute, InvalidInput) as error:
        return head | {"estimate": None, "reason": {"code": error.code, "message": error.sentence}}
    effect = found.effect
    figures: dict[str, Any] = {
        "estimate": effect.estimate,
        "relative_effect": effect.relative_effect,
        "kept": found.kept,
    }
    if ended:
        figures |= {
            name: getattr(effect, name)
            for name in ("std_error", "ci_lower", "ci_upper", "p_value", "relative_ci_lower", "relative_ci_upper")
        }
    return head | figures | {"method": effect.method, "alpha": alpha, "reason": None}


def _judge(metrics: Mapping[str, Metric], rows: list[dict[str, Any]], alpha: float, *, trusted: bool) -> None:
    """Write into each row whether shipping was better or worse for its metric, at `alpha` over all of them together."""
    known = [row for row in rows if row["reason"] is None]
    adjusted = adjust_p_values([row["p_value"] for row in known], Correction.HOLM) if known else ()
    for row in rows:
        row["p_adjusted"], row["verdict"] = None, "not_known"
    for row, p_value in zip(known, adjusted, strict=True):
        better = (row["estimate"] > 0) == (metrics[row["metric"]].better == "higher")
        shown = "better" if better else "worse"
        row["p_adjusted"] = p_value
        row["verdict"] = "not_trusted" if not trusted else shown if p_value <= alpha else "no_difference_shown"


def _verdict(rows: list[dict[str, Any]], split: Mapping[str, Any]) -> str:
    said = {row["verdict"] for row in rows}
    if split["mismatch"]:
        return "not_trusted"
    if not said & {"better", "worse", "no_difference_shown"}:
        return "not_known"
    if {"better", "worse"} <= said:
        return "mixed"
    return next((each for each in ("better", "worse") if each in said), "no_difference_shown")


def _split(holdout: Holdout, rolled: Mapping[str, MetricRollup]) -> dict[str, Any]:
    sets = (len(holdout.status_quo), len(holdout.shipped_only))
    counts = next(((r.arms[_QUO].n, r.arms[_SHIPPED].n) for r in rolled.values()), (0, 0))
    try:
        test = sample_ratio_test(counts, sets)
    except (CannotCompute, InvalidInput) as error:
        return {"counts": list(counts), "p_value": None, "mismatch": None, "reason": error.sentence}
    return {"counts": list(counts), "p_value": test.p_value, "mismatch": test.mismatch, "reason": None}


def _sentence(rows: list[dict[str, Any]], split: Mapping[str, Any], ended: bool) -> str:
    if not ended:
        return "The holdout runs: figures without intervals, because it is read once, at its end."
    if split["mismatch"]:
        return "Its two halves are not as large as they were drawn: something loses units, so no figure is trusted."
    if all(r["reason"] is not None for r in rows):
        return "Too little was recorded to say what all shipped changes together did."
    clear = [r for r in rows if r["verdict"] in ("better", "worse")]
    if not clear:
        return "All shipped changes together show no effect beyond chance on any metric."
    shown = ", ".join(
        f"{r['metric']} {r['relative_effect']:+.2%} ({r['verdict']})" for r in clear if r["relative_effect"] is not None
    )
    return f"All shipped changes together moved {shown}."
