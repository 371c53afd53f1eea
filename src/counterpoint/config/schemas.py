"""JSON Schemas of the documents of this room: the snapshot that crosses to the serving path, and the surface."""

from typing import Any, get_args

import msgspec

from counterpoint.config.policy import StalePolicy
from counterpoint.config.policy_file import MAX_AGE_S, MAX_PERMIT_HOURS
from counterpoint.config.snapshot import Snapshot
from counterpoint.config.surface import MetricType
from counterpoint.config.surface_file import TOP_FIELDS
from counterpoint.vocabulary import AttributeType, ParameterType

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_NUMBER = {"type": "number"}
_SCALAR = {"type": ["boolean", "number", "string"]}
_SHARE = {"type": "number", "minimum": 0, "maximum": 1}
_FLAG = {"type": "boolean"}
_TIME = {"type": "string", "format": "date-time"}


def snapshot_schema() -> dict[str, Any]:
    """Return the JSON Schema of a snapshot."""
    return {"$schema": _DIALECT, "title": "Counterpoint snapshot", **msgspec.json.schema(Snapshot)}


def surface_schema() -> dict[str, Any]:
    """Return the JSON Schema of a surface file, which is YAML with the data model of JSON.

    What a schema cannot say (baselines within bounds, `requires` without circles, invariants that hold) `load_surface`
    checks.
    """
    described = {"description": _TEXT, "synonyms": _TEXTS}
    attribute = {
        "type": {"enum": list(AttributeType)},
        "values": _TEXTS,
        "fixed": _FLAG,
        "scope": {"enum": ["unit", "request"]},
        "sensitive": _FLAG,
        **described,
    }
    parameter = {
        "layer": _TEXT,
        "type": {"enum": list(ParameterType)},
        "baseline": _SCALAR,
        "min": _NUMBER,
        "max": _NUMBER,
        "values": _TEXTS,
        "unit": _TEXT,
        "requires": {"type": "object", "additionalProperties": {"type": "array", "items": _SCALAR, "minItems": 1}},
        **described,
    }
    metric = {
        "type": {"enum": list(get_args(MetricType))},
        "window": {"type": "string", "pattern": "^[1-9][0-9]{0,3}d$"},
        "better": {"enum": ["higher", "lower"]},
        "unit": _TEXT,
        "numerator": _TEXT,
        "denominator": _TEXT,
        "quantile": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        **described,
    }
    fields = {
        "surface": _TEXT,
        "description": _TEXT,
        "unit": _TEXT,
        "attributes": _named(attribute, ["type"]),
        "layers": _named({"description": _TEXT}, []),
        "parameters": _named(parameter, ["layer", "type", "baseline"]),
        "metrics": _named(metric, ["type", "window", "better"]),
        "policy": _policy(),
        "invariants": _TEXTS,
    }
    return {
        "$schema": _DIALECT,
        "title": "Counterpoint surface",
        **_closed({name: fields[name] for name in TOP_FIELDS}, ["surface", "unit"]),
    }


def _policy() -> dict[str, Any]:
    return _closed(
        {
            "required_guardrails": _TEXTS,
            "max_allocation_without_ramp": _SHARE,
            "pools": _closed({"holdout": _SHARE, "isolated": _SHARE}, []),
            "global_holdout": _closed({"allocation": _SHARE, "quarter": _TEXT}, []),
            "sensitive_attributes": _TEXT,
            "values_outside_bounds_or_enumeration": _TEXT,
            "approvals": {"type": "integer", "minimum": 0},
            "owners": {"type": "array", "items": {"type": "string"}},
            "staged_ship": {"type": "boolean"},
            "least_units_to_ship": {"type": "integer", "minimum": 0},
            "forcing": _closed(
                {"actors": _TEXTS, "hours": {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_PERMIT_HOURS}}, []
            ),
            "staleness": _closed(
                {
                    "max_age_s": {"type": "integer", "minimum": 0, "maximum": MAX_AGE_S},
                    "policy": {"enum": list(get_args(StalePolicy))},
                },
                [],
            ),
            "freezes": _listed({"start": _TIME, "end": _TIME, "reason": _TEXT}, ["start", "end"]),
            "privacy_approvals": _listed(
                {"attribute": _TEXT, "experiment": _TEXT, "by": _TEXT, "until": _TIME},
                ["attribute", "experiment", "by", "until"],
            ),
        },
        [],
    )


def _listed(fields: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "array", "items": _closed(fields, required)}


def _named(fields: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _closed(fields, required)}


def _closed(fields: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": required, "additionalProperties": False}
