"""Assignment: hashing, buckets, targeting and variants; pure functions of unit, salt and attributes."""

from counterpoint.assignment.audience import (
    Audience,
    Context,
    Declared,
    Membership,
    Verdict,
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
    "BucketSet",
    "Context",
    "Declared",
    "Membership",
    "Verdict",
    "bitmap_bytes",
    "bucket_of",
    "bucket_salt",
    "check_audience",
    "compile_audience",
    "compile_audiences",
    "cumulative",
    "seed_of",
    "split",
    "version_key",
]
