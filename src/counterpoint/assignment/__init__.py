"""Assignment: hashing, buckets, targeting and variants; pure functions of unit, salt and attributes."""

from counterpoint.assignment.audience import (
    Audience,
    AudienceIndex,
    Column,
    Context,
    Declared,
    Membership,
    Test,
    Verdict,
    build_index,
    check_audience,
    column,
    compile_audience,
    compile_audiences,
    members,
    version_key,
)
from counterpoint.assignment.buckets import BucketSet, bitmap_bytes
from counterpoint.assignment.hashing import HASH_VERSION, N_BUCKETS, bucket_of, bucket_salt, cumulative, seed_of, split
from counterpoint.assignment.vectors import UnitColumn, unit_column

__all__ = [
    "HASH_VERSION",
    "N_BUCKETS",
    "Audience",
    "AudienceIndex",
    "BucketSet",
    "Column",
    "Context",
    "Declared",
    "Membership",
    "Test",
    "UnitColumn",
    "Verdict",
    "bitmap_bytes",
    "bucket_of",
    "bucket_salt",
    "build_index",
    "check_audience",
    "column",
    "compile_audience",
    "compile_audiences",
    "cumulative",
    "members",
    "seed_of",
    "split",
    "unit_column",
    "version_key",
]
