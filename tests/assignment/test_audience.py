from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.assignment import (
    Membership,
    Verdict,
    check_audience,
    compile_audience,
    compile_audiences,
    version_key,
)
from counterpoint.errors import InvalidInput

DECLARED = {
    "country": SimpleNamespace(type="string", values=()),
    "plan": SimpleNamespace(type="enum", values=("free", "premium")),
    "days": SimpleNamespace(type="int", values=()),
    "score": SimpleNamespace(type="float", values=()),
    "version": SimpleNamespace(type="semver", values=()),
    "listens": SimpleNamespace(type="bool", values=()),
    "shelf.rows": SimpleNamespace(type="int", values=()),
}


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ('contry == "SE"', "unknown_attribute", 0),
        ('country == "SE" && plan == "premum"', "unknown_value", 27),
        ('plan in ["free", "paid"]', "unknown_value", 17),
        ('days == "3"', "type_error", 8),
        ("country > 3", "type_error", 10),
        ("country", "type_error", 0),
        ("days && listens", "type_error", 0),
        ("listens < true", "type_error", 8),
        ("days + 1.5 > 2.0", "type_error", 5),
        ("score % 2.0 == 0.0", "type_error", 6),
        ("-country == 3", "type_error", 0),
        ('country + "x" == "SEx"', "type_error", 0),
        ('version == "nine"', "type_error", 11),
        ('version.startsWith("8")', "type_error", 0),
        ("days in 3", "type_error", 8),
        ("days in [1, true]", "type_error", 12),
        ("size(days) == 1", "type_error", 0),
        ('country.matches("(")', "bad_pattern", 16),
        ("country.matches(plan)", "bad_pattern", 16),
        ('country.lower() == "se"', "unknown_function", 8),
        ("exists(country)", "unknown_function", 0),
        ("listens ? days : country", "type_error", 10),
        ('country == "SE', "syntax_error", 11),
        ("days ==", "syntax_error", 7),
        ("(days == 3", "syntax_error", 10),
        ("days == 3)", "syntax_error", 9),
        ("days = 3", "syntax_error", 5),
        ("country[0] == 'S'", "syntax_error", 7),
        ("days == 1u", "syntax_error", 8),
        ("days == null", "syntax_error", 8),
        ("days == 9223372036854775808", "syntax_error", 8),
        ("{'a': 1}", "syntax_error", 0),
        ('country == "\\q"', "syntax_error", 11),
        ("days\x00 == 3", "syntax_error", 4),
        ("", "syntax_error", 0),
        ("   ", "syntax_error", 3),
    ],
)
def test_each_mistake_is_found_at_its_character(text, code, at):
    findings = check_audience(text, DECLARED, path="spec.audience")
    assert (findings[0].code, findings[0].facts["at"], findings[0].path) == (code, at, "spec.audience")
    with pytest.raises(InvalidInput) as refused:
        compile_audience(text, DECLARED)
    assert refused.value.code == code


def test_every_mistake_is_found_in_one_reading():
    findings = check_audience('contry == "SE" && days == "3" || plan == "x" || country.lower()', DECLARED)
    assert [finding.code for finding in findings] == [
        "unknown_attribute",
        "type_error",
        "unknown_value",
        "unknown_function",
    ]


def test_a_near_miss_is_answered_with_what_was_probably_meant():
    assert "'country'" in check_audience('contry == "SE"', DECLARED)[0].message
    assert "'premium'" in check_audience('plan == "premum"', DECLARED)[0].message


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000 + "listens" + ")" * 5_000,
        "!" * 5_000 + "listens",
        "1" + " + 1" * 2_000 + " == 3",
        "listens ? " * 500 + "true",
        "x" * 10_001,
    ],
    ids=["parentheses", "negations", "a sum", "choices", "one word"],
)
def test_what_is_nested_too_deep_or_too_long_is_refused_not_crashed_on(text):
    assert check_audience(text, DECLARED)[0].code == "syntax_error"


def test_a_long_flat_condition_is_no_deep_one():
    text = " || ".join(f'country == "{n}"' for n in range(500))
    assert compile_audience(text, DECLARED).matches({"country": "499"})


@pytest.mark.parametrize(
    ("context", "verdict"),
    [
        ({"country": "SE", "days": 5}, Verdict(membership=Membership.IN)),
        ({"country": "NO"}, Verdict(membership=Membership.OUT)),
        ({"country": "SE"}, Verdict(membership=Membership.MISSING_ATTRIBUTE, attributes=("days",))),
        ({"country": None, "days": 5}, Verdict(membership=Membership.MISSING_ATTRIBUTE, attributes=("country",))),
        ({"country": "SE", "days": "5"}, Verdict(membership=Membership.INVALID_ATTRIBUTE, attributes=("days",))),
        ({"country": "SE", "days": True}, Verdict(membership=Membership.INVALID_ATTRIBUTE, attributes=("days",))),
        ({}, Verdict(membership=Membership.MISSING_ATTRIBUTE, attributes=("country", "days"))),
    ],
)
def test_whoever_is_not_in_an_audience_is_told_why(context, verdict):
    audience = compile_audience('country == "SE" && days > 3', DECLARED)
    assert audience.verdict(context) == verdict
    assert audience.matches(context) == verdict.is_in


def test_arithmetic_without_a_result_is_undefined_and_raises_nothing():
    for text in ("days / (days - 3) > 0", "days * 9223372036854775807 > 0", "days % (days - 3) == 0"):
        audience = compile_audience(text, DECLARED)
        assert audience.verdict({"days": 3}).membership is Membership.UNDEFINED


def test_a_missing_attribute_that_cannot_matter_does_not_matter():
    audience = compile_audience('country == "SE" || days > 3', DECLARED)
    assert audience.matches({"days": 4})
    assert compile_audience('!(country == "SE" && days > 3)', DECLARED).matches({"days": 1})
    assert not compile_audience('country != "SE"', DECLARED).matches({})
    assert not compile_audience("!listens", DECLARED).matches({})


def test_a_value_outside_an_enumeration_is_in_no_audience():
    assert not compile_audience('plan != "free"', DECLARED).matches({"plan": "gold"})
    assert compile_audience('plan != "free"', DECLARED).matches({"plan": "premium"})


def test_true_is_no_number_and_one_is_not_true():
    assert not compile_audience("days == 1", DECLARED).matches({"days": True})
    assert not compile_audience("listens", DECLARED).matches({"listens": 1})


def test_keys_with_dots_are_one_name():
    assert compile_audience("shelf.rows > 3", DECLARED).matches({"shelf.rows": 4})


def test_audiences_compiled_together_answer_as_alone_and_broken_ones_stand_by_themselves():
    texts = ["days == 1", "days == 1.0", "days == 1 && listens", "days ==", "days == 1"]
    together = compile_audiences(texts, DECLARED)
    assert isinstance(together["days =="], InvalidInput)
    assert len(together) == 4
    for text in ("days == 1", "days == 1.0", "days == 1 && listens"):
        for context in ({"days": 1}, {"days": 1, "listens": True}, {"days": 2}, {}):
            assert together[text].matches(context) == compile_audience(text, DECLARED).matches(context)


def test_a_pattern_cannot_stall_a_page():
    audience = compile_audience('country.matches("^(a+)+$")', DECLARED)
    assert not audience.matches({"country": "a" * 50_000 + "b"})
    assert not audience.matches({"country": "\ud800"})


@pytest.mark.parametrize(
    "text", ["", "1.", "01.0", "1.0.0.0.0", "v1.0", "1.0.0-", "1.0.0-a..b", "1" * 20, "1." + "0" * 200, "\uff11.0"]
)
def test_what_is_no_version_has_no_order(text):
    assert version_key(text) is None


def test_build_metadata_and_missing_numbers_change_nothing():
    assert version_key("8.10") == version_key("8.10.0+build.7") == version_key("8.10.0.0")


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(DECLARED)),
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats()
        | st.text(max_size=4)
        | st.lists(st.integers(), max_size=1),
    )
)
def test_no_context_makes_an_audience_raise(context):
    text = (
        'country in ["SE"] && plan != "free" || days / 2 > 3 && score * 2.0 < 1.0 || version > "1.0" '
        "|| size(country) == days || !listens"
    )
    audience = compile_audience(text, DECLARED)
    assert audience.verdict(context).is_in == audience.matches(context)
