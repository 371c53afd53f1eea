"""The prover of combinations agrees with trying every one of them on every kind of request."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from counterpoint.assignment import compile_audience
from counterpoint.config import Contender, check_combinations, parse_surface

AUDIENCES = ("true", 'country == "SE"', 'country != "SE"', 'plan == "free"', 'country == "SE" && plan == "premium"')
CONTEXTS = [
    {key: value for key, value in (("country", country), ("plan", plan)) if value is not None}
    for country in ("SE", "NO", None)
    for plan in ("free", "premium", None)
]
LAWS = ("p0 + p1 + p2 <= 4", "p0 + 1 != p1 && p1 + p3 <= 3", "p2 <= p3 || p0 == 0", "p3 * 2 >= p1")


def surface(*invariants):
    dial = {"type": "int", "baseline": 1, "min": 0, "max": 3}
    document = {
        "surface": "home",
        "unit": "user_id",
        "attributes": {"country": {"type": "string"}, "plan": {"type": "enum", "values": ["free", "premium"]}},
        "layers": {f"l{i}": {} for i in range(4)},
        "parameters": {f"p{i}": {"layer": f"l{i}", **dial} for i in range(4)},
        "metrics": {},
        "invariants": list(invariants),
    }
    document["parameters"]["p3"]["requires"] = {"p2": [1, 2]}
    return parse_surface(document)[0]


values = st.dictionaries(st.sampled_from(["p0", "p1", "p2", "p3"]), st.integers(0, 3), min_size=1, max_size=2)
rules = st.lists(st.tuples(st.sampled_from(AUDIENCES), values), max_size=3)
experiments = st.lists(st.tuples(st.sampled_from(AUDIENCES), values), max_size=4)


def reachable(home, rule_list, experiment_list):
    """Yield the parameters set and the values of every request, every experiment's unit being in or out of it."""
    for context in CONTEXTS:
        matched = [r for r in rule_list if compile_audience(r.audience, home.attributes).matches(context)]
        beneath = {}
        for rule in reversed(matched):
            beneath.update(rule.variants["rule"])
        open_to = [e for e in experiment_list if compile_audience(e.audience, home.attributes).matches(context)]
        for within in product((False, True), repeat=len(open_to)):
            inside = [e.variants["treatment"] for e, is_in in zip(open_to, within, strict=True) if is_in]
            written = [key for sets in inside for key in sets]
            if len(written) == len(set(written)):  # those that share a parameter hold disjoint buckets
                above = {key: value for sets in inside for key, value in sets.items()}
                yield {*beneath, *above}, {**dict.fromkeys(home.parameters, 1), **beneath, **above}


@settings(max_examples=100, deadline=None)
@given(rules=rules, experiments=experiments, law=st.sampled_from(LAWS))
def test_a_breach_is_found_when_and_only_when_a_request_can_meet_it(rules, experiments, law):
    home = surface(law)
    rule_list = [
        Contender(key=f"r{n}", audience=a, variants={"rule": v}, is_rule=True) for n, (a, v) in enumerate(rules)
    ]
    experiment_list = [
        Contender(key=f"e{n}", audience=a, variants={"control": {}, "treatment": v})
        for n, (a, v) in enumerate(experiments)
    ]
    invariant = compile_audience(law, home.parameters)
    broken = needed = False
    for written, met in reachable(home, rule_list, experiment_list):
        broken = broken or not invariant.matches(met)
        needed = needed or ("p3" in written and met["p2"] not in (1, 2))
    codes = {finding.code for finding in check_combinations(home, [*rule_list, *experiment_list])}
    assert codes == {code for code, is_met in (("invariant_broken", broken), ("requires_not_met", needed)) if is_met}
