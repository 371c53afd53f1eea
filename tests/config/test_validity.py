from counterpoint.assignment import BucketSet
from counterpoint.config import Contender, check_combinations, parse_surface

SURFACE, _ = parse_surface(
    {
        "surface": "home",
        "unit": "user_id",
        "attributes": {"country": {"type": "string"}, "plan": {"type": "enum", "values": ["free", "premium"]}},
        "layers": {"one": {}, "two": {}, "three": {}},
        "parameters": {
            "genrec.enabled": {"layer": "one", "type": "bool", "baseline": False},
            "genrec.position": {
                "layer": "one",
                "type": "int",
                "baseline": 3,
                "min": 1,
                "max": 9,
                "requires": {"genrec.enabled": [True]},
            },
            "podcasts.position": {"layer": "two", "type": "int", "baseline": 6, "min": 1, "max": 9},
            "moods.position": {"layer": "three", "type": "int", "baseline": 8, "min": 1, "max": 9},
        },
        "metrics": {},
        "invariants": [
            "podcasts.position != moods.position",
            "podcasts.position + moods.position + genrec.position >= 6",
        ],
    }
)


def contender(key, sets, **fields):
    return Contender(**{"key": key, "audience": "true", "variants": {"control": {}, "treatment": sets}, **fields})


def members(finding):
    return {(member["key"], member["variant"]) for member in finding.facts["members"]}


def test_variants_that_keep_every_law_are_valid_together():
    assert (
        check_combinations(SURFACE, [contender("a", {"podcasts.position": 2}), contender("b", {"moods.position": 7})])
        == ()
    )


def test_the_smallest_breaking_combination_of_two_is_named_with_its_values():
    findings = check_combinations(
        SURFACE,
        [
            contender("a", {"podcasts.position": 5}),
            contender("b", {"moods.position": 5}, audience='country == "SE"'),
            contender("c", {"genrec.enabled": True}),
        ],
    )
    (finding,) = findings
    assert finding.code == "invariant_broken"
    assert members(finding) == {("a", "treatment"), ("b", "treatment")}
    assert finding.facts["values"] == {"podcasts.position": 5, "moods.position": 5}
    assert finding.facts["witness"] == {"country": "SE"}


def test_a_combination_of_three_is_found_when_no_two_break_the_law():
    findings = check_combinations(
        SURFACE,
        [
            contender("a", {"podcasts.position": 1}),
            contender("b", {"moods.position": 2}),
            contender("c", {"genrec.enabled": True, "genrec.position": 2}),
        ],
    )
    (finding,) = findings
    assert members(finding) == {("a", "treatment"), ("b", "treatment"), ("c", "treatment")}


def test_what_cannot_meet_is_not_a_combination():
    a, b = {"podcasts.position": 5}, {"moods.position": 5}
    by_audience = [contender("a", a, audience='plan == "free"'), contender("b", b, audience='plan == "premium"')]
    assert check_combinations(SURFACE, by_audience) == ()
    low, high = BucketSet.of(range(100)), BucketSet.of(range(100, 200))
    assert check_combinations(SURFACE, [contender("a", a, buckets=low), contender("b", b, buckets=high)]) == ()
    (finding,) = check_combinations(
        SURFACE, [contender("a", a, buckets=low), contender("b", b, buckets=high, unit="device_id")]
    )
    assert finding.code == "invariant_broken"


def test_a_parameter_whose_requires_is_not_met_is_refused_alone():
    (finding,) = check_combinations(SURFACE, [contender("a", {"genrec.position": 2})])
    assert finding.code == "requires_not_met"
    assert members(finding) == {("a", "treatment")}


def test_requires_may_be_met_by_the_variant_or_the_baseline():
    assert check_combinations(SURFACE, [contender("a", {"genrec.position": 2, "genrec.enabled": True})]) == ()
    assert (
        check_combinations(SURFACE, [contender("a", {"genrec.position": 2})], baseline={"genrec.enabled": True}) == ()
    )


def test_another_experiment_can_take_away_what_a_parameter_requires():
    found = check_combinations(
        SURFACE,
        [contender("a", {"genrec.position": 2}), contender("b", {"genrec.enabled": False})],
        baseline={"genrec.enabled": True},
    )
    (finding,) = found
    assert finding.code == "requires_not_met"
    assert members(finding) == {("a", "treatment"), ("b", "treatment")}


def test_a_rule_takes_part_beneath_the_experiments():
    rule = Contender(key="r", audience='country == "SE"', variants={"rule": {"moods.position": 5}}, is_rule=True)
    (finding,) = check_combinations(SURFACE, [rule, contender("a", {"podcasts.position": 5})])
    assert members(finding) == {("r", "rule"), ("a", "treatment")}
    over = contender("b", {"moods.position": 4, "podcasts.position": 5})
    assert check_combinations(SURFACE, [rule, over]) == ()


def test_a_baseline_that_breaks_a_law_needs_no_experiment():
    (finding,) = check_combinations(SURFACE, [], baseline={"moods.position": 6})
    assert finding.path == "baseline"


def test_values_outside_types_and_bounds_come_first():
    findings = check_combinations(
        SURFACE, [contender("a", {"podcasts.position": 50, "lost": 1, "genrec.enabled": "yes"})]
    )
    assert [finding.code for finding in findings] == ["out_of_bounds", "unknown_parameter", "wrong_type"]


def test_too_many_combinations_are_said_not_to_be_exhausted():
    many = [contender(f"a{n}", {"podcasts.position": 1 + n % 4}, is_rule=True) for n in range(700)]
    findings = check_combinations(SURFACE, many)
    assert findings[-1].code == "not_exhausted"
