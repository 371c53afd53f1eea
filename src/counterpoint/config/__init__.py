"""Configuration: what an experiment may change on a surface, and each value for one request."""

from counterpoint.config.bounds import check_value
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
from counterpoint.config.surface_file import load_surface, parse_surface

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
    "check_value",
    "encode_snapshot",
    "load_surface",
    "outcome_names",
    "parse_surface",
    "snapshot_id",
]
