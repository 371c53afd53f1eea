from datetime import UTC, datetime

from counterpoint.assignment import BucketSet, bucket_of
from counterpoint.config import (
    AttributeSchema,
    BaselineRule,
    LiveExperiment,
    LiveHoldout,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    compile_snapshot,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def experiment(key, **fields):
    given = {
        "salt": key,
        "unit": "user_id",
        "audience": 'country == "SE"',
        "buckets": BucketSet.full().to_text(),
        "variants": (VariantSlice(key="on", weight=1, set={"rows": 7}),),
    }
    return LiveExperiment(key=key, **{**given, **fields})


def resolved(context, *experiments, holdouts=(), forced=None, unit="u1"):
    snapshot = Snapshot(
        surface="home",
        release=1,
        created_at=NOW,
        unit="user_id",
        bucket_salt="home",
        attributes=(AttributeSchema(key="country", type="string"), AttributeSchema(key="days", type="int")),
        parameters=(ParameterSchema(key="rows", type="int", baseline=3, min=1, max=9),),
        rules=(
            BaselineRule(key="veterans", audience="days > 100", set={"rows": 5}),
            BaselineRule(key="swedes", audience='country == "SE"', set={"rows": 6}),
        ),
        experiments=experiments,
        holdouts=holdouts,
    )
    return compile_snapshot(snapshot).resolve(unit, context, NOW, forced=forced)


def told(config):
    return [(step.kind, step.key, step.applied, step.before, step.after) for step in config.explain("rows")]


def test_a_value_is_explained_from_the_baseline_through_rules_to_the_experiment():
    config = resolved({"country": "SE", "days": 3}, experiment("e"))
    assert told(config) == [
        ("baseline", "rows", True, None, 3),
        ("rule", "veterans", False, 3, 3),
        ("rule", "swedes", True, 3, 6),
        ("experiment", "e", True, 6, 7),
    ]
    assert config.reads == ()
    assert config.value("rows") == 7


def test_every_refusal_says_why():
    away = experiment("a", buckets=BucketSet().to_text())
    norway = experiment("b", audience='country == "NO"')
    silent = experiment("c", audience="days > 5")
    broken = experiment("d", audience="days >")
    asleep = experiment("e", enabled=False)
    device = experiment("f", unit="device_id")
    first, second = experiment("g"), experiment("h")
    config = resolved({"country": "SE"}, away, norway, silent, broken, asleep, device, first, second)
    told_by = {step.key: step.outcome for step in config.explain("rows") if step.kind == "experiment"}
    assert told_by == {
        "a": "the unit's bucket is not one of its buckets",
        "b": "not in the audience",
        "c": "not in the audience: the request does not say days",
        "d": "it is broken; see the faults of the snapshot",
        "e": "it is disabled",
        "f": "the request names no device_id",
        "g": "enrolled",
        "h": "another experiment decided",
    }


def test_an_attribute_of_a_wrong_type_is_named():
    config = resolved({"country": "SE", "days": "many"}, experiment("c", audience="days > 5"))
    outcome = config.explain("rows")[-1].outcome
    assert outcome == "not in the audience: days has a wrong type or value"


def test_a_holdout_ends_the_explanation():
    mine = BucketSet.of([bucket_of("u1", "home")]).to_text()
    none = BucketSet().to_text()
    kept = LiveHoldout(key="global", unit="user_id", status_quo=mine, shipped_only=none, baseline={"rows": 2})
    config = resolved({"country": "SE", "days": 3}, experiment("e"), holdouts=(kept,))
    assert told(config)[-1] == ("holdout", "global", True, 3, 2)
    assert config.value("rows") == 2
    shipped = LiveHoldout(key="global", unit="user_id", status_quo=none, shipped_only=mine, baseline={"rows": 2})
    config = resolved({"country": "SE", "days": 3}, experiment("e"), holdouts=(shipped,))
    assert told(config)[-1] == ("holdout", "global", True, 6, 6)
    assert config.value("rows") == 6


def test_a_forced_variant_is_the_whole_story():
    config = resolved({"days": 3}, experiment("d"), experiment("e", enabled=False), forced={"e": "on"})
    assert told(config)[-1] == ("forced", "e", True, 3, 7)
    assert [step.key for step in config.explain("rows") if step.kind == "experiment"] == []
    assert config.value("rows") == 7
