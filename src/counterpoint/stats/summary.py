"""What one arm's rows leave behind: count, means and centred cross-moments that merge in any order.

Estimators for moments need no row once they have these: a `Summary` is all that travels from the data to `stats`.
"""

import hashlib
import math
import operator
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Self

import numpy as np
import numpy.typing as npt

from counterpoint.errors import InvalidInput

METRIC = "metric"
DENOMINATOR = "denominator"

# Sums of squares in double precision lose about this share of their size; below it, a negative variance is rounding.
_ROUNDING = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Mergeable moments of one arm: the metric, for ratios its denominator, and any covariates.

    Attributes:
        n: Units, at least 0.
        columns: What was measured of every unit: "metric" first, then "denominator" for a ratio, then covariates.
        means: Mean of each column; zeros when there are no units.
        cross: Lower triangle, row by row, of the centred cross-moments sum((x_i - mean_i) * (x_j - mean_j)).
        third: Third centred moment sum((x - mean)^3) of the metric, or None when it was not collected.
    """

    n: int
    means: tuple[float, ...]
    cross: tuple[float, ...]
    columns: tuple[str, ...] = (METRIC,)
    third: float | None = None

    def __post_init__(self) -> None:
        k = len(self.columns)
        if isinstance(self.n, bool) or not isinstance(self.n, int) or self.n < 0:
            raise InvalidInput(
                "negative_count",
                f"a summary of {self.n!r} units",
                where="n",
                fix="count units with an integer of at least 0",
            )
        if k == 0 or len(set(self.columns)) != k or len(self.means) != k or len(self.cross) != k * (k + 1) // 2:
            raise InvalidInput("summary_shape", "columns, means and cross-moments do not fit together", where="columns")
        figures = (*self.means, *self.cross) if self.third is None else (*self.means, *self.cross, self.third)
        if not all(map(math.isfinite, figures)):
            raise InvalidInput(
                "not_finite",
                "a moment is NaN or infinite",
                where="means",
                fix="drop or repair rows before they are summed",
            )
        if any(self.cross[_at(i, i)] < 0 for i in range(k)):
            raise InvalidInput(
                "negative_variance",
                "a sum of squares is below zero",
                where="cross",
                fix="sum around a shift near the mean",
            )

    @classmethod
    def empty(cls, columns: tuple[str, ...] = (METRIC,)) -> Self:
        """Return the summary of no units: the neutral element of `merge`."""
        k = len(columns)
        return cls(n=0, means=(0.0,) * k, cross=(0.0,) * (k * (k + 1) // 2), columns=columns)

    @classmethod
    def from_sums(
        cls,
        n: int,
        sums: Sequence[float] | float,
        products: Sequence[float] | float,
        *,
        columns: tuple[str, ...] = (METRIC,),
        shift: Sequence[float] | None = None,
    ) -> Self:
        """Return the summary of plain sums, as a query engine yields them.

        Args:
            n: Units.
            sums: Sum of each column, or one number for the metric alone.
            products: Lower triangle, row by row, of the sums of products (metric^2; metric*denominator, ...).
            columns: What the sums are of.
            shift: Constants that were subtracted from each column before summing; near the means they save the digits
                that large sums of squares lose.

        Raises:
            InvalidInput: `negative_variance` when a sum of squares is smaller than its sum allows.
        """
        s = (float(sums),) if isinstance(sums, (int, float)) else tuple(map(float, sums))
        p = (float(products),) if isinstance(products, (int, float)) else tuple(map(float, products))
        n = _count(n)
        if n == 0:
            return cls.empty(columns)
        if len(s) != len(columns) or len(p) != len(s) * (len(s) + 1) // 2:
            raise InvalidInput("summary_shape", "sums and products do not fit the columns", where="products")
        means = tuple(x / n for x in s)
        cross = []
        for i in range(len(s)):
            for j in range(i + 1):
                raw = p[_at(i, j)]
                centred = raw - s[i] * means[j]
                if i == j and centred < 0 and -centred <= _ROUNDING * abs(raw):
                    centred = 0.0
                cross.append(centred)
        moved = means if shift is None else tuple(m + c for m, c in zip(means, shift, strict=True))
        return cls(n=n, means=moved, cross=tuple(cross), columns=columns)

    @classmethod
    def from_arrays(
        cls,
        metric: npt.ArrayLike,
        denominator: npt.ArrayLike | None = None,
        covariates: Mapping[str, npt.ArrayLike] | None = None,
    ) -> Self:
        """Return the summary of raw values, one per unit; all arrays have one length."""
        named = {METRIC: metric} | ({} if denominator is None else {DENOMINATOR: denominator}) | dict(covariates or {})
        arrays = [np.asarray(v, dtype=float) for v in named.values()]
        if any(a.ndim != 1 or a.shape != arrays[0].shape for a in arrays):
            raise InvalidInput("summary_shape", "the arrays differ in length", where="metric")
        if not all(np.isfinite(a).all() for a in arrays):
            raise InvalidInput(
                "not_finite",
                "a value is NaN or infinite",
                where="metric",
                fix="drop or repair rows before they are summed",
            )
        n = arrays[0].size
        if n == 0:
            return cls.empty(tuple(named))
        means = [float(a.mean()) for a in arrays]
        centred = [a - m for a, m in zip(arrays, means, strict=True)]
        cross = tuple(float(centred[i] @ centred[j]) for i in range(len(arrays)) for j in range(i + 1))
        return cls(n=n, means=tuple(means), cross=cross, columns=tuple(named), third=float((centred[0] ** 3).sum()))

    @classmethod
    def from_counts(cls, successes: int, n: int) -> Self:
        """Return the summary of a yes-or-no metric: `successes` of `n` units.

        Raises:
            InvalidInput: `negative_count` or `count_above_units`.
        """
        successes, n = _count(successes), _count(n)
        if successes < 0 or n < 0:
            raise InvalidInput("negative_count", f"{successes} successes of {n} units", where="successes")
        if successes > n:
            raise InvalidInput(
                "count_above_units",
                f"{successes} successes of only {n} units",
                where="successes",
                fix="count each unit at most once",
            )
        if n == 0:
            return cls.empty()
        p = successes / n
        square = successes * (1 - p)
        return cls(n=n, means=(p,), cross=(square,), third=square * (1 - 2 * p))

    @property
    def covariates(self) -> tuple[str, ...]:
        """Columns that are neither the metric nor its denominator."""
        return tuple(c for c in self.columns if c not in {METRIC, DENOMINATOR})

    def index(self, column: str) -> int:
        """Return where `column` stands, or raise InvalidInput `unknown_column`."""
        if column not in self.columns:
            raise InvalidInput(
                "unknown_column", f"no column {column!r}", where="columns", facts={"columns": list(self.columns)}
            )
        return self.columns.index(column)

    def mean(self, column: str = METRIC) -> float:
        """Return the mean of `column`."""
        return self.means[self.index(column)]

    def covariance(self, a: str, b: str, *, ddof: int = 1) -> float:
        """Return the covariance of two columns with divisor n - ddof; NaN-free: needs n > ddof."""
        i, j = self.index(a), self.index(b)
        if self.n <= ddof:
            raise InvalidInput(
                "too_few_units", f"a variance of {self.n} units", where="n", fix="needs at least two units"
            )
        return self.cross[_at(max(i, j), min(i, j))] / (self.n - ddof)

    def variance(self, column: str = METRIC, *, ddof: int = 1) -> float:
        """Return the variance of `column` with divisor n - ddof."""
        return self.covariance(column, column, ddof=ddof)

    def matrix(self) -> npt.NDArray[np.float64]:
        """Return the centred cross-moments as a symmetric (k, k) array."""
        k = len(self.columns)
        out = np.empty((k, k))
        rows, columns = np.tril_indices(k)
        out[rows, columns] = out[columns, rows] = self.cross
        return out

    @property
    def skewness(self) -> float | None:
        """Skewness of the metric, None when its third moment was not collected or it does not vary."""
        return (
            None if self.third is None or not self.cross[0] else math.sqrt(self.n) * self.third / self.cross[0] ** 1.5
        )

    def digest(self) -> str:
        """Return 32 hexadecimal digits over exact bits: equal summaries give equal digests."""
        figures = (*self.means, *self.cross)
        packed = struct.pack(f"<q{len(figures)}d", self.n, *figures)
        return hashlib.blake2b(",".join(self.columns).encode() + packed, digest_size=16).hexdigest()


def merge(a: Summary, b: Summary) -> Summary:
    """Return the summary of both sets of units together.

    Source:
        Chan, Golub and LeVeque 1979 for second moments, Pébay 2008 eq. 2.1 for the third.
    """
    if a.columns != b.columns:
        raise InvalidInput(
            "columns_differ",
            "summaries of different columns do not merge",
            facts={"a": list(a.columns), "b": list(b.columns)},
        )
    if a.n == 0 or b.n == 0:
        return b if a.n == 0 else a
    n = a.n + b.n
    delta = [y - x for x, y in zip(a.means, b.means, strict=True)]
    weight = a.n * b.n / n
    means = tuple((a.n * x + b.n * y) / n for x, y in zip(a.means, b.means, strict=True))
    pairs = ((i, j) for i in range(len(delta)) for j in range(i + 1))
    cross = tuple(x + y + delta[i] * delta[j] * weight for (i, j), x, y in zip(pairs, a.cross, b.cross, strict=True))
    third = None
    if a.third is not None and b.third is not None:
        d = delta[0]
        third = a.third + b.third + d**3 * weight * (a.n - b.n) / n + 3 * d * (a.n * b.cross[0] - b.n * a.cross[0]) / n
    return Summary(n=n, means=means, cross=cross, columns=a.columns, third=third)


def merge_all(parts: Iterable[Summary], columns: tuple[str, ...] = (METRIC,)) -> Summary:
    """Return the summary of all `parts`; of no parts, the empty one with `columns`."""
    listed = list(parts)
    return reduce(merge, listed) if listed else Summary.empty(columns)


def select(summary: Summary, columns: Sequence[str]) -> Summary:
    """Return the summary of some columns only; the first takes the place of the metric."""
    at = [summary.index(c) for c in columns]
    cross = tuple(
        summary.cross[_at(max(at[i], at[j]), min(at[i], at[j]))] for i in range(len(at)) for j in range(i + 1)
    )
    renamed = (METRIC, *columns[1:]) if columns[0] != METRIC else tuple(columns)
    third = summary.third if columns[0] == METRIC else None
    return Summary(n=summary.n, means=tuple(summary.means[i] for i in at), cross=cross, columns=renamed, third=third)


def _count(n: int) -> int:
    try:
        # Engines hand over their own integer types; a float is no count.
        return operator.index(n)
    except TypeError as error:
        raise InvalidInput("not_a_count", f"{n!r} is not an integer", where="n") from error


def _at(i: int, j: int) -> int:
    return i * (i + 1) // 2 + j
