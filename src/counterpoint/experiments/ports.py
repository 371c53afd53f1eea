"""What designing an experiment has to know about the past: traffic, and how metrics were distributed."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitsPerDay:
    """How many distinct units arrive.

    Attributes:
        first_day: Distinct units on an average day.
        per_day_new: Units seen for the first time, by day since the start: distinct units after k days are the sum of
            the first k entries; as long as the history that it was learnt from.
        n_days: Days of history behind it.
        source: Where it comes from, in words.
    """

    first_day: float
    per_day_new: tuple[float, ...]
    n_days: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricHistory:
    """Moments of one metric per unit over its own window.

    Attributes:
        n_units: Units behind the estimate.
        mean: Mean per unit; of a ratio, the ratio of totals.
        variance: Variance per unit; of a ratio, that of its linearisation.
        autocorrelation: Correlation with the same metric in the period before, for CUPED; None when not known.
        source: Where it comes from, in words.
    """

    n_units: int
    mean: float
    variance: float
    autocorrelation: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Why there is no estimate; never a guess in its place."""

    code: str
    reason: str


class TrafficHistory(Protocol):
    """Recorded traffic of a surface, as far as a design needs it."""

    def units_per_day(self, surface: str, *, audience: str, unit: str | None = None) -> UnitsPerDay | Unknown:
        """Return how many units of `audience` (CEL) arrive on `surface`, or why that is not known."""

    def metric_history(self, surface: str, metric: str, *, audience: str) -> MetricHistory | Unknown:
        """Return how `metric` was distributed among units of `audience`, or why that is not known."""
