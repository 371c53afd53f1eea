"""Whatever is sent, ingest accounts for every record of it, and no bad one costs a good one."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from counterpoint.errors import InvalidInput
from counterpoint.events import ingest

NOW = datetime(2026, 3, 1, tzinfo=UTC)
GOOD = {"kind": "outcome", "id": "good", "at": NOW.isoformat(), "surface": "home", "unit": "u", "name": "n", "value": 1}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
near_misses = st.dictionaries(st.sampled_from([*GOOD, "extra"]), json_values, max_size=3).map(
    lambda d: GOOD | {"id": "x"} | d
)


@given(st.lists(json_values | near_misses, max_size=6))
def test_every_record_is_accepted_a_duplicate_or_refused_with_a_code(junk: list[Any]) -> None:
    body = json.dumps({"events": [GOOD, *junk]}).encode()
    result = ingest(body, NOW)
    assert len(result.accepted) + result.n_duplicates + len(result.refused) == len(junk) + 1
    assert "good" in {e.id for e in result.accepted}
    assert all(r.code and r.path.startswith(f"events[{r.index}]") for r in result.refused)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_batch_or_one_clear_error(body: bytes) -> None:
    try:
        ingest(body, NOW)
    except InvalidInput as error:
        assert error.code in {"malformed_json", "malformed_batch"}
