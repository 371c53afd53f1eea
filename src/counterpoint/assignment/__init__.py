"""Assignment: hashing, buckets, targeting and variants; pure functions of unit, salt and attributes."""

from counterpoint.assignment.buckets import BucketSet
from counterpoint.assignment.hashing import HASH_VERSION, N_BUCKETS, bucket_of, bucket_salt, cumulative, seed_of, split

__all__ = [
    "HASH_VERSION",
    "N_BUCKETS",
    "BucketSet",
    "bucket_of",
    "bucket_salt",
    "cumulative",
    "seed_of",
    "split",
]
