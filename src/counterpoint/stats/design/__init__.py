"""How many units, how small an effect, how likely a success, and on which day: the design of an experiment."""

from counterpoint.stats.design.classical import (
    anova_n,
    chi_square_n,
    cohen_h,
    proportions_n,
    rule_of_sixteen,
    t_test_effect,
    t_test_n,
    t_test_power,
    z_test_n,
    z_test_power,
)
from counterpoint.stats.design.portfolio import Levels, PlannedMetric, best_weights, decision_levels, units_needed
from counterpoint.stats.design.power import detectable_effect, power, sample_size, standard_error
from counterpoint.stats.design.questions import (
    ComparisonPlan,
    MetricModel,
    model_of,
    model_of_quantile,
    model_of_share,
)
from counterpoint.stats.design.readiness import Readiness, Traffic, interaction_model, power_curve, readiness
from counterpoint.stats.design.watching import watched_power, watched_sample_size

__all__ = [
    "ComparisonPlan",
    "Levels",
    "MetricModel",
    "PlannedMetric",
    "Readiness",
    "Traffic",
    "anova_n",
    "best_weights",
    "chi_square_n",
    "cohen_h",
    "decision_levels",
    "detectable_effect",
    "interaction_model",
    "model_of",
    "model_of_quantile",
    "model_of_share",
    "power",
    "power_curve",
    "proportions_n",
    "readiness",
    "rule_of_sixteen",
    "sample_size",
    "standard_error",
    "t_test_effect",
    "t_test_n",
    "t_test_power",
    "units_needed",
    "watched_power",
    "watched_sample_size",
    "z_test_n",
    "z_test_power",
]
