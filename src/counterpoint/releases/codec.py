"""The JSON of what a release is made of: canonical bytes out, typed records in."""

from typing import Any, TypeVar, cast

import msgspec

from counterpoint.assignment import BucketSet
from counterpoint.experiments import Domain, Experiment, ExperimentSpec, Holdout, spec_document
from counterpoint.releases.operations import AddDomain, AddExperiment, AddHoldout
from counterpoint.releases.stages import Rollout

T = TypeVar("T")

# Bucket sets travel as base64, like in a snapshot; msgspec alone would write a number of 3,000 digits.
_BITMAPS: dict[Any, tuple[str, ...]] = {
    Experiment: ("reserved", "owned"),
    Holdout: ("status_quo", "shipped_only"),
    Domain: ("buckets",),
    Rollout: ("ground", "buckets"),
}
_HOLDERS: dict[Any, tuple[str, Any]] = {
    AddExperiment: ("experiment", Experiment),
    AddHoldout: ("holdout", Holdout),
    AddDomain: ("domain", Domain),
}
_TAGS = {cast("str", kind.__struct_config__.tag): held for kind, held in _HOLDERS.items()}


def to_document(value: Any) -> Any:
    """Return JSON builtins of a record, an operation, or a list of operations."""
    document = msgspec.to_builtins(value, enc_hook=_plain)
    if type(value) in _BITMAPS:
        _pack(document, type(value))
    elif type(value) in _HOLDERS:
        name, kind = _HOLDERS[type(value)]
        _pack(document[name], kind)
    elif isinstance(value, tuple):
        document = [to_document(item) for item in value]
    return document


def from_document(document: Any, kind: type[T]) -> T:
    """Return the record of type `kind` that `to_document` wrote; raises msgspec's errors, for the caller to name."""
    return msgspec.convert(_unpacked(document, kind), kind, dec_hook=_built)


def encode(value: Any) -> bytes:
    """Return the canonical JSON bytes of a record."""
    return msgspec.json.encode(to_document(value), order="sorted")


def decode(body: bytes, kind: Any) -> Any:
    """Return the record of type `kind` that `body` holds."""
    return from_document(msgspec.json.decode(body), kind)


def _pack(document: dict[str, Any], kind: Any) -> None:
    for name in _BITMAPS[kind]:
        document[name] = BucketSet(document[name]["bits"]).to_text()


def _unpacked(document: Any, kind: Any) -> Any:
    if kind in _BITMAPS and isinstance(document, dict):
        sets = {name: _bits(document[name]) for name in _BITMAPS[kind] if name in document}
        return {**document, **sets}
    if isinstance(document, list):
        return [_unpacked(item, None) for item in document]
    if isinstance(document, dict) and document.get("op") in _TAGS:
        name, held = _TAGS[document["op"]]
        return {**document, name: _unpacked(document.get(name), held)}
    return document


def _bits(text: Any) -> dict[str, int]:
    if not isinstance(text, str):
        raise msgspec.ValidationError("a bucket set is no text")
    return {"bits": BucketSet.from_text(text).bits}


def _plain(value: Any) -> Any:
    if isinstance(value, ExperimentSpec):
        return spec_document(value)
    raise NotImplementedError(f"{type(value).__name__} has no JSON form here")


def _built(kind: type, value: Any) -> Any:
    if kind is ExperimentSpec:
        return ExperimentSpec.model_validate_json(msgspec.json.encode(value))
    raise NotImplementedError(f"{kind.__name__} has no JSON form here")
