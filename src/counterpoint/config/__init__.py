"""Configuration: what an experiment may change on a surface, and each value for one request."""

from counterpoint.config.snapshot import (
    AttributeSchema,
    BaselineRule,
    LiveExperiment,
    LiveHoldout,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    encode_snapshot,
    snapshot_id,
)
from counterpoint.config.surface import Attribute, Metric, Parameter, Policy, Surface, outcome_names

__all__ = [
    "Attribute",
    "AttributeSchema",
    "BaselineRule",
    "LiveExperiment",
    "LiveHoldout",
    "Metric",
    "Parameter",
    "ParameterSchema",
    "Policy",
    "Snapshot",
    "Surface",
    "VariantSlice",
    "encode_snapshot",
    "outcome_names",
    "snapshot_id",
]
