"""Configuration: what an experiment may change on a surface, and each value for one request."""

from counterpoint.config.agreement import check_code, is_source
from counterpoint.config.batch import BatchConfig, resolve_batch
from counterpoint.config.bounds import check_value
from counterpoint.config.compiled import CompiledSnapshot, compile_snapshot
from counterpoint.config.decoding import decode_snapshot, load_snapshot
from counterpoint.config.export import check_agreement, python_accessors, typescript_accessors, values_schema
from counterpoint.config.permits import MAX_PERMIT_CHARS, Permit, check_asked, check_permit, permit_text
from counterpoint.config.policy import (
    Forcing,
    Freeze,
    Policy,
    PrivacyApproval,
    Staleness,
    StalePolicy,
    may_force,
    tightened,
)
from counterpoint.config.reads import Enrollment, Read, Step
from counterpoint.config.resolve import Config
from counterpoint.config.schemas import snapshot_schema, surface_schema
from counterpoint.config.snapshot import (
    AttributeSchema,
    BaselineRule,
    LiveExperiment,
    LiveHoldout,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    address_of,
    encode_snapshot,
    snapshot_id,
)
from counterpoint.config.surface import Attribute, Metric, Parameter, Surface, outcome_names
from counterpoint.config.surface_file import load_surface, parse_surface
from counterpoint.config.validity import Contender, check_combinations

__all__ = [
    "MAX_PERMIT_CHARS",
    "Attribute",
    "AttributeSchema",
    "BaselineRule",
    "BatchConfig",
    "CompiledSnapshot",
    "Config",
    "Contender",
    "Enrollment",
    "Forcing",
    "Freeze",
    "LiveExperiment",
    "LiveHoldout",
    "Metric",
    "Parameter",
    "ParameterSchema",
    "Permit",
    "Policy",
    "PrivacyApproval",
    "Read",
    "Snapshot",
    "StalePolicy",
    "Staleness",
    "Step",
    "Surface",
    "VariantSlice",
    "address_of",
    "check_agreement",
    "check_asked",
    "check_code",
    "check_combinations",
    "check_permit",
    "check_value",
    "compile_snapshot",
    "decode_snapshot",
    "encode_snapshot",
    "is_source",
    "load_snapshot",
    "load_surface",
    "may_force",
    "outcome_names",
    "parse_surface",
    "permit_text",
    "python_accessors",
    "resolve_batch",
    "snapshot_id",
    "snapshot_schema",
    "surface_schema",
    "tightened",
    "typescript_accessors",
    "values_schema",
]
