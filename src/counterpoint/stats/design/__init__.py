"""How many units, how small an effect, how likely a success, and on which day: the design of an experiment."""

from counterpoint.stats.design.power import detectable_effect, power, sample_size, standard_error
from counterpoint.stats.design.questions import (
    ComparisonPlan,
    MetricModel,
    model_of,
    model_of_quantile,
    model_of_share,
)

__all__ = [
    "ComparisonPlan",
    "MetricModel",
    "detectable_effect",
    "model_of",
    "model_of_quantile",
    "model_of_share",
    "power",
    "sample_size",
    "standard_error",
]
