"""Writes the conformance vectors and schemas of this folder from the code; tests compare them with what stands here.

The vectors are a promise to other languages and to stored draws: rewriting them with other numbers is a new
`hash_version`, never a correction.
"""

import json
from pathlib import Path
from typing import Any

from counterpoint.assignment import (
    HASH_VERSION,
    N_BUCKETS,
    BucketSet,
    bucket_of,
    bucket_salt,
    seed_of,
    split,
    version_key,
)
from counterpoint.config import snapshot_schema, surface_schema

HERE = Path(__file__).parent
UNITS = (
    "",
    "a",
    "ab",
    "1",
    "42",
    "user-1",
    "user-0000001",
    "Zoë",
    "ユーザー",
    "😀",
    "x" * 31,
    "x" * 32,
    "x" * 33,
    "x" * 100,
)
UNITS += ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "with space", "tab\tnewline\n", "A", "á", "a\u0301")
SALTS = ("home", "search", "", "c", "bc", "salt-of-experiment-1", "söder", "home:device_id")
WEIGHTS = ((1,), (1, 1), (1, 3), (0, 1), (2, 0, 1), (1, 1, 1, 1, 1), (9_999, 1), (10_000,) * 4)
VERSIONS = ("0.0.0-0", "0.0.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2")
VERSIONS += (
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2",
    "8.9.0",
    "8.10.0-beta.2",
    "8.10.0",
    "8.10.0.1",
    "10",
)


def bucketing() -> dict[str, Any]:
    """Return the vectors of hashing, bucketing, splitting and bitmaps."""
    return {
        "hash_version": HASH_VERSION,
        "n_buckets": N_BUCKETS,
        "rules": {
            "seed": "xxh64(utf-8 of the salt, seed 0)",
            "bucket": "(xxh64(utf-8 of the unit, seed of the bucket salt) * n_buckets) >> 64",
            "split": "first index whose running sum of weights exceeds (xxh64(unit, seed of the salt) * sum) >> 64",
            "bucket_salt": "the surface's for its own unit type, '<salt>:<unit type>' for any other",
            "bitmap": "base64 of 1,250 bytes; bucket b is bit b mod 8, least significant first, of byte b div 8",
        },
        "seeds": [{"salt": salt, "seed": str(seed_of(salt))} for salt in SALTS],
        "bucket_salts": [
            {"salt": "home", "unit_type": unit, "salted": bucket_salt("home", unit_type=unit, surface_unit="user_id")}
            for unit in ("user_id", "device_id")
        ],
        "buckets": [
            {"unit": unit, "salt": salt, "bucket": bucket_of(unit, salt)} for unit in UNITS if unit for salt in SALTS
        ],
        "splits": [
            {"unit": unit, "salt": salt, "weights": list(weights), "index": split(unit, salt, weights)}
            for unit in UNITS
            if unit
            for salt in SALTS[:4]
            for weights in WEIGHTS
        ],
        "bitmaps": [
            {"buckets": buckets, "text": BucketSet.of(buckets).to_text()}
            for buckets in ([], [0], [7, 8], [9_999], [1, 5_000])
        ],
        "versions_in_order": sorted(VERSIONS, key=version_key),  # type: ignore[arg-type]  # all of them are versions
    }


def documents() -> dict[str, dict[str, Any]]:
    """Return every file of this folder that is written from code."""
    return {
        "bucketing.json": bucketing(),
        "snapshot.schema.json": snapshot_schema(),
        "surface.schema.json": surface_schema(),
    }


def text_of(document: dict[str, Any]) -> str:
    """Return the text of one such file."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


if __name__ == "__main__":
    for name, document in documents().items():
        (HERE / name).write_text(text_of(document), encoding="utf-8")
