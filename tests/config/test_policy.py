from datetime import UTC, datetime

import pytest

from config.test_surface_file import SMALL, codes
from counterpoint.config import Forcing, Freeze, PrivacyApproval, Staleness, load_surface, may_force, tightened


def policy(text):
    return load_surface(SMALL + text, source="search.yaml").policy


def test_owners_declare_testers_age_freezes_and_privacy_approvals():
    read = policy("""
  forcing: {actors: ["*@qa.example.org", ann], hours: 8}
  staleness: {max_age_s: 600, policy: refuse}
  freezes: [{start: "2026-12-20T00:00+01:00", end: "2027-01-04T00:00+01:00", reason: holidays}]
  privacy_approvals: [{attribute: plan, experiment: e-1, by: dpo, until: "2026-12-01T00:00+00:00"}]
""")
    assert read.forcing == Forcing(actors=("*@qa.example.org", "ann"), hours=8.0)
    assert read.staleness == Staleness(max_age_s=600, policy="refuse")
    (freeze,) = read.freezes
    assert freeze == Freeze(
        start=datetime(2026, 12, 19, 23, tzinfo=UTC), end=datetime(2027, 1, 3, 23, tzinfo=UTC), reason="holidays"
    )
    until = datetime(2026, 12, 1, tzinfo=UTC)
    assert read.privacy_approvals == (PrivacyApproval(attribute="plan", experiment="e-1", by="dpo", until=until),)


def test_a_file_that_is_wrong_everywhere_is_told_some_hundreds_of_times():
    assert len(codes("\n".join(f"k{n}: 1" for n in range(5_000)))) == 500


def test_by_default_nobody_may_force_and_nothing_is_stale():
    read = policy("")
    assert read.forcing.actors == ()
    assert not may_force(read.forcing.actors, "ann")
    assert read.staleness == Staleness(max_age_s=0, policy="serve")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("forcing: {actors: ann}", "wrong_type"),
        ('forcing: {actors: [" "]}', "missing_field"),
        ("forcing: {actors: [ann], hours: 0}", "out_of_bounds"),
        ("forcing: {who: [ann]}", "unknown_key"),
        ("least_units_to_ship: -1", "out_of_bounds"),
        ("least_units_to_ship: 2.5", "wrong_type"),
        ("staleness: {max_age_s: -1}", "out_of_bounds"),
        ("staleness: {max_age_s: 1.5}", "wrong_type"),
        ("staleness: {policy: refuse}", "contradiction"),
        ("staleness: {max_age_s: 5, policy: panic}", "unknown_value"),
        ("freezes: {}", "wrong_type"),
        ("freezes: [1]", "wrong_type"),
        ('freezes: [{start: "2026-12-20", end: "2027-01-04T00:00Z"}]', "bad_time"),
        ('freezes: [{start: "2027-01-04T00:00Z", end: "2026-12-20T00:00Z"}]', "contradiction"),
        (
            'privacy_approvals: [{attribute: age, experiment: e, by: d, until: "2027-01-04T00:00Z"}]',
            "unknown_attribute",
        ),
        ('privacy_approvals: [{attribute: plan, by: d, until: "2027-01-04T00:00Z"}]', "missing_field"),
    ],
)
def test_a_policy_that_says_something_wrong_is_refused_by_name(line, code):
    assert code in {code for code, _ in codes(f"{SMALL}  {line}\n")}


@pytest.mark.parametrize(
    ("declared", "wanted", "effective"),
    [
        ((600, "serve"), (0, "refuse"), (600, "serve")),  # a policy without an age promises nothing
        ((600, "serve"), (60, "refuse"), (60, "refuse")),
        ((600, "refuse"), (3600, "serve"), (600, "refuse")),
        ((600, "baseline"), (60, "serve"), (60, "baseline")),
        ((0, "serve"), (60, "baseline"), (60, "baseline")),
        ((0, "serve"), (0, "serve"), (0, "serve")),
    ],
)
def test_a_process_can_promise_more_than_its_surface_and_never_less(declared, wanted, effective):
    made = tightened(
        Staleness(max_age_s=declared[0], policy=declared[1]), Staleness(max_age_s=wanted[0], policy=wanted[1])
    )
    assert (made.max_age_s, made.policy) == effective


@pytest.mark.parametrize(
    ("actors", "actor", "answer"),
    [
        (("*@qa.example.org",), "ann@qa.example.org", True),
        (("*@qa.example.org",), "ann@example.org", False),
        (("ann",), "Ann", False),
        (("*",), "anybody", True),
    ],
)
def test_actors_are_named_or_matched_by_pattern(actors, actor, answer):
    assert may_force(actors, actor) is answer
