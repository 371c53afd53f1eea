from types import SimpleNamespace

import pytest

from counterpoint.assignment import compile_audience, disjoint, satisfiable

DECLARED = {
    "country": SimpleNamespace(type="string", values=()),
    "plan": SimpleNamespace(type="enum", values=("free", "premium", "family")),
    "days": SimpleNamespace(type="int", values=()),
    "score": SimpleNamespace(type="float", values=()),
    "version": SimpleNamespace(type="semver", values=()),
    "listens": SimpleNamespace(type="bool", values=()),
}


def of(text):
    return compile_audience(text, DECLARED)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ('country == "SE"', 'country == "NO"'),
        ('country in ["SE", "NO"]', 'country in ["DK"]'),
        ('country != "SE"', 'country == "SE"'),
        ('country.startsWith("S")', 'country.startsWith("N")'),
        ('country.startsWith("S")', 'country == "NO"'),
        ('country < "M"', 'country >= "M"'),
        ("days < 30", "days >= 30"),
        ("days > 3 && days < 5", "days != 4"),
        ("days <= 2.5", "days >= 3"),
        ("days < 3", "days > 2"),
        ("score < 0.5", "score >= 0.5"),
        ('version < "8.10.0"', 'version >= "8.10.0"'),
        ('version < "8.10.0" && version > "8.9.0"', 'version < "8.9.0-rc.1"'),
        ("listens", "!listens"),
        ('plan != "free" && plan != "premium"', 'plan != "family"'),
        ('plan in ["free"] || plan == "premium"', 'plan == "family"'),
        ('listens ? plan == "free" : plan == "premium"', 'plan == "family"'),
        ("false", "true"),
    ],
)
def test_audiences_that_cannot_meet_are_proven_disjoint(a, b):
    assert satisfiable(of(a), of(b)).proof == "unsatisfiable"
    assert disjoint(of(a), of(b), set(DECLARED))
    assert disjoint(of(b), of(a), set(DECLARED))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ('country == "SE"', 'plan == "free"'),
        ("true", "true"),
        ('country != "SE"', 'country != "NO"'),
        ('country.startsWith("S")', 'country.endsWith("E") && country.contains("W")'),
        ("days > 30", "days < 32"),
        ("days > 1000000", "days % 2 == 0 || days % 2 == 1"),
        ("days > 2.5", "days < 3.5"),
        ("score > 0.1", "score < 0.2"),
        ('version > "8.10.0"', 'version < "8.10.1"'),
        ('version < "0.0.1"', "true"),
        ("size(country) == 3", 'country != "other"'),
        ("days > 3 || listens", "days < 2"),
        ("days > score", "score > 1.0"),
        ('plan == "free" && (country == "SE" || days > 5)', 'country != "SE"'),
        ("listens ? days > 5 : days < 2", "days == 1"),
    ],
)
def test_audiences_that_can_meet_come_with_a_witness_that_is_in_both(a, b):
    found = satisfiable(of(a), of(b))
    assert found.proof == "satisfiable"
    assert found.witness is not None
    assert of(a).matches(found.witness)
    assert of(b).matches(found.witness)
    assert not disjoint(of(a), of(b), set(DECLARED))


def test_an_attribute_that_can_change_proves_nothing():
    free, premium = of('plan == "free" && country == "SE"'), of('plan == "premium" && country == "SE"')
    assert satisfiable(free, premium).proof == "unsatisfiable"
    assert not disjoint(free, premium, {"country"})
    assert disjoint(free, premium, {"plan"})


def test_a_fixed_attribute_proves_it_beside_one_that_can_change():
    assert disjoint(of('plan == "free" && country == "SE"'), of('plan == "free" && country == "NO"'), {"country"})
    assert not disjoint(of('plan == "free" || country == "SE"'), of('country == "NO"'), {"country"})


@pytest.mark.parametrize("text", ['country.matches("^[a-c]{40}$")', "days * days == 1522756", "days % 977 == 976"])
def test_what_cannot_be_decided_is_not_called_impossible(text):
    found = satisfiable(of(text))
    assert found.proof == "unknown"
    assert found.is_possible
    assert not disjoint(of(text), of(text), set(DECLARED))


def test_a_formula_too_large_to_expand_is_unknown():
    wide = " && ".join(f"(days == {n} || score == {n}.5 || listens)" for n in range(20))
    assert satisfiable(of(wide)).proof == "unknown"
