"""Estimators, sequential inference, designs and decisions, from sufficient statistics to verdicts."""

from counterpoint.stats.adjustment import (
    Term,
    Theta,
    compare_adjusted,
    fit_theta,
)
from counterpoint.stats.corrections import (
    Correction,
    adjust_p_values,
    agreeing_level,
)
from counterpoint.stats.decision import (
    Decision,
    MetricJudgement,
    MetricReading,
    QualityCheck,
    Role,
    Verdict,
    corrected_alpha,
    corrected_beta,
    decide,
    monitor,
    one_sided_p,
)
from counterpoint.stats.design import (
    ComparisonPlan,
    MetricModel,
    detectable_effect,
    model_of,
    model_of_quantile,
    model_of_share,
    power,
    sample_size,
    standard_error,
)
from counterpoint.stats.effects import (
    AnytimeEffect,
    Effect,
    Inference,
    Reference,
    Relative,
    against,
    at_level,
    excludes_null,
)
from counterpoint.stats.means import (
    compare_means,
)
from counterpoint.stats.proportions import (
    compare_proportions,
)
from counterpoint.stats.quantiles import (
    ValueCounts,
    compare_quantiles,
    merge_counts,
    quantile,
    quantile_interval,
)
from counterpoint.stats.ratios import (
    compare_ratios,
)
from counterpoint.stats.sample_ratio import (
    DEFAULT_CONCENTRATION,
    DEFAULT_SRM_ALPHA,
    RampPhase,
    SampleRatioVerdict,
    sample_ratio_test,
    sequential_sample_ratio_test,
)
from counterpoint.stats.sequential import (
    GroupSequentialBounds,
    Spending,
    always_valid,
    crossing_probability,
    haybittle_peto_bounds,
    spending_bounds,
    spent,
    wang_tsiatis_bounds,
)
from counterpoint.stats.summary import (
    DENOMINATOR,
    METRIC,
    Summary,
    merge,
    merge_all,
    select,
)
from counterpoint.stats.tails import (
    Alternative,
)

__all__ = [
    "DEFAULT_CONCENTRATION",
    "DEFAULT_SRM_ALPHA",
    "DENOMINATOR",
    "METRIC",
    "Alternative",
    "AnytimeEffect",
    "ComparisonPlan",
    "Correction",
    "Decision",
    "Effect",
    "GroupSequentialBounds",
    "Inference",
    "MetricJudgement",
    "MetricModel",
    "MetricReading",
    "QualityCheck",
    "RampPhase",
    "Reference",
    "Relative",
    "Role",
    "SampleRatioVerdict",
    "Spending",
    "Summary",
    "Term",
    "Theta",
    "ValueCounts",
    "Verdict",
    "adjust_p_values",
    "against",
    "agreeing_level",
    "always_valid",
    "at_level",
    "compare_adjusted",
    "compare_means",
    "compare_proportions",
    "compare_quantiles",
    "compare_ratios",
    "corrected_alpha",
    "corrected_beta",
    "crossing_probability",
    "decide",
    "detectable_effect",
    "excludes_null",
    "fit_theta",
    "haybittle_peto_bounds",
    "merge",
    "merge_all",
    "merge_counts",
    "model_of",
    "model_of_quantile",
    "model_of_share",
    "monitor",
    "one_sided_p",
    "power",
    "quantile",
    "quantile_interval",
    "sample_ratio_test",
    "sample_size",
    "select",
    "sequential_sample_ratio_test",
    "spending_bounds",
    "spent",
    "standard_error",
    "wang_tsiatis_bounds",
]
