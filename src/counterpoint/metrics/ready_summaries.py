"""Analyse ready sufficient statistics: a table with counts, means and variances of control and treatment per row."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from counterpoint.errors import InvalidInput
from counterpoint.metrics.engines.tables import Table
from counterpoint.metrics.measures import Unmeasured, compare
from counterpoint.metrics.split import split_findings, split_of
from counterpoint.metrics.table_report import Comparison, Split, TableReport
from counterpoint.stats import Inference, Summary
from counterpoint.vocabulary import Finding, Severity

_FIGURES = ("count_c", "count_t", "mean_c", "mean_t", "variance_c", "variance_t")
_NAMES = ("experiment_id", "variant_id", "metric_id")
_TIME = "time_since_start"


def holds_summaries(table: Table) -> bool:
    """Return whether a table holds sufficient statistics instead of users, judged by its columns."""
    return all(name in table.columns for name in _FIGURES)


def analyze_summaries(
    table: Table, *, metrics: Sequence[str], weights: Mapping[str, float] | None, inference: Inference
) -> TableReport:
    """Return one comparison per experiment, variant and metric, at the last checkpoint of each.

    Args:
        table: Its rows carry the figures above and, where there are several series, `experiment_id`, `variant_id`,
            `metric_id`, `time_since_start`; cumulative over time, variances with divisor n - 1.
        metrics: Which metric ids; all when empty.
        weights: Intended split between "control" and each treatment, any scale; equal when None.
        inference: How effects are read.

    Raises:
        InvalidInput: `not_numeric`, or `unknown_metric` for an id that the table lacks.

    Estimand: Difference in means, one look: the last checkpoint, provided that it was fixed in advance.
    """
    for name in (*_FIGURES, *(c for c in (_TIME,) if c in table.columns)):
        if not table.is_number(name):
            raise InvalidInput("not_numeric", f"column {name!r} holds {table.columns[name]}, not numbers", where=name)
    n_rows, rows = _last_checkpoints(table)
    known = {row["metric_id"] for row in rows}
    for metric in metrics:
        if metric not in known:
            fix = f"it is one of {', '.join(sorted(known))}"
            raise InvalidInput("unknown_metric", f"no row is about the metric {metric!r}", where="--metric", fix=fix)
    kept = [row for row in rows if not metrics or row["metric_id"] in metrics]
    splits = _splits(kept, weights)
    return TableReport(
        source=table.path.name,
        n_rows=n_rows,
        alpha=inference.alpha,
        splits=splits,
        comparisons=tuple(_comparison(row, inference) for row in kept),
        findings=(_ONE_LOOK, *(f for split in splits for f in split_findings(split))),
    )


_ONE_LOOK = Finding(
    code="last_checkpoint",
    severity=Severity.INFO,
    path="comparisons",
    message="Each series is read once, at its last checkpoint; reading it at every checkpoint needs sequential tests.",
)


def _last_checkpoints(table: Table) -> tuple[int, list[dict[str, Any]]]:
    names = [n for n in (*_NAMES, _TIME) if n in table.columns]
    last: dict[tuple[str, ...], dict[str, Any]] = {}
    found = table.rows((*names, *_FIGURES))
    for cells in found:
        row: dict[str, Any] = dict(zip((*names, *_FIGURES), cells, strict=True))
        defaults = {"experiment_id": None, "variant_id": "treatment", "metric_id": "metric"}
        row |= {k: v if row.get(k) is None else str(row[k]) for k, v in defaults.items()}
        series = (row["experiment_id"] or "", row["variant_id"], row["metric_id"])
        # Without a column of time the last row of a series is its last checkpoint.
        if series not in last or (row.get(_TIME) or 0.0) >= (last[series].get(_TIME) or 0.0):
            last[series] = row
    return len(found), [last[series] for series in sorted(last)]


def _comparison(row: Mapping[str, Any], inference: Inference) -> Comparison:
    control, treatment = _arm(row, "c"), _arm(row, "t")
    compared = compare("mean", control, treatment, inference)
    return Comparison(
        experiment=row["experiment_id"],
        metric=row["metric_id"],
        type="mean",
        variant=row["variant_id"],
        control="control",
        n_control=control.n if isinstance(control, Summary) else 0,
        n_treatment=treatment.n if isinstance(treatment, Summary) else 0,
        result=compared.result,
        caution=compared.caution,
    )


def _arm(row: Mapping[str, Any], arm: str) -> Summary | Unmeasured:
    n, mean, variance = (row[f"{name}_{arm}"] for name in ("count", "mean", "variance"))
    if n is None or mean is None or variance is None:
        return Unmeasured(code="missing_values", reason="a count, mean or variance is missing")
    if not math.isfinite(n) or n < 0 or n != int(n):
        return Unmeasured(code="not_a_count", reason=f"{n} is not a count of units")
    try:
        return Summary(n=int(n), means=(float(mean),), cross=(float(variance) * max(int(n) - 1, 0),))
    except InvalidInput as error:
        return Unmeasured(code=error.code, reason=error.sentence)


def _splits(rows: Sequence[Mapping[str, Any]], weights: Mapping[str, float] | None) -> tuple[Split, ...]:
    counts: dict[tuple[str | None, str], tuple[int, int]] = {}
    for row in rows:
        arms = _arm(row, "c"), _arm(row, "t")
        if isinstance(arms[0], Summary) and isinstance(arms[1], Summary):
            series = row["experiment_id"], row["variant_id"]
            # Metrics of one series may miss units; the fullest one counts who was assigned.
            counts[series] = max(counts.get(series, (0, 0)), (arms[0].n, arms[1].n), key=sum)
    return tuple(
        split_of({"control": c, variant: t}, weights, experiment) for (experiment, variant), (c, t) in counts.items()
    )
