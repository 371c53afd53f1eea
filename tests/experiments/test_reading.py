import json
from pathlib import Path

import pytest

from counterpoint.errors import InvalidInput
from counterpoint.experiments import parse_spec, spec_document
from experiment_examples import a_spec

SPEC = """
kind: experiment
key: podcasts-second-se
surface: home
owner: podcasts
hypothesis: Moving the podcast shelf to second place raises weekly podcast minutes.
audience: country == "SE" && plan == "premium"
allocation: 0.10
layers: []
isolated: false
variants:
  - {key: control, weight: 1}
  - {key: off, weight: 1, set: {podcasts.shelf_position: 2, podcasts.ranker: no, rate: 2.0, show: true}}
metrics:
  primary: {metric: podcast_minutes_7d, direction: increase, mde: 0.02}
  secondary: [home_ctr]
  guardrails: [{metric: page_load_ms_p95, margin_abs: 50}]
analysis: {test: group_sequential, alpha: 0.05, power: 0.8, looks: daily, variance_reduction: cuped}
schedule: {days: 14, start: 2026-11-23T08:00:00Z, ramp: [{share: 0.01, hours: 4}, {share: 0.05, hours: 24}]}
stop: {on_guardrail: stop, on_srm: pause}
"""


def document(**fields):
    return {**spec_document(a_spec()), **fields}


def refusal(given) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        parse_spec(given, source="spec.yaml")
    return caught.value


def paths_and_codes(error: InvalidInput) -> set[tuple[str, str]]:
    return {(finding["path"], finding["code"]) for finding in error.facts["findings"]}


def test_yaml_is_read_without_what_yaml_1_1_guesses():
    spec = parse_spec(SPEC)
    treatment = spec.treatments[0]
    assert treatment.key == "off"
    assert treatment.set == {"podcasts.shelf_position": 2, "podcasts.ranker": "no", "rate": 2.0, "show": True}
    assert type(treatment.set["podcasts.shelf_position"]) is int
    assert type(treatment.set["rate"]) is float
    assert treatment.set["show"] is True
    assert spec.schedule.start == "2026-11-23T08:00:00Z"


def test_the_document_comes_back_as_it_was_written():
    spec = parse_spec(SPEC)
    written = spec_document(spec)
    assert "unit" not in written
    assert written["variants"][0] == {"key": "control", "weight": 1}
    assert parse_spec(written) == spec
    assert parse_spec(json.dumps(written)) == spec
    assert spec_document(parse_spec(json.dumps(written))) == written


def test_fields_that_were_left_out_stay_left_out():
    assert set(spec_document(a_spec())) == {
        "kind", "key", "surface", "owner", "hypothesis", "allocation", "variants", "metrics", "schedule",
    }  # fmt: skip


def test_every_fault_is_listed_with_its_path():
    given = document(colour="red", allocation=1.5, schedule={"days": "14"})
    given["variants"] = [{"key": "control"}, {"key": "treatment", "wieght": 2, "set": {"a.x": [1]}}]
    del given["owner"]
    error = refusal(given)
    assert paths_and_codes(error) == {
        ("colour", "unknown_key"),
        ("owner", "missing_field"),
        ("allocation", "out_of_bounds"),
        ("schedule.days", "wrong_type"),
        ("variants.1.wieght", "unknown_key"),
        ("variants.1.set.a.x", "wrong_type"),
    }
    assert "5 more" in error.sentence
    assert error.where.startswith("spec.yaml: ")


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"key": "Not A Key"}, "key", "bad_key"),
        ({"hypothesis": "  "}, "hypothesis", "blank"),
        ({"layers": ["ok", "Not ok"]}, "layers.1", "bad_key"),
        ({"domain": "No"}, "domain", "bad_key"),
        ({"allocation": 0}, "allocation", "out_of_bounds"),
        ({"kind": "holdout"}, "kind", "unknown_value"),
        ({"variants": [{"key": "control"}]}, "variants", "too_few"),
        ({"variants": [{"key": "a"}, {"key": "a", "set": {"x": 1}}]}, "variants", "duplicate_variant"),
        ({"variants": [{"key": "a", "weight": 0}, {"key": "b", "weight": 0}]}, "variants", "no_weight"),
        ({"variants": [{"key": "a", "set": {"x": 1}}, {"key": "b"}]}, "variants.0.set", "control_sets_values"),
        (
            {"metrics": {"primary": {"metric": "m", "direction": "increase", "mde": 0.1, "mde_abs": 2}}},
            "metrics.primary",
            "two_effect_sizes",
        ),
        ({"metrics": {"primary": {"metric": "m", "direction": "up"}}}, "metrics.primary.direction", "unknown_value"),
        (
            {"schedule": {"days": 2, "ramp": [{"share": 0.05, "hours": 1}, {"share": 0.01, "hours": 1}]}},
            "schedule.ramp",
            "ramp_not_growing",
        ),
        (
            {"schedule": {"days": 2, "ramp": [{"share": 0.5, "hours": 1}]}},
            "schedule.ramp.0.share",
            "ramp_above_allocation",
        ),
    ],
)
def test_an_unsound_spec_is_refused_where_it_is_unsound(fields, path, code):
    assert paths_and_codes(refusal(document(**fields))) == {(path, code)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("key: a\nkey: b\n", "duplicate_key"),
        ('{"kind": "experiment", "schedule": {"days": 1, "days": 2}}', "duplicate_key"),
        ("a: &x [1]\nb: *x\n", "alias"),
        ("[" * 40 + "]" * 40, "too_deep"),
        ("[" * 100_000, "too_deep"),
        ("key: a\0b", "null_byte"),
        ("- one\n- two\n", "not_a_mapping"),
        ("", "not_a_mapping"),
        ("a: [\n" * 2_500_000, "too_large"),
        ("key: [1, 2", "malformed_yaml"),
        ("key: !!python/object/apply:os.system [true]", "malformed_yaml"),
        ("1: one\n", "bad_key"),
        ("? [a]\n: b\n", "bad_key"),
        ("key: '" + "x" * 1_000_001 + "'", "too_large"),
        ("key: \x07", "malformed_yaml"),
    ],
)
def test_text_that_could_hurt_or_mislead_is_refused(text, code):
    assert refusal(text).code == code


def test_a_fault_of_the_text_names_the_file_and_the_line():
    assert refusal("kind: experiment\nkey: a\nkey: b\n").where == "spec.yaml, line 3"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (float("nan"), "out_of_bounds"),
        (float("inf"), "out_of_bounds"),
        ("a\0b", "null_byte"),
        ({1: "x"}, "bad_key"),
        (object(), "wrong_type"),
        (10**400, "wrong_type"),
    ],
)
def test_data_that_json_could_not_say_is_refused(value, code):
    assert refusal(document(owner=value)).code == code


def test_data_without_an_end_is_refused():
    endless: dict = {}
    endless["a"] = endless
    assert refusal(endless).code == "too_deep"


def test_the_spec_in_the_design_is_a_spec():
    design = Path(__file__).parents[2] / "../shared/design/experiments.md"
    if not design.exists():
        pytest.skip("the design folder is not beside this checkout")
    text = design.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    spec = parse_spec(text)
    assert parse_spec(spec_document(spec)) == spec
    assert spec.parameters == ("podcasts.shelf_position",)
