"""The flagd export decides like the platform: checked with an evaluator of JsonLogic and flagd's own operators."""

import json
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from counterpoint.assignment import BucketSet
from counterpoint.assignment.audience import version_key
from counterpoint.config import AttributeSchema, BaselineRule, LiveHoldout, compile_snapshot
from counterpoint.storage.snapshots import export_flagd
from counterpoint.vocabulary import decision_attribute
from feed_world import HALVES, NOW, snapshot

ATTRIBUTES = (
    AttributeSchema(key="country", type="string"),
    AttributeSchema(key="plan", type="enum", values=("free", "premium", "family")),
    AttributeSchema(key="age", type="int"),
    AttributeSchema(key="score", type="float"),
    AttributeSchema(key="kid", type="bool"),
    AttributeSchema(key="version", type="semver"),
    AttributeSchema(key="device.os", type="string"),
)
LEAVES = (
    'country == "SE"',
    'country != "SE"',
    'country in ["SE", "NO"]',
    'plan == "premium"',
    'plan in ["free", "family"]',
    "age < 30",
    "age >= 18",
    "age == 5",
    "score > 0.5",
    "kid",
    "!kid",
    'country.startsWith("S")',
    'country.endsWith("E")',
    'country.contains("")',
    'version >= "2.10.0"',
    'version in ["1.0.0", "2.0.0"]',
)
AUDIENCES = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) && ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) || ({two[1]})"),
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, inner, inner).map(lambda three: f"(({three[0]}) ? ({three[1]}) : ({three[2]}))"),
    ),
    max_leaves=6,
)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["SE", "NO", "DK", "S", ""]),
        "plan": st.sampled_from(["free", "premium", "family"]),
        "age": st.sampled_from([0, 5, 18, 29, 30, 90]),
        "score": st.sampled_from([0.0, 0.5, 0.75]),
        "kid": st.booleans(),
        "version": st.sampled_from(["1.0.0", "2.9.9", "2.10.0", "10.0.0"]),
    },
)
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne}


def logic(rule: Any, data: dict[str, Any]) -> Any:
    """JsonLogic, as far as the export uses it; null counts as 0 in a comparison, like in JavaScript."""
    if not isinstance(rule, dict):
        return rule
    ((name, arguments),) = rule.items()
    if name == "if":
        for condition, then in zip(arguments[::2], arguments[1::2], strict=False):
            if logic(condition, data):
                return logic(then, data)
        return logic(arguments[-1], data)
    if name == "and":
        return all(logic(one, data) for one in arguments)
    if name == "or":
        return any(logic(one, data) for one in arguments)
    if name == "var":
        return data.get(arguments)
    values = [logic(one, data) for one in arguments]
    match name:
        case "!":
            return not values[0]
        case "===":
            return type(values[0]) is type(values[1]) and values[0] == values[1]
        case "!==":
            return not (type(values[0]) is type(values[1]) and values[0] == values[1])
        case "in":
            return values[0] in (values[1] if values[1] is not None else ())
        case "starts_with":
            return values[0].startswith(values[1])
        case "ends_with":
            return values[0].endswith(values[1])
        case "sem_ver":
            a, op, b = values
            return a is not None and ORDER[op](version_key(a), version_key(b))
        case _:
            return ORDER[name](values[0] or 0, values[1])


def ruled(*audiences):
    rules = tuple(
        BaselineRule(key=f"r{number}", audience=text, set={"rows": number + 4}) for number, text in enumerate(audiences)
    )
    return snapshot(1, attributes=ATTRIBUTES, rules=rules)


def flagd_value(flag, data):
    return flag["variants"][logic(flag.get("targeting", flag["defaultVariant"]), data)]


@given(audiences=st.lists(AUDIENCES, min_size=1, max_size=3), contexts=st.lists(CONTEXTS, min_size=1, max_size=8))
def test_a_flag_has_the_value_that_the_platform_reads_whatever_is_missing(audiences, contexts):
    made = ruled(*audiences)
    compiled, flag = compile_snapshot(made), export_flagd(made).document["flags"]["rows"]
    for context in contexts:
        assert flagd_value(flag, context) == compiled.resolve("u1", context, NOW).value("rows"), (audiences, context)


def test_the_document_names_its_schema_release_and_snapshot_and_is_json():
    document = export_flagd(snapshot(7)).document
    assert json.loads(json.dumps(document)) == document
    assert document["metadata"]["flagSetId"] == "home"
    assert document["metadata"]["version"] == "7"
    assert document["flags"]["dense"] == {
        "state": "ENABLED",
        "variants": {"baseline": False},
        "defaultVariant": "baseline",
    }


@pytest.mark.parametrize(
    ("audience", "why"),
    [
        ('country.matches("S.*")', "matches"),
        ("age + 1 > 5", "arithmetic"),
        ("score > 0.5 || age % 2 == 0", "arithmetic"),
    ],
)
def test_a_rule_without_a_form_leaves_its_parameter_out_and_says_why(audience, why):
    export = export_flagd(ruled('country == "SE"', audience))
    assert "rows" not in export.document["flags"]
    assert why in export.left_out["rows"]
    assert set(export.document["flags"]) == {"title", "dense", "zoom"}


def test_a_parameter_under_experiment_or_holdout_is_left_out_or_the_baseline_as_asked():
    everybody = BucketSet((1 << 10_000) - 1).to_text()
    holdout = LiveHoldout(key="h", unit="user_id", status_quo=everybody, shipped_only="", baseline={"title": "Old"})
    made = replace(snapshot(1), experiments=(HALVES,), holdouts=(holdout,))
    export = export_flagd(made)
    assert set(export.document["flags"]) == {"dense", "zoom"}
    assert "halves" in export.left_out["rows"]
    assert "h" in export.left_out["title"]
    flags = export_flagd(made, experimented="baseline").document["flags"]
    assert (flagd_value(flags["rows"], {}), flagd_value(flags["title"], {"country": "NO"})) == (3, "God morgen")


def test_told_what_was_decided_here_flagd_gives_every_unit_the_value_that_the_platform_gives():
    made = replace(ruled('country == "SE"'), experiments=(HALVES,))
    compiled, flag = compile_snapshot(made), export_flagd(made, experimented="decided").document["flags"]["rows"]
    met = set()
    for number in range(200):
        for context in ({}, {"country": "SE"}):
            config = compiled.resolve(f"u{number}", context, NOW)
            value, read = config.value("rows"), config.reads[0]
            told = {} if read.variant is None else {decision_attribute(str(read.experiment)): read.variant}
            assert flagd_value(flag, {**context, **told}) == value
            met.add((read.variant, value))
    assert len(met) >= 3, "some unit meets each arm"


def test_a_paused_experiment_gives_nobody_its_variant_whatever_flagd_is_told():
    made = replace(snapshot(1), experiments=(replace(HALVES, enabled=False),))
    flag = export_flagd(made, experimented="decided").document["flags"]["rows"]
    told = {decision_attribute(HALVES.key): HALVES.variants[-1].key}
    assert flagd_value(flag, told) == flagd_value(flag, {})


def test_what_a_holdout_keeps_is_left_out_because_flagd_cannot_be_told():
    everybody = BucketSet((1 << 10_000) - 1).to_text()
    holdout = LiveHoldout(key="h", unit="user_id", status_quo=everybody, shipped_only="", baseline={"title": "Old"})
    export = export_flagd(replace(snapshot(1), holdouts=(holdout,)), experimented="decided")
    assert "holdout h" in export.left_out["title"]
    assert "title" not in export.document["flags"]
