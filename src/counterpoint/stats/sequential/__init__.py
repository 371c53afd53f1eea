"""Inference that may be looked at more than once: bounds at planned looks, and sequences valid at every look."""

from counterpoint.stats.sequential.bounds import (
    GroupSequentialBounds,
    crossing_probability,
    haybittle_peto_bounds,
    spending_bounds,
    wang_tsiatis_bounds,
)
from counterpoint.stats.sequential.confidence_sequence import always_valid
from counterpoint.stats.sequential.spending import Spending, spent

__all__ = [
    "GroupSequentialBounds",
    "Spending",
    "always_valid",
    "crossing_probability",
    "haybittle_peto_bounds",
    "spending_bounds",
    "spent",
    "wang_tsiatis_bounds",
]
