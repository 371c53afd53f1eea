"""The vectors hold for an implementation in another language, which shares no line with ours."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "conformance"
NODE = shutil.which("node")


def run(vectors: Path) -> tuple[int, dict]:
    assert NODE is not None
    done = subprocess.run(
        [NODE, str(FOLDER / "bucketing.mjs"), str(vectors)], capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, json.loads(done.stdout)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_an_independent_implementation_agrees_with_every_vector_and_notices_a_wrong_one(tmp_path):
    vectors = json.loads((FOLDER / "bucketing.json").read_text(encoding="utf-8"))
    n = sum(len(vectors[name]) for name in ("seeds", "bucket_salts", "buckets", "splits", "bitmaps"))
    assert run(FOLDER / "bucketing.json") == (0, {"checked": n, "wrong": []})
    vectors["buckets"][7]["bucket"] += 1
    altered = tmp_path / "altered.json"
    altered.write_text(json.dumps(vectors), encoding="utf-8")
    status, found = run(altered)
    assert (status, len(found["wrong"])) == (1, 1)
