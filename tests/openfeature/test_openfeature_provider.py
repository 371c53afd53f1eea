"""A real OpenFeature client over the provider: what it hands out, how it fails, what it says of itself."""

import asyncio
import threading
from datetime import timedelta

import pytest
from msgspec.structs import replace
from openfeature.evaluation_context import EvaluationContext
from openfeature.event import ProviderEvent
from openfeature.exception import ErrorCode, ProviderNotReadyError
from openfeature.flag_evaluation import FlagEvaluationOptions, Reason
from openfeature.hook import Hook
from openfeature.provider import ProviderStatus

from counterpoint.config import BaselineRule
from counterpoint.openfeature import CounterpointProvider
from counterpoint.storage.snapshots import LastGood, Pacing
from feed_world import HALVES, NOW, Clock, eventually, put, served_feed, snapshot
from openfeature import api

QUICK = Pacing(heartbeat_s=0.5, first_wait_s=0.02, longest_wait_s=0.1)
SWEDE = {"country": "SE"}


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def good():
    made = LastGood()
    put(made, snapshot(1, experiments=(HALVES,)))
    return made


@pytest.fixture
def connected(good, clock):
    """Return a function that gives a client of a provider over `good`."""

    def connect(**options):
        options = {"snapshots": good, "clock": clock, "check_every_s": 3600.0, **options}
        provider = CounterpointProvider("home", **options)
        api.set_provider_and_wait(provider, "tests")
        return api.get_client("tests"), provider

    yield connect
    api.shutdown()
    api.clear_providers()


def context(unit="u1", **attributes):
    return EvaluationContext(targeting_key=unit, attributes=attributes)


def unit_in(good, variant):
    for number in range(1000):
        read = good.live("home").compiled.resolve(f"u{number}", SWEDE, NOW).peek("rows")
        if read.variant == variant:
            return f"u{number}"
    raise AssertionError("no such unit")


@pytest.mark.parametrize(
    ("ask", "key", "default", "value"),
    [
        ("integer", "rows", 1, 3),
        ("string", "title", "-", "Good morning"),
        ("boolean", "dense", True, False),
        ("float", "zoom", 0.0, 1.5),
        ("float", "rows", 0.0, 3.0),
    ],
)
def test_each_type_is_handed_out_as_itself(connected, ask, key, default, value):
    client, _ = connected()
    details = getattr(client, f"get_{ask}_details")(key, default, context())
    assert (details.value, type(details.value), details.error_code) == (value, type(value), None)
    again = asyncio.run(getattr(client, f"get_{ask}_details_async")(key, default, context()))
    assert again == details


def test_a_baseline_value_is_static_and_says_where_it_is_from(connected, good, clock):
    clock.advance(2)
    client, _ = connected()
    details = client.get_string_details("title", "-", context(country="DK"))
    assert details.reason == Reason.STATIC
    assert details.variant is None
    live = good.live("home").compiled
    assert details.flag_metadata == {"snapshot": live.id, "release": 1, "age_s": 2.0, "stale": False}


def test_a_rule_that_matches_is_a_targeting_match_by_name(connected):
    client, _ = connected()
    details = client.get_string_details("title", "-", context(country="NO"))
    assert (details.value, details.reason, details.flag_metadata["rule"]) == (
        "God morgen",
        Reason.TARGETING_MATCH,
        "norway",
    )


def test_a_unit_of_the_treatment_gets_its_value_with_variant_and_experiment(connected, good):
    client, _ = connected()
    details = client.get_integer_details("rows", 0, context(unit_in(good, "treatment"), **SWEDE))
    assert (details.value, details.reason, details.variant) == (7, Reason.SPLIT, "treatment")
    assert details.flag_metadata["experiment"] == "halves"


def test_the_client_and_the_serving_path_decide_alike_for_every_unit(connected, good):
    client, _ = connected()
    compiled = good.live("home").compiled
    for number in range(300):
        read = compiled.resolve(f"u{number}", SWEDE, NOW).peek("rows")
        details = client.get_integer_details("rows", 0, context(f"u{number}", **SWEDE))
        assert (details.value, details.variant, details.reason) == (read.value, read.variant, str(read.reason))


@pytest.mark.parametrize(
    ("ask", "key", "default"),
    [
        ("boolean", "rows", True),
        ("integer", "dense", 5),
        ("integer", "zoom", 5),
        ("string", "rows", "x"),
        ("float", "title", 0.5),
        ("float", "dense", 0.5),
        ("object", "rows", {"a": 1}),
    ],
)
def test_another_type_than_the_parameters_is_a_type_mismatch_with_the_default(connected, ask, key, default):
    seen = []
    client, _ = connected(on_exposures=seen.extend)
    details = getattr(client, f"get_{ask}_details")(key, default, context(**SWEDE))
    assert (details.value, details.error_code, details.reason) == (default, ErrorCode.TYPE_MISMATCH, Reason.ERROR)
    assert seen == []


def test_an_unknown_flag_is_not_found(connected):
    client, _ = connected()
    details = client.get_string_details("no.such.flag", "mine", context())
    assert (details.value, details.error_code) == ("mine", ErrorCode.FLAG_NOT_FOUND)


@pytest.mark.parametrize("unit", [None, ""])
def test_without_a_targeting_key_it_says_so(connected, unit):
    client, _ = connected()
    details = client.get_integer_details("rows", 8, context(unit))
    assert (details.value, details.error_code) == (8, ErrorCode.TARGETING_KEY_MISSING)


def test_without_a_targeting_key_the_baseline_can_be_asked_for_and_is_in_no_experiment(connected):
    seen = []
    client, _ = connected(anonymous="baseline", on_exposures=seen.extend)
    details = client.get_integer_details("rows", 8, context(None, **SWEDE))
    assert (details.value, details.variant, details.error_code) == (3, None, None)
    assert seen == []


@pytest.mark.parametrize(
    "attributes",
    [
        {"country": ["SE"]},
        {"country": {"a": "b"}},
        {"country": NOW},
        {"country": 5, "age": "old"},
        {"": "x", "age": float("nan")},
        {"country": "\ud800"},
    ],
)
def test_strange_attributes_put_nobody_into_an_audience_and_break_nothing(connected, attributes):
    client, _ = connected()
    details = client.get_integer_details("rows", 0, context("\ud800\x00é", **attributes))
    assert (details.value, details.variant, details.error_code) == (3, None, None)


def test_each_evaluation_that_meets_an_experiment_is_one_exposure(connected, good):
    seen = []
    client, _ = connected(on_exposures=seen.extend)
    unit = unit_in(good, "control")
    client.get_integer_value("rows", 0, context(unit, request_id="r1", **SWEDE))
    client.get_string_value("title", "-", context(unit, **SWEDE))
    client.get_integer_value("rows", 0, context(unit, country="DK"))
    assert [(one.unit, one.experiment, one.variant, one.parameter, one.request_id) for one in seen] == [
        (unit, "halves", "control", "rows", "r1")
    ]


def test_an_experiment_on_devices_exposes_the_device_that_an_attribute_names(connected, good):
    seen = []
    devices = replace(HALVES, key="devices", salt="devices", unit="device_id", audience="true")
    put(good, snapshot(2, experiments=(devices,)))
    client, _ = connected(on_exposures=seen.extend)
    client.get_integer_value("rows", 0, context("u1", device_id="d7"))
    client.get_integer_value("rows", 0, context("u1"))
    assert [(one.unit, one.experiment) for one in seen] == [("d7", "devices")]


def test_an_exposure_that_cannot_be_written_does_not_break_the_flag(connected):
    def full(_):
        raise OSError("disk full")

    client, _ = connected(on_exposures=full)
    details = client.get_integer_details("rows", 0, context(**SWEDE))
    assert details.error_code is None
    assert details.value in (3, 7)


def test_a_defect_inside_is_an_error_code_and_never_an_exception(connected, clock):
    def broken():
        raise ZeroDivisionError

    client, provider = connected()
    provider._clock = broken
    details = client.get_integer_details("rows", 4, context())
    assert (details.value, details.error_code) == (4, ErrorCode.GENERAL)


class Noting(Hook):
    def __init__(self):
        self.noted = []

    def before(self, hook_context, hints):
        self.noted.append("before")
        return EvaluationContext(attributes={"country": "NO"})

    def after(self, hook_context, details, hints):
        self.noted.append(("after", details.reason))

    def error(self, hook_context, exception, hints):
        self.noted.append(("error", type(exception).__name__))

    def finally_after(self, hook_context, details, hints):
        self.noted.append("finally")


def test_hooks_see_an_evaluation_and_can_add_to_its_context(connected):
    hook = Noting()
    client, _ = connected(hooks=[hook])
    assert client.get_string_value("title", "-", context()) == "God morgen"
    assert hook.noted == ["before", ("after", "TARGETING_MATCH"), "finally"]


def test_hooks_of_one_call_hear_of_its_error(connected):
    hook = Noting()
    client, _ = connected()
    client.get_string_value("nothing", "-", context(), FlagEvaluationOptions(hooks=[hook]))
    assert hook.noted == ["before", ("error", "FlagNotFoundError"), "finally"]


class Heard:
    def __init__(self, client, event):
        self.details = []
        client.add_handler(event, self.details.append)


def test_a_publish_is_told_with_exactly_the_flags_that_it_changed(connected, good):
    client, _ = connected()
    heard = Heard(client, ProviderEvent.PROVIDER_CONFIGURATION_CHANGED)
    rule = BaselineRule(key="norway", audience='country == "NO"', set={"title": "Hei"})
    put(good, snapshot(2, experiments=(HALVES,), rules=(rule,)))
    eventually(lambda: heard.details)
    put(good, snapshot(3, rules=(rule,)))
    eventually(lambda: len(heard.details) == 2)
    assert [one.flags_changed for one in heard.details] == [["title"], ["rows"]]
    assert heard.details[1].metadata["release"] == 3
    assert client.get_string_value("title", "-", context(country="NO")) == "Hei"


def test_staleness_is_told_and_taken_back_and_values_say_stale_meanwhile(good, connected, clock):
    put(good, snapshot(2, max_age_s=60))
    client, provider = connected()
    stale = Heard(client, ProviderEvent.PROVIDER_STALE)
    clock.advance(61)
    provider.check()
    provider.check()
    eventually(lambda: stale.details)
    assert client.get_provider_status() == ProviderStatus.STALE
    details = client.get_integer_details("rows", 0, context())
    assert (details.value, details.reason) == (3, Reason.STALE)
    ready = Heard(client, ProviderEvent.PROVIDER_READY)
    good.confirm("home", good.live("home").compiled.id, clock())
    provider.check()
    eventually(lambda: ready.details)
    assert client.get_provider_status() == ProviderStatus.READY
    assert len(stale.details) == 1


def test_a_snapshot_too_old_under_the_policy_refuse_gives_the_default(good, connected, clock):
    put(good, snapshot(2, max_age_s=60, stale_policy="refuse"))
    client, _ = connected()
    clock.advance(61)
    details = client.get_integer_details("rows", 8, context())
    assert (details.value, details.error_code) == (8, ErrorCode.GENERAL)
    assert "snapshot_too_old" in details.error_message


def test_without_a_snapshot_it_is_not_ready_and_becomes_so_when_one_comes(clock):
    empty = LastGood()
    provider = CounterpointProvider("home", snapshots=empty, clock=clock, ready_within_s=0.01, check_every_s=3600.0)
    try:
        with pytest.raises(ProviderNotReadyError):
            api.set_provider_and_wait(provider, "late")
        client = api.get_client("late")
        assert client.get_provider_status() == ProviderStatus.ERROR
        assert client.get_integer_details("rows", 2, context()).error_code == ErrorCode.PROVIDER_NOT_READY
        ready = Heard(client, ProviderEvent.PROVIDER_READY)
        put(empty, snapshot(1))
        eventually(lambda: ready.details)
        assert client.get_provider_status() == ProviderStatus.READY
        assert client.get_integer_value("rows", 2, context()) == 3
    finally:
        api.shutdown()
        api.clear_providers()


def test_it_follows_a_control_plane_and_starts_from_disk_without_one(tmp_path, good):
    with served_feed(good) as server:
        provider = CounterpointProvider(
            "home", control_url=server.url, folder=tmp_path, clock=lambda: NOW, pacing=QUICK, check_every_s=3600.0
        )
        api.set_provider_and_wait(provider, "follows")
        client = api.get_client("follows")
        changed = Heard(client, ProviderEvent.PROVIDER_CONFIGURATION_CHANGED)
        assert client.get_integer_value("rows", 0, context()) == 3
        put(good, snapshot(2, parameters=snapshot(1).parameters[1:]))
        eventually(lambda: changed.details)
        assert client.get_integer_details("rows", 0, context()).error_code == ErrorCode.FLAG_NOT_FOUND
        api.shutdown()
        api.clear_providers()
    again = CounterpointProvider(
        "home", control_url="http://127.0.0.1:1", folder=tmp_path, clock=lambda: NOW + timedelta(seconds=9)
    )
    try:
        api.set_provider_and_wait(again, "alone")
        details = api.get_client("alone").get_string_details("title", "-", context())
        assert (details.value, details.flag_metadata["release"], details.flag_metadata["age_s"]) == (
            "Good morning",
            2,
            9.0,
        )
    finally:
        api.shutdown()
        api.clear_providers()


def test_publishes_during_evaluations_never_mix_two_snapshots(connected, good):
    client, _ = connected()
    stop = threading.Event()

    def publish():
        for number in range(2, 60):
            put(good, snapshot(number, parameters=tuple(_valued(number))))
        stop.set()

    thread = threading.Thread(target=publish)
    thread.start()
    while not stop.is_set():
        details = client.get_string_details("title", "-", context())
        assert details.error_code is None
        release = details.flag_metadata["release"]
        assert details.value == ("Good morning" if release == 1 else str(release))
    thread.join()


def _valued(number):
    for parameter in snapshot(1).parameters:
        yield replace(parameter, baseline=str(number)) if parameter.key == "title" else parameter
