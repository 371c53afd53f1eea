"""Errors for rows finer than the randomised unit: a mean per row, its error by cluster, from sums per cluster."""

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from counterpoint.stats.comparison import compare_arms, digest_of
from counterpoint.stats.effects import Effect, Inference, Reference
from counterpoint.stats.ratios import ratio_arm
from counterpoint.stats.summary import DENOMINATOR, Summary


def compare_clustered(control: Summary, treatment: Summary, inference: Inference | None = None) -> Effect:
    """Return the difference of row means with cluster-robust (CR1) errors.

    Args:
        control: Per cluster, the sum over its rows (metric) and the number of rows (denominator).
        treatment: Likewise.
        inference: How it is read; normal quantiles unless it says WELCH, which counts clusters.

    Estimand:
        Difference in means per row, clusters randomised; one look.

    Source:
        Liang and Zeger 1986 with the factor G/(G-1) * (n-1)/(n-2); equals least squares on a treatment dummy.
    """
    reading = inference or Inference(reference=Reference.NORMAL)
    a, b = ratio_arm(control, "control", ddof=0), ratio_arm(treatment, "treatment", ddof=0)
    groups = control.n + treatment.n
    rows = sum(s.n * s.mean(DENOMINATOR) for s in (control, treatment))
    factor = groups / (groups - 1) * (rows - 1) / (rows - 2)
    return compare_arms(
        replace(a, variance=a.variance * factor),
        replace(b, variance=b.variance * factor),
        reading,
        method="cluster_robust_CR1",
        estimand="difference in means per row",
        digest=digest_of("clustered", control.digest(), treatment.digest()),
    )


def cluster_sums(values: npt.ArrayLike, clusters: npt.ArrayLike) -> Summary:
    """Return the summary over clusters of raw rows: sums as metric, row counts as denominator."""
    y = np.asarray(values, dtype=float)
    _, label = np.unique(np.asarray(clusters), return_inverse=True)
    return Summary.from_arrays(np.bincount(label, weights=y), np.bincount(label).astype(float))


def design_effect(summary: Summary) -> float:
    """Return by how much clustering multiplies the variance of a share of rows, at least from the clusters' side.

    Args:
        summary: Per cluster, successes (metric) and rows (denominator).
    """
    arm = ratio_arm(summary, "summary")
    rows = summary.n * summary.mean(DENOMINATOR)
    iid = arm.mean * (1 - arm.mean) / rows
    return arm.error / iid if iid > 0 else math.inf
