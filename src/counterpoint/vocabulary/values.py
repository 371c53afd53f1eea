"""The types that parameters and attributes may have, and the canonical bytes of a document."""

import hashlib
from enum import StrEnum
from typing import Any, TypeAlias

import msgspec

Scalar: TypeAlias = bool | int | float | str
"""A value of a parameter or an attribute."""


class ParameterType(StrEnum):
    """Types of a parameter."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STRING = "string"
    ENUM = "enum"


class AttributeType(StrEnum):
    """Types of an attribute of a request."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    STRING = "string"
    ENUM = "enum"
    SEMVER = "semver"


class Direction(StrEnum):
    """Which way a hypothesis says its metric moves."""

    INCREASE = "increase"
    DECREASE = "decrease"


def canonical_json(document: Any) -> bytes:
    """Return the bytes of `document` with sorted keys and no spaces: equal documents give equal bytes.

    Args:
        document: JSON-compatible builtins, msgspec structs or dataclasses.
    """
    return msgspec.json.encode(msgspec.to_builtins(document), order="sorted")


def digest(document: Any) -> str:
    """Return the SHA-256 of the canonical bytes of `document`, 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(document)).hexdigest()
