from datetime import UTC, datetime, timedelta

import pytest

from counterpoint.assignment import BucketSet, bucket_of, bucket_salt, split
from counterpoint.config import (
    AttributeSchema,
    BaselineRule,
    Enrollment,
    LiveExperiment,
    LiveHoldout,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    compile_snapshot,
)
from counterpoint.errors import DependencyFailure, InvalidInput, NotFound
from counterpoint.vocabulary import Reason

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ALL = BucketSet.full().to_text()
NONE = BucketSet().to_text()
SWEDE = {"country": "SE"}


def experiment(key="podcasts", **fields):
    given = {
        "salt": f"salt-{key}",
        "unit": "user_id",
        "audience": 'country == "SE"',
        "buckets": ALL,
        "variants": (VariantSlice(key="control", weight=1), VariantSlice(key="treatment", weight=1, set={"rows": 7})),
    }
    return LiveExperiment(key=key, **{**given, **fields})


def compiled(*experiments, **fields):
    given = {
        "surface": "home",
        "release": 4,
        "created_at": NOW,
        "unit": "user_id",
        "bucket_salt": "home",
        "attributes": (AttributeSchema(key="country", type="string"), AttributeSchema(key="days", type="int")),
        "parameters": (
            ParameterSchema(key="rows", type="int", baseline=3, min=1, max=9),
            ParameterSchema(key="style", type="enum", baseline="none", values=("none", "banner")),
            ParameterSchema(key="quiet", type="bool", baseline=False),
        ),
        "experiments": experiments,
    }
    return compile_snapshot(Snapshot(**{**given, **fields}))


def unit_of(variant, salt="salt-podcasts", weights=(1, 1)):
    return next(f"u{n}" for n in range(1_000) if split(f"u{n}", salt, weights) == variant)


CONTROL, TREATED = unit_of(0), unit_of(1)


def test_a_treated_unit_gets_the_override_and_its_first_read_is_the_exposure():
    config = compiled(experiment()).resolve(TREATED, SWEDE, NOW)
    assert config.exposures == ()
    assert config.value("rows") == 7
    (read,) = config.exposures
    assert (read.experiment, read.variant, read.parameter, read.reason) == (
        "podcasts",
        "treatment",
        "rows",
        Reason.SPLIT,
    )


def test_control_keeps_the_baseline_and_is_exposed_all_the_same():
    config = compiled(experiment()).resolve(CONTROL, SWEDE, NOW)
    assert config.value("rows") == 3
    (read,) = config.exposures
    assert (read.variant, read.reason) == ("control", Reason.DEFAULT)


def test_reading_again_iterating_and_printing_record_nothing():
    config = compiled(experiment()).resolve(TREATED, SWEDE, NOW)
    for _ in range(3):
        config.value("rows")
    before = config.reads
    assert list(config) == ["rows", "style", "quiet"]
    assert "rows" in config
    assert len(config) == 3
    assert "Config(home" in repr(config)
    assert config.peek("style").value == "none"
    assert config.enrolled == (Enrollment("podcasts", "treatment"),)
    assert config.reads == before
    assert len(before) == 1


def test_a_parameter_nobody_reads_exposes_nobody():
    config = compiled(experiment()).resolve(TREATED, SWEDE, NOW)
    config.value("style")
    assert config.exposures == ()


@pytest.mark.parametrize("context", [{}, {"country": "NO"}, {"country": 7}, {"country": None}])
def test_whoever_is_not_in_the_audience_gets_the_baseline(context):
    config = compiled(experiment()).resolve(TREATED, context, NOW)
    assert config.value("rows") == 3
    assert config.exposures == ()
    assert config.enrolled == ()


@pytest.mark.parametrize("unit", [None, ""])
def test_without_a_unit_there_is_the_baseline(unit):
    config = compiled(experiment(audience="true")).resolve(unit, SWEDE, NOW)
    assert config.read_all() == {"rows": 3, "style": "none", "quiet": False}
    assert config.exposures == ()
    assert config.enrolled == ()


def test_a_unit_outside_the_buckets_is_not_enrolled():
    mine = BucketSet.full() - BucketSet.of([bucket_of(TREATED, "home")])
    config = compiled(experiment(buckets=mine.to_text())).resolve(TREATED, SWEDE, NOW)
    assert config.value("rows") == 3
    assert config.enrolled == ()


def test_a_disabled_experiment_says_so_and_exposes_nobody():
    config = compiled(experiment(enabled=False)).resolve(TREATED, SWEDE, NOW)
    assert config.value("rows") == 3
    assert config.reads[0].reason is Reason.DISABLED
    assert config.exposures == ()
    assert config.enrolled == ()


def test_a_disabled_experiment_does_not_hide_a_live_one_in_the_same_bucket():
    live = experiment(
        "zz", variants=(VariantSlice(key="a", weight=0, set={}), VariantSlice(key="b", weight=1, set={"rows": 5}))
    )
    config = compiled(experiment(enabled=False), live).resolve(TREATED, SWEDE, NOW)
    assert config.value("rows") == 5


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"audience": "contry =="}, "syntax_error"),
        ({"audience": 'plan == "x"'}, "unknown_attribute"),
        ({"buckets": "????"}, "corrupt_bucket_set"),
        ({"variants": (VariantSlice(key="a", weight=0, set={"rows": 4}),)}, "weights_sum_to_nothing"),
        ({"variants": (VariantSlice(key="a", weight=1, set={"rows": 40}),)}, "out_of_bounds"),
        ({"variants": (VariantSlice(key="a", weight=1, set={"rows": 4, "lost": 4}),)}, "unknown_parameter"),
    ],
)
def test_a_broken_experiment_gives_the_baseline_and_breaks_nothing_else(broken, code):
    healthy = experiment("style", variants=(VariantSlice(key="on", weight=1, set={"style": "banner"}),))
    whole = compiled(experiment(**broken), healthy)
    assert [fault.code for fault in whole.faults] == [code]
    config = whole.resolve(TREATED, SWEDE, NOW)
    assert config.value("rows") == 3
    assert config.value("style") == "banner"
    assert config.reads[0].reason is (Reason.ERROR if code != "corrupt_bucket_set" else Reason.DEFAULT)
    assert [read.experiment for read in config.exposures] == ["style"]


def test_the_first_rule_that_matches_gives_the_baseline():
    rules = (
        BaselineRule(key="veterans", audience="days > 100", set={"rows": 8}),
        BaselineRule(key="swedes", audience='country == "SE"', set={"rows": 5, "quiet": True}),
    )
    config = compiled(rules=rules).resolve("u", {"country": "SE", "days": 200}, NOW)
    assert config.value("rows") == 8
    assert config.value("quiet") is True
    assert [(read.rule, read.reason) for read in config.reads] == [
        ("veterans", Reason.TARGETING_MATCH),
        ("swedes", Reason.TARGETING_MATCH),
    ]


def test_control_stands_on_the_rule_that_its_unit_meets_and_treatment_on_top_of_it():
    rules = (BaselineRule(key="swedes", audience='country == "SE"', set={"rows": 5}),)
    whole = compiled(experiment(), rules=rules)
    control = whole.resolve(CONTROL, SWEDE, NOW)
    assert control.value("rows") == 5
    assert (control.reads[0].rule, control.reads[0].variant, control.reads[0].is_exposure) == (
        "swedes",
        "control",
        True,
    )
    assert whole.resolve(TREATED, SWEDE, NOW).value("rows") == 7


def test_a_rule_that_cannot_be_evaluated_gives_the_baseline_with_reason_error():
    rules = (
        BaselineRule(key="broken", audience="days >", set={"rows": 8}),
        BaselineRule(key="swedes", audience='country == "SE"', set={"rows": 5}),
    )
    config = compiled(rules=rules).resolve("u", SWEDE, NOW)
    assert config.value("rows") == 3
    assert config.reads[0].reason is Reason.ERROR


def test_a_forced_variant_is_marked_and_nothing_of_the_request_counts():
    other = experiment("style", variants=(VariantSlice(key="on", weight=1, set={"style": "banner"}),))
    whole = compiled(experiment(enabled=False), other)
    config = whole.resolve(CONTROL, SWEDE, NOW, forced={"podcasts": "treatment", "nobody": "x"})
    assert config.value("rows") == 7
    assert config.value("style") == "banner"
    assert config.reads[0].forced
    assert config.exposures == ()
    assert config.is_forced
    codes = [finding.code for finding in whole.check_forced({"podcasts": "x", "nobody": "x", "style": "on"})]
    assert codes == ["unknown_variant", "unknown_experiment"]


def holdout(**fields):
    mine, other = BucketSet.of([bucket_of(TREATED, "home")]), BucketSet.of([bucket_of(CONTROL, "home")])
    given = {"unit": "user_id", "status_quo": mine.to_text(), "shipped_only": other.to_text(), "baseline": {"rows": 2}}
    return LiveHoldout(key="global", **{**given, **fields})


def test_the_status_quo_keeps_the_old_baseline_and_shipped_only_the_new_one():
    whole = compiled(experiment(), holdouts=(holdout(),))
    old, new = whole.resolve(TREATED, SWEDE, NOW), whole.resolve(CONTROL, SWEDE, NOW)
    assert (old.value("rows"), new.value("rows")) == (2, 3)
    assert (old.reads[0].holdout, new.reads[0].holdout) == ("global", "global")
    assert old.exposures == new.exposures == ()
    assert old.enrolled == new.enrolled == ()


def test_the_status_quo_keeps_the_old_rules_too():
    old = BaselineRule(key="old", audience='country == "SE"', set={"rows": 9})
    config = compiled(holdouts=(holdout(rules=(old,)),)).resolve(TREATED, SWEDE, NOW)
    assert config.value("rows") == 9
    assert config.value("style") == "none"


def test_an_experiment_on_devices_follows_the_device():
    on_devices = experiment(unit="device_id", variants=(VariantSlice(key="on", weight=1, set={"rows": 6}),))
    salt = bucket_salt("home", unit_type="device_id", surface_unit="user_id")
    half = BucketSet.of(range(5_000))
    whole = compiled(experiment("devices", unit="device_id", variants=on_devices.variants, buckets=half.to_text()))
    for n in range(60):
        config = whole.resolve("u", SWEDE, NOW, units={"device_id": f"d{n}"})
        assert (config.value("rows") == 6) == (bucket_of(f"d{n}", salt) < 5_000)
        assert bool(config.enrolled) == (config.value("rows") == 6)
    assert whole.resolve("u", SWEDE, NOW).value("rows") == 3


@pytest.mark.parametrize(("policy", "value"), [("serve", 7), ("baseline", 3)])
def test_beyond_its_maximum_age_the_declared_policy_applies(policy, value):
    whole = compiled(experiment(), max_age_s=60, stale_policy=policy)
    assert not whole.resolve(TREATED, SWEDE, NOW + timedelta(seconds=60)).is_stale
    config = whole.resolve(TREATED, SWEDE, NOW + timedelta(seconds=61))
    assert config.value("rows") == value
    assert config.reads[0].reason is Reason.STALE
    assert config.is_stale
    assert config.age_s == 61
    fresh = whole.confirmed(NOW + timedelta(seconds=50)).resolve(TREATED, SWEDE, NOW + timedelta(seconds=61))
    assert not fresh.is_stale
    assert fresh.age_s == 11


def test_a_policy_that_refuses_refuses():
    whole = compiled(experiment(), max_age_s=60, stale_policy="refuse")
    with pytest.raises(DependencyFailure) as refused:
        whole.resolve(TREATED, SWEDE, NOW + timedelta(days=1))
    assert refused.value.code == "snapshot_too_old"


def test_an_unknown_parameter_is_not_a_value():
    with pytest.raises(NotFound) as missing:
        compiled().resolve("u", {}, NOW).value("lost")
    assert missing.value.code == "unknown_parameter"


def test_buckets_drawn_under_other_hashing_rules_are_refused():
    with pytest.raises(InvalidInput) as refused:
        compiled(hash_version=2)
    assert refused.value.code == "unknown_hash_version"


def test_a_decision_names_its_snapshot():
    whole = compiled(experiment())
    config = whole.resolve("u", {}, NOW)
    assert config.snapshot_id == whole.id
    assert config.release == 4


def test_a_unit_that_is_half_a_surrogate_pair_is_still_a_unit():
    assert compiled(experiment()).resolve("\ud800", SWEDE, NOW).value("rows") in (3, 7)
