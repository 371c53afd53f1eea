"""Assignment: hashing, buckets, targeting and variants; pure functions of unit, salt and attributes."""

from counterpoint.assignment.audience import (
    Audience,
    AudienceIndex,
    Context,
    Declared,
    Membership,
    Test,
    Verdict,
    build_index,
    check_audience,
    compile_audience,
    compile_audiences,
    version_key,
)
from counterpoint.assignment.buckets import BucketSet, bitmap_bytes
from counterpoint.assignment.hashing import HASH_VERSION, N_BUCKETS, bucket_of, bucket_salt, cumulative, seed_of, split

__all__ = [
    "HASH_VERSION",
    "N_BUCKETS",
    "Audience",
    "AudienceIndex",
    "BucketSet",
    "Context",
    "Declared",
    "Membership",
    "Test",
    "Verdict",
    "bitmap_bytes",
    "bucket_of",
    "bucket_salt",
    "build_index",
    "check_audience",
    "compile_audience",
    "compile_audiences",
    "cumulative",
    "seed_of",
    "split",
    "version_key",
]
