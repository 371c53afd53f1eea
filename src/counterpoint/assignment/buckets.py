"""A set of buckets, as experiments, holdouts and pools own it: a bitmap of 10,000 bits."""

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from counterpoint.assignment.hashing import N_BUCKETS
from counterpoint.errors import InvalidInput

_N_BYTES = N_BUCKETS // 8
_FULL = (1 << N_BUCKETS) - 1


@dataclass(frozen=True, slots=True)
class BucketSet:
    """An immutable set of buckets in [0, 10_000); bit `b` of `bits` says whether bucket `b` is in it."""

    bits: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.bits <= _FULL:
            raise InvalidInput("bucket_out_of_range", f"a bucket is outside 0 to {N_BUCKETS - 1}")

    @classmethod
    def of(cls, buckets: Iterable[int]) -> "BucketSet":
        """Return the set of `buckets`, integers in [0, 10_000).

        Raises:
            InvalidInput: `bucket_out_of_range`.
        """
        row = bytearray(_N_BYTES)
        for bucket in buckets:
            if not 0 <= bucket < N_BUCKETS:
                raise InvalidInput("bucket_out_of_range", f"bucket {bucket} is outside 0 to {N_BUCKETS - 1}")
            row[bucket >> 3] |= 1 << (bucket & 7)
        return cls(int.from_bytes(row, "little"))

    @classmethod
    def full(cls) -> "BucketSet":
        """Return the set of all buckets."""
        return cls(_FULL)

    @classmethod
    def from_text(cls, text: str) -> "BucketSet":
        """Return the set that `to_text` wrote.

        Raises:
            InvalidInput: `corrupt_bucket_set` when `text` is not the base64 of 1,250 bytes.
        """
        return cls(int.from_bytes(bitmap_bytes(text), "little"))

    def to_text(self) -> str:
        """Return the bitmap in base64: 1,250 bytes, bucket `b` in bit `b mod 8` (least first) of byte `b div 8`."""
        return base64.b64encode(self.bits.to_bytes(_N_BYTES, "little")).decode("ascii")

    def union(self, other: "BucketSet") -> "BucketSet":
        """Return the buckets in either."""
        return BucketSet(self.bits | other.bits)

    def intersect(self, other: "BucketSet") -> "BucketSet":
        """Return the buckets in both."""
        return BucketSet(self.bits & other.bits)

    def difference(self, other: "BucketSet") -> "BucketSet":
        """Return the buckets in this set and not in `other`."""
        return BucketSet(self.bits & ~other.bits)

    def is_disjoint(self, other: "BucketSet") -> bool:
        """Return whether no bucket is in both."""
        return not self.bits & other.bits

    def is_subset(self, other: "BucketSet") -> bool:
        """Return whether every bucket of this set is in `other`."""
        return not self.bits & ~other.bits

    __or__ = union
    __and__ = intersect
    __sub__ = difference

    def __contains__(self, bucket: object) -> bool:
        return isinstance(bucket, int) and 0 <= bucket < N_BUCKETS and bool(self.bits >> bucket & 1)

    def __len__(self) -> int:
        return self.bits.bit_count()

    def __bool__(self) -> bool:
        return self.bits != 0

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self.bits.to_bytes(_N_BYTES, "little")):
            if byte:
                for bit in range(8):
                    if byte >> bit & 1:
                        yield place * 8 + bit

    def __repr__(self) -> str:
        return f"BucketSet({len(self)} of {N_BUCKETS})"


def bitmap_bytes(text: str) -> bytes:
    """Return the 1,250 bytes of a bitmap in base64.

    Raises:
        InvalidInput: `corrupt_bucket_set`.
    """
    try:
        row = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("corrupt_bucket_set", "a bucket set is not base64") from error
    if len(row) != _N_BYTES:
        raise InvalidInput("corrupt_bucket_set", f"a bucket set has {len(row)} bytes in place of {_N_BYTES}")
    return row
