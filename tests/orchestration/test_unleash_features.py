"""A surface in Unleash's words gives every unit the value that the platform gives, when it is told what was decided."""

from typing import Any

import pytest
from msgspec.structs import replace

from counterpoint.assignment import BucketSet
from counterpoint.assignment.audience import version_key
from counterpoint.config import AttributeSchema, BaselineRule, LiveHoldout, compile_snapshot
from counterpoint.orchestration.backends import render_unleash
from counterpoint.vocabulary import decision_attribute
from feed_world import HALVES, NOW, snapshot

ATTRIBUTES = (
    AttributeSchema(key="country", type="string"),
    AttributeSchema(key="plan", type="enum", values=("free", "premium", "family")),
    AttributeSchema(key="age", type="int"),
    AttributeSchema(key="kid", type="bool"),
    AttributeSchema(key="version", type="semver"),
)
SAID = (
    'country == "SE"',
    'plan in ["free", "family"] && age >= 18',
    'country == "SE" || (plan == "free" && age < 30)',
    "kid",
    "age == 5 || age > 80",
    'country.startsWith("S") && country.endsWith("E") && country.contains("W")',
    'version == "2.10.0" || version > "10.0.0"',
    "true",
)
CONTEXTS: tuple[dict[str, Any], ...] = (
    {},
    {"country": "SE"},
    {"country": "SWE", "plan": "free", "age": 18},
    {"country": "NO", "plan": "family", "age": 29, "kid": True},
    {"plan": "free", "age": 5, "version": "2.10.0"},
    {"age": 81, "kid": False, "version": "10.0.1"},
)


def holds(constraint: dict[str, Any], context: dict[str, Any]) -> bool:
    """As the SDKs evaluate constraints: a missing attribute satisfies none of those that are not inverted."""
    if constraint["contextName"] not in context:
        return False
    there, operator = context[constraint["contextName"]], constraint["operator"]
    text = str(there).lower() if isinstance(there, bool) else str(there)
    if operator == "IN":
        return text in constraint["values"]
    if operator.startswith("NUM_"):
        a, b = float(text), float(constraint["value"])
        return {"EQ": a == b, "LT": a < b, "LTE": a <= b, "GT": a > b, "GTE": a >= b}[operator.removeprefix("NUM_")]
    if operator.startswith("SEMVER_"):
        a, b = version_key(text), version_key(constraint["value"])
        return {"EQ": a == b, "LT": a < b, "GT": a > b}[operator.removeprefix("SEMVER_")]
    test = {"STR_STARTS_WITH": text.startswith, "STR_ENDS_WITH": text.endswith, "STR_CONTAINS": text.__contains__}
    return any(test[operator](value) for value in constraint["values"])


def unleash_value(feature: dict[str, Any], context: dict[str, Any]) -> Any:
    for strategy in feature["strategies"]:
        if all(holds(constraint, context) for constraint in strategy["constraints"]):
            payload = strategy["variants"][0]["payload"]
            return float(payload["value"]) if payload["type"] == "number" else payload["value"]
    raise AssertionError("some strategy holds for everybody")


def ruled(*audiences: str) -> Any:
    rules = tuple(
        BaselineRule(key=f"r{number}", audience=text, set={"rows": number + 4}) for number, text in enumerate(audiences)
    )
    return snapshot(1, attributes=ATTRIBUTES, rules=rules)


@pytest.mark.parametrize("audience", SAID)
def test_rules_decide_as_the_platform_does_whatever_is_missing(audience):
    made = ruled(audience, 'plan == "premium"')
    compiled, feature = compile_snapshot(made), render_unleash(made).definitions["rows"]
    for context in CONTEXTS:
        assert unleash_value(feature, context) == compiled.resolve("u1", context, NOW).value("rows"), context


def test_told_what_was_decided_unleash_gives_every_unit_its_variant():
    made = replace(ruled('country == "SE"'), experiments=(HALVES,))
    compiled, feature = compile_snapshot(made), render_unleash(made).definitions["rows"]
    met = set()
    for number in range(100):
        for context in ({}, {"country": "SE"}):
            config = compiled.resolve(f"u{number}", context, NOW)
            value, read = config.value("rows"), config.reads[0]
            told = {} if read.variant is None else {decision_attribute(str(read.experiment)): read.variant}
            assert unleash_value(feature, {**context, **told}) == value
            met.add((read.variant, value))
    assert len(met) >= 3, "some unit meets each arm"


@pytest.mark.parametrize(
    ("audience", "why"),
    [
        ("!kid", "!"),
        ("age + 1 > 5", "arithmetic"),
        ('country.matches("S.*")', "matches"),
        ('version >= "2.0.0"', ">="),
        (" || ".join(f"age == {n}" for n in range(40)), "strategies"),
    ],
)
def test_a_rule_that_unleash_cannot_say_leaves_its_parameter_out_with_the_reason(audience, why):
    rendered = render_unleash(ruled(audience))
    assert "rows" not in rendered.definitions
    assert why in rendered.left_out["rows"]
    assert {"title", "dense", "zoom"} <= rendered.definitions.keys()


def test_what_a_holdout_keeps_is_left_out_and_a_paused_experiment_has_no_arm():
    everybody = BucketSet((1 << 10_000) - 1).to_text()
    holdout = LiveHoldout(key="h", unit="user_id", status_quo=everybody, shipped_only="", baseline={"title": "Old"})
    rendered = render_unleash(replace(snapshot(1), holdouts=(holdout,), experiments=(replace(HALVES, enabled=False),)))
    assert "holdout h" in rendered.left_out["title"]
    assert [each["title"] for each in rendered.definitions["rows"]["strategies"]] == ["baseline"]
