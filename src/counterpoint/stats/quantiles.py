"""Compare quantiles of two arms, from value counts, clustered by unit where a unit has many values."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import scipy  # `scipy.stats` is loaded at its first use: 20 MB that a process which only waits does without

from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.stats.arms import Arm
from counterpoint.stats.comparison import compare_arms, digest_of
from counterpoint.stats.effects import Effect, Inference
from counterpoint.stats.ratios import ratio_arm
from counterpoint.stats.summary import Summary
from counterpoint.stats.tails import check_share, upper_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCounts:
    """How often each value occurred: what ranks and quantiles need instead of moments.

    Attributes:
        values: Distinct, increasing.
        counts: Positive, one per value.
    """

    values: tuple[float, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.values) != len(self.counts):
            raise InvalidInput("shapes_differ", "values and counts differ in length", where="counts")
        if any(c <= 0 for c in self.counts):
            raise InvalidInput("negative_count", "a value was counted less than once", where="counts")
        if not all(map(math.isfinite, self.values)):
            raise InvalidInput("not_finite", "a value is NaN or infinite", where="values")
        if any(b <= a for a, b in zip(self.values, self.values[1:], strict=False)):
            raise InvalidInput("values_not_increasing", "values repeat or are out of order", where="values")

    @classmethod
    def from_array(cls, values: npt.ArrayLike) -> Self:
        """Return the counts of raw values."""
        found, counts = np.unique(np.asarray(values, dtype=float), return_counts=True)
        return cls(values=tuple(map(float, found)), counts=tuple(map(int, counts)))

    @classmethod
    def from_mapping(cls, counts: Mapping[float, int]) -> Self:
        """Return the counts of a mapping of value to count; zero counts are left out."""
        kept = sorted((float(v), int(c)) for v, c in counts.items() if c)
        return cls(values=tuple(v for v, _ in kept), counts=tuple(c for _, c in kept))

    @property
    def n(self) -> int:
        """Values counted."""
        return sum(self.counts)

    def at(self, index: int) -> float:
        """Return the order statistic at a zero-based index."""
        place = int(np.searchsorted(np.cumsum(self.counts), index, side="right"))
        return self.values[place]

    def digest(self) -> str:
        """Return 32 hexadecimal digits over values and counts."""
        return digest_of("value_counts", np.asarray(self.values).tobytes().hex(), repr(self.counts))


def merge_counts(a: ValueCounts, b: ValueCounts) -> ValueCounts:
    """Return the counts of both sets of values together."""
    total = dict(zip(a.values, a.counts, strict=True))
    for value, count in zip(b.values, b.counts, strict=True):
        total[value] = total.get(value, 0) + count
    return ValueCounts.from_mapping(total)


def quantile(counts: ValueCounts, p: float) -> float:
    """Return the p-quantile with linear interpolation between order statistics (type 7).

    Source:
        Hyndman and Fan 1996, definition 7.
    """
    n = counts.n
    if n == 0:
        raise CannotCompute("no_units", "a quantile of no values", where="counts")
    if not 0 <= p <= 1:
        raise InvalidInput("share_out_of_range", f"quantile {p}", where="p")
    place = p * (n - 1)
    index = min(math.floor(place), n - 1)
    low = counts.at(index)
    high = counts.at(min(index + 1, n - 1))
    return low + (place - index) * (high - low)


def quantile_interval(counts: ValueCounts, p: float, alpha: float = 0.05) -> tuple[float, float]:
    """Return the distribution-free interval of a quantile between two order statistics; infinite where none reaches.

    Source:
        Conover 1999, section 3.2: exact binomial ranks.
    """
    check_share(p, "p")
    check_share(alpha, "alpha")
    n = counts.n
    low = int(scipy.stats.binom.ppf(alpha / 2, n, p)) - 1
    high = int(scipy.stats.binom.isf(alpha / 2, n, p))
    return counts.at(low) if low >= 0 else -math.inf, counts.at(high) if high < n else math.inf


def compare_quantiles(
    control: ValueCounts,
    treatment: ValueCounts,
    p: float,
    inference: Inference | None = None,
    *,
    clusters: tuple[Summary, Summary] | None = None,
) -> Effect:
    """Return the difference of the p-quantiles, its error from the width of each arm's interval of order statistics.

    Args:
        control: Values of control.
        treatment: Values of treatment.
        p: Which quantile, in (0, 1).
        inference: How it is read.
        clusters: When a unit has several values: for control and treatment, moments per unit of how many of its values
            are at or below the arm's quantile (metric) and how many it has (denominator).

    Raises:
        CannotCompute: `quantile_out_of_reach` when an arm is too small for an interval at this quantile.

    Estimand:
        Difference in the quantile of values; one look.

    Source:
        Deng, Knoblich and Lu 2018, section 4.2; outer confidence interval of Liu et al. 2022.
    """
    inference = inference or Inference()
    pair = clusters or (None, None)
    return compare_arms(
        quantile_arm(control, p, pair[0], "control"),
        quantile_arm(treatment, p, pair[1], "treatment"),
        inference,
        method="quantile_difference_clustered" if clusters else "quantile_difference",
        estimand=f"difference in the {p:g} quantile",
        digest=digest_of(
            f"quantile_{p!r}", control.digest(), treatment.digest(), *(c.digest() for c in clusters or ())
        ),
    )


def quantile_arm(counts: ValueCounts, p: float, clusters: Summary | None, where: str) -> Arm:
    """Return the arm whose figure is a quantile."""
    lower, upper = quantile_interval(counts, p)
    if not (math.isfinite(lower) and math.isfinite(upper)):
        raise CannotCompute(
            "quantile_out_of_reach",
            f"{counts.n} values hold no interval of the {p:g} quantile",
            where=where,
            fix="wait for more",
        )
    return arm_from_interval(counts.n, p, quantile(counts, p), (lower, upper), clusters=clusters)


def arm_from_interval(
    n: int,
    p: float,
    value: float,
    interval: tuple[float, float],
    *,
    clusters: Summary | None = None,
    level: float = 0.95,
) -> Arm:
    """Return the arm of a quantile whose interval at `level` is known, spread by the design effect of clusters."""
    check_share(p, "p")
    width = (interval[1] - interval[0]) / (2 * upper_quantile((1 - level) / 2))
    variance = (n - 1) * width**2
    if clusters is None:
        return Arm(n=n, mean=value, variance=variance)
    share = ratio_arm(clusters, "clusters")
    iid = p * (1 - p) / (clusters.n * clusters.mean("denominator"))
    return Arm(n=n, mean=value, variance=variance * share.error / iid)
