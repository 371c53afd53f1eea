"""The words every room shares: value types, reasons, findings, keys and time windows."""

from counterpoint.vocabulary.findings import Finding, Severity
from counterpoint.vocabulary.keys import KEY_RULE, decision_attribute, is_key, key_like
from counterpoint.vocabulary.reasons import Reason
from counterpoint.vocabulary.values import AttributeType, Direction, ParameterType, Scalar, canonical_json, digest

__all__ = [
    "KEY_RULE",
    "AttributeType",
    "Direction",
    "Finding",
    "ParameterType",
    "Reason",
    "Scalar",
    "Severity",
    "canonical_json",
    "decision_attribute",
    "digest",
    "is_key",
    "key_like",
]
