"""Inference that may be looked at more than once: bounds at planned looks, and sequences valid at every look."""

from counterpoint.stats.sequential.bounded import hoeffding_sequence, quantile_sequence_radius, share_sequence
from counterpoint.stats.sequential.bounds import (
    GroupSequentialBounds,
    at_alpha,
    crossing_probability,
    haybittle_peto_bounds,
    spending_bounds,
    wang_tsiatis_bounds,
)
from counterpoint.stats.sequential.characteristics import Characteristics, characteristics
from counterpoint.stats.sequential.confidence_sequence import always_valid
from counterpoint.stats.sequential.futility import FutilityPlan, futility_plan
from counterpoint.stats.sequential.looks import (
    AdjustedEstimate,
    adjusted_estimate,
    effect_at_look,
    repeated_p_value,
)
from counterpoint.stats.sequential.mixtures import mixture_ratio, normal_mixture_boundary, normal_mixture_log_evalue
from counterpoint.stats.sequential.schedule import information_fraction, information_path, look_days
from counterpoint.stats.sequential.spending import Spending, spent

__all__ = [
    "AdjustedEstimate",
    "Characteristics",
    "FutilityPlan",
    "GroupSequentialBounds",
    "Spending",
    "adjusted_estimate",
    "always_valid",
    "at_alpha",
    "characteristics",
    "crossing_probability",
    "effect_at_look",
    "futility_plan",
    "haybittle_peto_bounds",
    "hoeffding_sequence",
    "information_fraction",
    "information_path",
    "look_days",
    "mixture_ratio",
    "normal_mixture_boundary",
    "normal_mixture_log_evalue",
    "quantile_sequence_radius",
    "repeated_p_value",
    "share_sequence",
    "spending_bounds",
    "spent",
    "wang_tsiatis_bounds",
]
