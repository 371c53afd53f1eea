"""Explain: capsules and their replay, what differs and why, and what a change would do before it is made."""

from counterpoint.explain.capsule import (
    Capsule,
    CapsuleRead,
    RecordedConfig,
    capsule_of,
    check_same_kit,
    decode_capsule,
    encode_capsule,
    replay,
)
from counterpoint.explain.diff import Cause, Diff, PlacedCard, causes, diff
from counterpoint.explain.experiment_preview import ArmResolver, preview_spec, record
from counterpoint.explain.preview import (
    Preview,
    Recorded,
    Resolver,
    ShelfMove,
    VariantPreview,
    preview,
    preview_document,
)
from counterpoint.explain.why import Account, Why, sentence, why

__all__ = [
    "Account",
    "ArmResolver",
    "Capsule",
    "CapsuleRead",
    "Cause",
    "Diff",
    "PlacedCard",
    "Preview",
    "Recorded",
    "RecordedConfig",
    "Resolver",
    "ShelfMove",
    "VariantPreview",
    "Why",
    "capsule_of",
    "causes",
    "check_same_kit",
    "decode_capsule",
    "diff",
    "encode_capsule",
    "preview",
    "preview_document",
    "preview_spec",
    "record",
    "replay",
    "sentence",
    "why",
]
