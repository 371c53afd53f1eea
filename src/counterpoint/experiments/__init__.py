"""Experiments: the spec, its lifecycle, and which buckets it owns."""

from counterpoint.experiments.spec import (
    AnalysisSpec,
    ExperimentSpec,
    GuardrailSpec,
    MetricsSpec,
    PrimaryMetric,
    RampStage,
    ScheduleSpec,
    StopSpec,
    VariantSpec,
)

__all__ = [
    "AnalysisSpec",
    "ExperimentSpec",
    "GuardrailSpec",
    "MetricsSpec",
    "PrimaryMetric",
    "RampStage",
    "ScheduleSpec",
    "StopSpec",
    "VariantSpec",
]
