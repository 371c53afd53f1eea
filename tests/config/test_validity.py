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


def wide(*invariants, n=6):
    """Return a surface of `n` parameters p0 ... of 0 to 9, all 0, each in a layer of its own."""
    surface, _ = parse_surface(
        {
            "surface": "home",
            "unit": "user_id",
            "attributes": {"country": {"type": "string"}, "plan": {"type": "enum", "values": ["free", "premium"]}},
            "layers": {f"l{i}": {} for i in range(n)},
            "parameters": {
                f"p{i}": {"layer": f"l{i}", "type": "int", "baseline": 0, "min": 0, "max": 9} for i in range(n)
            },
            "metrics": {},
            "invariants": list(invariants),
        }
    )
    return surface


SUM = " + ".join(f"p{i}" for i in range(6))


def test_six_that_break_a_law_only_together_are_found():
    six = [contender(f"e{i}", {f"p{i}": 1}) for i in range(6)]
    (finding,) = check_combinations(wide(f"{SUM} <= 5"), six)
    assert finding.code == "invariant_broken"
    assert len(members(finding)) == 6
    assert check_combinations(wide(f"{SUM} <= 6"), six) == ()


def test_a_law_that_no_given_values_break_is_proven_whoever_there_is():
    many = [contender(f"a{n}", {"p0": n % 4}, is_rule=True) for n in range(700)]
    assert check_combinations(wide("p0 + p1 <= 3"), many) == ()


def test_a_conjunction_is_as_many_laws_and_its_smallest_breach_is_told():
    surface = wide("(p0 + p1 + p2 <= 2 && p3 != 7) && p4 <= 8")
    three = [contender(f"e{i}", {f"p{i}": 1}) for i in range(3)]
    (finding,) = check_combinations(surface, [*three, contender("seven", {"p3": 7})])
    assert members(finding) == {("seven", "treatment")}
    (finding,) = check_combinations(surface, three)
    assert len(members(finding)) == 3


def test_what_could_not_be_tried_is_said_with_how_far_it_was():
    rules = [
        Contender(
            key=f"r{n}", audience='plan == "free"', variants={"rule": {f"p{n % 6}": 1 + n // 6 % 9}}, is_rule=True
        )
        for n in range(90)
    ]
    (finding,) = check_combinations(wide(f"{SUM} <= 53"), rules)
    assert finding.code == "not_exhausted"
    assert 1 <= finding.facts["tried_together"] < finding.facts["at_most_together"] == 6
    assert finding.facts["n_contenders"] == 90


def test_a_rule_that_covers_the_whole_audience_meets_what_a_variant_requires():
    on = Contender(key="on", audience='country == "SE"', variants={"rule": {"genrec.enabled": True}}, is_rule=True)
    needs = {"genrec.position": 2}
    assert check_combinations(SURFACE, [on, contender("a", needs, audience='country == "SE" && plan == "free"')]) == ()
    (finding,) = check_combinations(SURFACE, [on, contender("a", needs, audience='plan == "free"')])
    assert finding.code == "requires_not_met"
    assert finding.facts["witness"].get("country") != "SE"


def test_a_rule_beneath_an_earlier_rule_changes_nothing():
    first = Contender(key="first", audience="true", variants={"rule": {"p0": 1}}, is_rule=True)
    second = Contender(key="second", audience="true", variants={"rule": {"p0": 9}}, is_rule=True)
    assert check_combinations(wide("p0 <= 5"), [first, second]) == ()
    (finding,) = check_combinations(wide("p0 <= 5"), [second, first])
    assert members(finding) == {("second", "rule")}


def test_looking_at_one_names_only_what_it_breaks_itself():
    broken, mine = contender("broken", {"p0": 9}), contender("mine", {"p1": 4})
    surface = wide("p0 + p1 <= 8")
    assert check_combinations(surface, [broken, mine], focus="mine") == ()
    held = contender("held", {"p0": 5})
    (finding,) = check_combinations(surface, [held, mine], focus="mine")
    assert members(finding) == {("mine", "treatment"), ("held", "treatment")}
