"""Experiments: the spec, its lifecycle, and which buckets it owns."""

from counterpoint.experiments.allocation import (
    FreeSpace,
    allocate,
    draw_findings,
    free_space,
    stage_buckets,
)
from counterpoint.experiments.amending import IDENTITY, WHY_NOT, amendment_findings, exposes_more
from counterpoint.experiments.conflicts import (
    EVERYONE,
    Ground,
    Rival,
    Territory,
    exclusivity_findings,
    never_meet,
    rivals_of,
    shared_ground,
)
from counterpoint.experiments.drawing import first_drawn, n_buckets_of
from counterpoint.experiments.experiment import Experiment, State, holds_buckets, is_serving, stage_shares
from counterpoint.experiments.holdouts import Domain, Holdout, Pools, covers, expired_holdouts, layers_of, pools_of
from counterpoint.experiments.lifecycle import TRANSITIONS, URGENT, Event, allowed_events, transition
from counterpoint.experiments.plain_yaml import read_plain_yaml
from counterpoint.experiments.ports import MetricHistory, TrafficHistory, UnitsPerDay, Unknown
from counterpoint.experiments.reading import parse_spec, spec_document
from counterpoint.experiments.reserving import draw_domain, draw_holdout_sets
from counterpoint.experiments.soundness import spec_findings
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
from counterpoint.experiments.treatments import treatment_findings

__all__ = [
    "EVERYONE",
    "IDENTITY",
    "TRANSITIONS",
    "URGENT",
    "WHY_NOT",
    "AnalysisSpec",
    "Domain",
    "Event",
    "Experiment",
    "ExperimentSpec",
    "FreeSpace",
    "Ground",
    "GuardrailSpec",
    "Holdout",
    "MetricHistory",
    "MetricsSpec",
    "Pools",
    "PrimaryMetric",
    "RampStage",
    "Rival",
    "ScheduleSpec",
    "State",
    "StopSpec",
    "Territory",
    "TrafficHistory",
    "UnitsPerDay",
    "Unknown",
    "VariantSpec",
    "allocate",
    "allowed_events",
    "amendment_findings",
    "covers",
    "draw_domain",
    "draw_findings",
    "draw_holdout_sets",
    "exclusivity_findings",
    "expired_holdouts",
    "exposes_more",
    "first_drawn",
    "free_space",
    "holds_buckets",
    "is_serving",
    "layers_of",
    "n_buckets_of",
    "never_meet",
    "parse_spec",
    "pools_of",
    "read_plain_yaml",
    "rivals_of",
    "shared_ground",
    "spec_document",
    "spec_findings",
    "stage_buckets",
    "stage_shares",
    "transition",
    "treatment_findings",
]
