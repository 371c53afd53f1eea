"""Every way to resolve gives what a naive reading of the rules gives, on generated snapshots."""

import copy
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoint.assignment import BucketSet, bucket_of, bucket_salt, compile_audience, split
from counterpoint.config import (
    AttributeSchema,
    BaselineRule,
    LiveExperiment,
    LiveHoldout,
    ParameterSchema,
    Snapshot,
    VariantSlice,
    compile_snapshot,
    decode_snapshot,
    encode_snapshot,
    resolve_batch,
    snapshot_id,
)
from counterpoint.errors import InvalidInput
from counterpoint.vocabulary import Reason

NOW = datetime(2026, 11, 22, tzinfo=UTC)
PARAMETERS = (
    ParameterSchema(key="rows", type="int", baseline=3, min=1, max=9),
    ParameterSchema(key="share", type="float", baseline=0.5, min=0.0, max=1.0),
    ParameterSchema(key="style", type="enum", baseline="none", values=("none", "banner", "video")),
    ParameterSchema(key="quiet", type="bool", baseline=False),
    ParameterSchema(key="alone", type="int", baseline=1),
    ParameterSchema(key="title", type="string", baseline="Hej"),
)
ATTRIBUTES = (
    AttributeSchema(key="country", type="string"),
    AttributeSchema(key="plan", type="enum", values=("free", "premium")),
    AttributeSchema(key="days", type="int"),
    AttributeSchema(key="score", type="float"),
    AttributeSchema(key="listens", type="bool"),
    AttributeSchema(key="version", type="semver"),
)
VALUES = {
    "rows": st.integers(1, 9),
    "share": st.sampled_from([0.0, 0.25, 1.0]),
    "style": st.sampled_from(["none", "banner", "video"]),
    "quiet": st.booleans(),
    "title": st.sampled_from(["Hej", "Tjo"]),
}
AUDIENCES = st.sampled_from(
    [
        "true",
        'country == "SE"',
        'country != "SE"',
        'country in ["SE", "NO"] && days >= 10',
        'plan == "premium" && listens && days < 30',
        'plan != "free" || country == "NO"',
        'listens ? days > 5 : plan == "free"',
        "!listens",
        "days % 3 == 1 || score > 0.5",
        "days > 5 && days < 20 && score <= 1.5",
        'version >= "8.10.0" && country.startsWith("S")',
        "size(country) == days",
        "days >",
    ]
)
SETS = st.dictionaries(st.sampled_from(sorted(VALUES)), st.none(), max_size=2).flatmap(
    lambda keys: st.fixed_dictionaries({key: VALUES[key] for key in keys})
)
BUCKETS = st.sampled_from(
    [
        BucketSet.full().to_text(),
        BucketSet.of(range(5_000)).to_text(),
        BucketSet.of(range(4_000, 10_000)).to_text(),
        BucketSet.of(range(0, 10_000, 2)).to_text(),
        BucketSet.of(range(1, 10_000, 2)).to_text(),
        BucketSet().to_text(),
        "corrupt",
    ]
)
FEW = st.sampled_from([BucketSet.of(range(start, start + 2_000)).to_text() for start in (0, 3_000, 7_000)])
UNIT_TYPES = st.sampled_from(["user_id", "user_id", "user_id", "device_id"])


@st.composite
def experiments(draw, place):
    weights = draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    return LiveExperiment(
        key=f"e{place}",
        salt=f"salt{place}",
        unit=draw(UNIT_TYPES),
        audience=draw(AUDIENCES),
        buckets=draw(BUCKETS),
        variants=tuple(
            VariantSlice(key=f"v{n}", weight=weight, set={} if n == 0 else draw(SETS))
            for n, weight in enumerate(weights)
        ),
        enabled=draw(st.sampled_from([True, True, True, False])),
    )


def rules(prefix):
    return st.lists(st.tuples(AUDIENCES, SETS), max_size=3).map(
        lambda drawn: tuple(
            BaselineRule(key=f"{prefix}{n}", audience=audience, set=values)
            for n, (audience, values) in enumerate(drawn)
        )
    )


@st.composite
def holdouts(draw, place):
    status_quo, shipped_only = draw(FEW), draw(FEW)
    baseline = draw(SETS)
    old = tuple(rule for rule in draw(rules("old")) if rule.set.keys() <= baseline.keys())
    unit = draw(UNIT_TYPES)
    return LiveHoldout(
        key=f"h{place}", unit=unit, status_quo=status_quo, shipped_only=shipped_only, baseline=baseline, rules=old
    )


@st.composite
def snapshots(draw):
    return Snapshot(
        surface="home",
        release=1,
        created_at=NOW,
        unit="user_id",
        bucket_salt="home",
        attributes=ATTRIBUTES,
        parameters=PARAMETERS,
        rules=draw(rules("r")),
        experiments=tuple(draw(experiments(place)) for place in range(draw(st.integers(0, 9)))),
        holdouts=tuple(draw(holdouts(place)) for place in range(draw(st.sampled_from([0, 0, 0, 1, 2])))),
    )


CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "country": st.sampled_from(["SE", "NO", "Österrike", "", 3, None]),
        "plan": st.sampled_from(["free", "premium", "gold", None]),
        "days": st.integers(0, 40) | st.sampled_from([True, 2.0, "7"]),
        "score": st.sampled_from([0.0, -0.0, 0.7, 1, float("nan"), float("inf"), "x"]),
        "listens": st.sampled_from([True, False, 1, 0]),
        "version": st.sampled_from(["8.9.0", "8.10.0", "8.10.0-rc.1", "nine", 8]),
    },
)
REQUESTS = st.tuples(
    st.sampled_from(["u1", "u2", "u3", "Zoë", "", None]) | st.integers(0, 10**6).map(str),
    CONTEXTS,
    st.sampled_from([None, {}, {"device_id": "d1"}, {"device_id": "d2"}, {"device_id": ""}]),
)


def matches(text, context):
    try:
        return compile_audience(text, {attribute.key: attribute for attribute in ATTRIBUTES}).matches(context)
    except InvalidInput:
        return None


def identifier(unit_type, unit, units):
    return unit if unit_type == "user_id" else (units or {}).get(unit_type)


def has(text, unit_type, unit):
    salt = bucket_salt("home", unit_type=unit_type, surface_unit="user_id")
    try:
        return bool(unit) and bucket_of(unit, salt) in BucketSet.from_text(text)
    except InvalidInput:
        return False


def first_rule(candidates, key, context, baseline):
    for rule in candidates:
        if key in rule.set:
            verdict = matches(rule.audience, context)
            if verdict is None:
                return baseline, rule.key, Reason.ERROR
            if verdict:
                return rule.set[key], rule.key, Reason.TARGETING_MATCH
    return baseline, None, None


def covering(snapshot, experiment):
    mine = {key for variant in experiment.variants for key in variant.set}
    return [holdout for holdout in snapshot.holdouts if holdout.baseline.keys() & mine]


def is_held(snapshot, experiment, unit, units):
    """Half a variant is no variant: a holdout on one of its parameters keeps the unit out of all of it."""
    for holdout in covering(snapshot, experiment):
        who = identifier(holdout.unit, unit, units)
        if has(holdout.status_quo, holdout.unit, who) or has(holdout.shipped_only, holdout.unit, who):
            return True
    return False


def naive(snapshot, parameter, unit, context, units):
    """(value, reason, experiment, variant, holdout), by reading the rules aloud."""
    key = parameter.key
    mine = [e for e in snapshot.experiments if any(key in variant.set for variant in e.variants)]
    base, rule, why = first_rule(snapshot.rules, key, context, parameter.baseline)
    why = why or (Reason.DEFAULT if mine else Reason.STATIC)
    for holdout in snapshot.holdouts:
        if key in holdout.baseline:
            who = identifier(holdout.unit, unit, units)
            if has(holdout.status_quo, holdout.unit, who):
                value, _, reason = first_rule(holdout.rules, key, context, holdout.baseline[key])
                return value, reason or Reason.STATIC, None, None, holdout.key
            if has(holdout.shipped_only, holdout.unit, who):
                return base, why, None, None, holdout.key
    sleeping = None
    for own in (True, False):
        for experiment in mine:
            who = identifier(experiment.unit, unit, units)
            is_own = experiment.unit == "user_id" and not any(
                h.unit != "user_id" for h in covering(snapshot, experiment)
            )
            if (
                is_own != own
                or is_held(snapshot, experiment, unit, units)
                or not has(experiment.buckets, experiment.unit, who)
            ):
                continue
            is_broken = matches(experiment.audience, context) is None or not any(v.weight for v in experiment.variants)
            if not is_broken and not matches(experiment.audience, context):
                continue
            if is_broken or not experiment.enabled:
                kind = Reason.ERROR if is_broken else Reason.DISABLED
                # Own before foreign, disabled before broken, but none of them before a live one.
                rank = (not own, is_broken)
                if sleeping is None or (rank < sleeping[0] and own == (not sleeping[0][0])):
                    sleeping = (rank, kind, experiment.key)
                continue
            weights = [variant.weight for variant in experiment.variants]
            variant = experiment.variants[split(who, experiment.salt, weights)]
            if key in variant.set:
                return variant.set[key], Reason.SPLIT, experiment.key, variant.key, None
            return base, why if rule else Reason.DEFAULT, experiment.key, variant.key, None
    if sleeping is not None:
        return base, sleeping[1], sleeping[2], None, None
    return base, why, None, None, None


def told(read):
    return read.value, read.reason, read.experiment, read.variant, read.holdout


def same(left, right):
    return repr(left) == repr(right)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(snapshots(), st.lists(REQUESTS, min_size=1, max_size=6))
def test_every_path_gives_what_the_rules_say(snapshot, requests):
    compiled = compile_snapshot(snapshot)
    for unit, context, units in requests:
        whole = compiled.resolve(unit, context, NOW, units=units)
        values = whole.read_all()
        together = {read.parameter: read for read in whole.reads}
        in_turn = compiled.resolve(unit, context, NOW, units=units)
        for parameter in PARAMETERS:
            alone = compiled.resolve(unit, context, NOW, units=units)
            value = alone.value(parameter.key)
            (read,) = alone.reads
            expected = naive(snapshot, parameter, unit, context, units)
            if not (expected[1] in (Reason.ERROR, Reason.DISABLED) and read.reason in (Reason.ERROR, Reason.DISABLED)):
                assert same(told(read), expected)
            else:
                assert same(read.value, expected[0])
            assert same(in_turn.value(parameter.key), value)
            assert together[parameter.key] == read
            assert same(values[parameter.key], value)
            assert alone.explain(parameter.key)[-1].after == value
            assert read.is_exposure == (read.variant is not None)
        assert in_turn.reads == whole.reads
        slow = compiled.resolve(unit, context, NOW, units=units)._enrolled_slowly()
        assert set(whole.enrolled) == set(slow)
        assert {(r.experiment, r.variant) for r in whole.exposures} <= {(e.experiment, e.variant) for e in slow}


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(snapshots(), st.lists(REQUESTS, min_size=1, max_size=25))
def test_a_batch_is_bit_identical_with_one_by_one(snapshot, requests):
    compiled = compile_snapshot(snapshot)
    columns = {
        attribute.key: [context.get(attribute.key) for _, context, _ in requests]
        for attribute in ATTRIBUTES
        if any(attribute.key in context for _, context, _ in requests)
    }
    devices = [(units or {}).get("device_id") for _, _, units in requests]
    batch = resolve_batch(
        compiled,
        [unit for unit, _, _ in requests],
        columns,
        other_units={"device_id": devices} if any(devices) else None,
    )
    singles = [compiled.resolve(unit, context, NOW, units=units) for unit, context, units in requests]
    for parameter in PARAMETERS:
        codes, reads = batch.reads(parameter.key)
        values = batch.values(parameter.key)
        for row, config in enumerate(singles):
            assert reads[codes[row]] == config.peek(parameter.key)
            assert same(
                values[row].item() if hasattr(values[row], "item") else values[row], config.value(parameter.key)
            )
    for experiment in snapshot.experiments:
        variants = batch.variants(experiment.key)
        for row, config in enumerate(singles):
            mine = [e.variant for e in config.enrolled if e.experiment == experiment.key]
            place = int(variants[row])
            assert ([experiment.variants[place].key] if place >= 0 else []) == mine


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(snapshots())
def test_a_snapshot_survives_its_bytes_with_its_address(snapshot):
    again = decode_snapshot(encode_snapshot(snapshot), expected_id=snapshot_id(snapshot), now=NOW)
    assert again == snapshot
    assert snapshot_id(copy.deepcopy(again)) == snapshot_id(snapshot)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(snapshots(), st.data())
def test_a_snapshot_with_one_byte_changed_is_refused(snapshot, data):
    raw = bytearray(encode_snapshot(snapshot))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        decoded = decode_snapshot(bytes(raw), expected_id=snapshot_id(snapshot))
    except InvalidInput as error:
        assert error.code in {"corrupt_snapshot", "wrong_digest", "snapshot_newer_format"}
    else:
        # The flip was in a name that means nothing, such as the spelling of a default.
        assert decoded == snapshot
