"""Whatever is sent, reading a spec gives a spec that says the same, or one refusal with a code and a place."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.errors import InvalidInput
from counterpoint.experiments import parse_spec, spec_document
from experiment_examples import a_spec

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["off", "12:30", "1e3", "\0"]),
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FRAGMENTS = st.sampled_from(
    [
        "key: ",
        "a",
        "- ",
        "\n",
        "  ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        ",",
        "'",
        '"',
        "&x ",
        "*x",
        "!!",
        "? ",
        ">",
        "#",
        "\t",
        "é",
        "\x85",
        "---\n",
        "...",
        "%YAML 1.1\n",
        "<<: ",
        "0x1f",
        "~",
        "2026-11-22",
        "�",
        "\ufeff",
    ]
)
PATHS = st.sampled_from(
    [
        tuple(int(step) if step.isdigit() else step for step in path.split("/"))
        for path in [
            "key",
            "surface",
            "owner",
            "audience",
            "allocation",
            "unit",
            "layers",
            "isolated",
            "domain",
            "variants",
            "variants/0",
            "variants/1/set",
            "variants/1/weight",
            "metrics",
            "metrics/primary",
            "metrics/primary/mde",
            "schedule",
            "schedule/days",
            "schedule/ramp",
            "stop",
            "surprise",
        ]
    ]
)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=10),
)


def read_or_refused(given_spec):
    try:
        return parse_spec(given_spec, source="it")
    except InvalidInput as error:
        assert error.code.replace("_", "").isalpha()
        assert error.where
        assert json.dumps(error.as_document())
        return None


@settings(max_examples=300, deadline=None)
@given(st.lists(FRAGMENTS | st.text(max_size=5), max_size=25))
def test_any_text_is_a_spec_or_a_refusal(pieces):
    read_or_refused("".join(pieces))


@settings(max_examples=200, deadline=None)
@given(DATA)
def test_any_data_is_a_spec_or_a_refusal(data):
    read_or_refused(data)


@settings(max_examples=400, deadline=None)
@given(path=PATHS, value=DATA)
def test_a_spec_with_any_field_replaced_round_trips_or_is_refused(path, value):
    document = json.loads(json.dumps(spec_document(a_spec())))
    place = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    spec = read_or_refused(document)
    if spec is not None:
        written = spec_document(spec)
        assert parse_spec(written) == spec
        assert spec_document(parse_spec(written)) == written
        assert parse_spec(json.dumps(written)) == spec


@given(values=st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), VALUES, min_size=1, max_size=4))
def test_values_keep_their_type_on_every_way(values):
    variants = [{"key": "control"}, {"key": "t", "set": values}]
    document = {**spec_document(a_spec()), "variants": variants}
    for given_spec in (document, json.dumps(document)):
        try:
            spec = parse_spec(given_spec)
        except InvalidInput as error:
            assert error.code in ("null_byte", "malformed_yaml")
            continue
        back = spec_document(spec)["variants"][1]["set"]
        assert back == values
        assert {key: type(value) for key, value in back.items()} == {key: type(value) for key, value in values.items()}
