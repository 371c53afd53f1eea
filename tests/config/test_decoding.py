import gc
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from counterpoint.config import (
    AttributeSchema,
    LiveExperiment,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    decode_snapshot,
    encode_snapshot,
    load_snapshot,
    snapshot_id,
)
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import digest

NOW = datetime(2026, 11, 22, tzinfo=UTC)
EXPERIMENT = LiveExperiment(
    key="e", salt="s", unit="user_id", audience="true", buckets="", variants=(VariantSlice(key="on", weight=1),)
)
SNAPSHOT = Snapshot(
    surface="home",
    release=1,
    created_at=NOW,
    unit="user_id",
    bucket_salt="home",
    attributes=(AttributeSchema(key="country", type="string"),),
    parameters=(ParameterSchema(key="rows", type="int", baseline=3, min=1, max=9),),
)


def refused(data, **asked):
    with pytest.raises(InvalidInput) as found:
        decode_snapshot(data, **asked)
    return found.value.code


def altered(**fields):
    return json.dumps(json.loads(encode_snapshot(SNAPSHOT)) | fields).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"{}",
        b"[]",
        b"\x00",
        b"\xff\xfe",
        b"[" * 100_000,
        encode_snapshot(SNAPSHOT)[:-1],
        altered(release="one"),
        altered(created_at="yesterday"),
        altered(created_at="2026-11-22T00:00:00"),
        altered(parameters=[{"key": "rows", "type": "integer", "baseline": 3}]),
        altered(parameters=[{"key": "rows", "type": "int", "baseline": 3}] * 2),
        altered(attributes=[{"key": "country", "type": "text"}]),
        encode_snapshot(msgspec.structs.replace(SNAPSHOT, experiments=(EXPERIMENT, EXPERIMENT))),
    ],
    ids=range(15),
)
def test_what_is_no_snapshot_is_corrupt(data):
    assert refused(data) == "corrupt_snapshot"


def test_a_newer_format_is_named_even_when_its_shape_is_unknown():
    assert refused(b'{"format_version": 2, "everything": "else"}') == "snapshot_newer_format"


def test_an_altered_snapshot_has_another_address():
    assert refused(altered(release=2), expected_id=snapshot_id(SNAPSHOT)) == "wrong_digest"
    assert decode_snapshot(encode_snapshot(SNAPSHOT), expected_id=snapshot_id(SNAPSHOT)) == SNAPSHOT


def test_a_snapshot_from_the_future_is_refused_beyond_the_skew_of_clocks():
    data = encode_snapshot(SNAPSHOT)
    assert refused(data, now=NOW - timedelta(minutes=6)) == "snapshot_from_the_future"
    assert decode_snapshot(data, now=NOW - timedelta(minutes=4)) == SNAPSHOT


def test_the_address_is_the_digest_of_the_canonical_bytes():
    assert snapshot_id(SNAPSHOT) == digest(SNAPSHOT)[:16]


def test_a_bound_written_as_a_whole_number_has_the_address_of_the_same_decimal():
    other = ParameterSchema(key="rows", type="int", baseline=3, min=1.0, max=9.0)
    assert snapshot_id(msgspec.structs.replace(SNAPSHOT, parameters=(other,))) == snapshot_id(SNAPSHOT)


def test_the_address_is_the_same_on_every_machine():
    assert snapshot_id(SNAPSHOT) == "ca18390c1f94bf35"


def test_loading_is_decoding_and_compiling_and_leaves_the_collector_as_it_was():
    assert gc.isenabled()
    loaded = load_snapshot(encode_snapshot(SNAPSHOT), expected_id=snapshot_id(SNAPSHOT), confirmed_at=NOW)
    assert gc.isenabled()
    assert loaded.id == snapshot_id(SNAPSHOT)
    assert loaded.age_s(NOW + timedelta(seconds=9)) == 9
    gc.disable()
    try:
        with pytest.raises(InvalidInput):
            load_snapshot(b"")
        assert not gc.isenabled()
    finally:
        gc.enable()
