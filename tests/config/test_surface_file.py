from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from counterpoint.config import load_surface
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import ParameterType

HOME = Path(__file__).parents[2] / "../shared/home/surface.yaml"

SMALL = """
surface: search
unit: user_id
attributes:
  country: {type: string, fixed: true, description: market, of the account}
  plan: {type: enum, values: [free, premium]}
layers:
  look: {description: how it looks}
parameters:
  look.rows: {layer: look, type: int, min: 1, max: 9, baseline: 3}
  look.share: {layer: look, type: float, min: 0, max: 1, baseline: 1}
  look.style: {layer: look, type: enum, values: [none, banner], baseline: none, requires: {look.rows: [3, 4]}}
metrics:
  clicks_7d: {type: mean, window: 7d, better: higher}
policy:
  required_guardrails: [clicks_7d]
  pools: {holdout: 0.1, isolated: 0.1}
  global_holdout: {allocation: 0.05}
"""


def refusal(text):
    with pytest.raises(InvalidInput) as refused:
        load_surface(text, source="search.yaml")
    return refused.value


def codes(text):
    return {(finding["code"], finding["path"]) for finding in refusal(text).facts["findings"]}


def test_a_surface_is_read_whole():
    surface = load_surface(SMALL, source="search.yaml")
    assert surface.parameters["look.style"].requires == {"look.rows": (3, 4)}
    assert surface.parameters["look.share"].baseline == 1.0
    assert isinstance(surface.parameters["look.share"].baseline, float)
    assert surface.metrics["clicks_7d"].window_days == 7
    assert surface.policy.global_holdout == 0.05


def test_a_comma_in_an_unquoted_description_stays_in_it():
    assert load_surface(SMALL, source="x").attributes["country"].description == "market, of the account"


def test_the_home_surface_is_read_whole():
    if not HOME.exists():
        pytest.skip("the reference surface is not beside this checkout")
    surface = load_surface(HOME.read_text(), source="surface.yaml")
    assert len(surface.parameters) == 37
    assert surface.parameters["genrec.enabled"].type is ParameterType.BOOL
    assert surface.attributes["hour_of_day"].description.endswith("0 to 23")


@pytest.mark.parametrize(
    ("before", "after", "code", "path"),
    [
        ("baseline: 3}", "baseline: 30}", "out_of_bounds", "parameters.look.rows.baseline"),
        ("baseline: 3}", "baseline: true}", "wrong_type", "parameters.look.rows.baseline"),
        ("baseline: 3}", "baseline: .inf}", "wrong_type", "parameters.look.rows.baseline"),
        ("baseline: 1}", "baseline: .nan}", "out_of_bounds", "parameters.look.share.baseline"),
        ("max: 9, baseline: 3}", "max: 9}", "missing_field", "parameters.look.rows.baseline"),
        ("min: 1, max: 9", "min: 9, max: 1", "contradiction", "parameters.look.rows.min"),
        ("baseline: none", "baseline: video", "out_of_bounds", "parameters.look.style.baseline"),
        ("[3, 4]", "[3, 40]", "out_of_bounds", "parameters.look.style.requires.look.rows"),
        ("{look.rows: [3, 4]}", "{look.rowz: [3]}", "unknown_parameter", "parameters.look.style.requires.look.rowz"),
        ("{look.rows: [3, 4]}", "{look.style: [none]}", "cyclic_requires", "parameters.look.style.requires"),
        ("layer: look, type: int", "layer: lock, type: int", "unknown_layer", "parameters.look.rows.layer"),
        ("type: int", "type: integer", "unknown_value", "parameters.look.rows.type"),
        ("type: int", "type: int, colour: red", "unknown_key", "parameters.look.rows.colour"),
        ("unit: user_id", "unit: user_id\nunit: user_id", "duplicate_key", "unit"),
        ("unit: user_id", "unit: user_id\nunits: user_id", "unknown_key", "units"),
        ("unit: user_id", "", "missing_field", "unit"),
        ("surface: search", "surface: Se arch", "bad_key", "surface"),
        ("look.rows: {layer", "Rows: {layer", "bad_key", "parameters.Rows"),
        ("[free, premium]", "[free, no]", "wrong_type", "attributes.plan.values"),
        ("[free, premium]", "[free, free]", "duplicate_value", "attributes.plan.values"),
        ("values: [free, premium]", "fixed: false", "missing_field", "attributes.plan.values"),
        ("window: 7d", "window: 7h", "wrong_type", "metrics.clicks_7d.window"),
        ("type: mean", "type: ratio", "missing_field", "metrics.clicks_7d"),
        ("[clicks_7d]", "[clocks]", "unknown_metric", "policy.required_guardrails[0]"),
        ("allocation: 0.05", "allocation: 0.06", "out_of_bounds", "policy.global_holdout.allocation"),
        ("unit: user_id", "unit: user_id\ninvariants: [look.rows < 3]", "invariant_broken", "invariants[0]"),
        ("unit: user_id", "unit: user_id\ninvariants: [look.rowz < 3]", "unknown_attribute", "invariants[0]"),
        ("unit: user_id", "unit: user_id\ninvariants: [look.rows <]", "syntax_error", "invariants[0]"),
        ("allocation: 0.05", "allocation: 5", "out_of_bounds", "policy.global_holdout.allocation"),
        ("unit: user_id", "unit: &a user_id\ndescription: *a", "alias_refused", ""),
        ("unit: user_id", "unit: [user_id", "malformed_yaml", ""),
        ("unit: user_id", "unit: !!python/object:os.system x", "wrong_type", "unit"),
        ("unit: user_id", "unit: 2020-01-01", "wrong_type", "unit"),
        ("unit: user_id", "unit: user\x00id", "null_byte", ""),
        ("unit: user_id", "unit: " + "[" * 500 + "]" * 500, "too_deep", ""),
    ],
)
def test_each_mistake_is_found_where_it_stands(before, after, code, path):
    assert before in SMALL
    assert (code, path) in codes(SMALL.replace(before, after))


def test_a_circle_of_requires_through_three_parameters_is_found():
    lines = [
        f"  p{n}: {{layer: look, type: bool, baseline: true, requires: {{p{(n + 1) % 3}: [true]}}}}" for n in range(3)
    ]
    found = codes(SMALL.replace("metrics:", "\n".join(lines) + "\nmetrics:"))
    assert any(code == "cyclic_requires" for code, _ in found)


def test_more_than_ten_megabytes_are_not_parsed():
    assert refusal("#" * 10_000_001).code == "too_large"


def test_every_mistake_is_reported_at_once():
    text = (
        SMALL.replace("baseline: 3}", "baseline: 30}").replace("type: mean", "type: mode").replace("[clicks_7d]", "[x]")
    )
    error = refusal(text)
    assert len(error.facts["findings"]) == 3
    assert error.where is not None
    assert error.where.startswith("search.yaml:")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "3",
        "surface: x",
        "a: b: c",
        "\t",
        "{",
        "surface: {}",
        "attributes: []",
        "? [a]\n: b",
        "policy: {pools: 3}",
        "parameters: {a: null}",
    ],
)
def test_what_is_no_surface_is_refused_with_a_code(text):
    assert refusal(text).code


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text):
    try:
        load_surface(SMALL + text, source="fuzz")
    except InvalidInput as error:
        assert error.facts["findings"]
