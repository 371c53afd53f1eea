"""The hourly audit keeps what it finds, changes nothing by itself, and forgets nothing that a person said."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from counterpoint.bootstrap import Platform, SimulatedClock
from counterpoint.control import doctoring
from counterpoint.errors import Conflict, CounterpointError, Forbidden, InvalidInput, NotFound
from counterpoint.events import Served
from counterpoint.orchestration import Launch
from counterpoint.vocabulary import Finding, Severity
from live_platform import live_platform, spec

RULE = {"key": "nowhere", "audience": 'country == "AQ"', "set": {"podcasts.shelf_position": 3}}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock]]:
    with live_platform(tmp_path) as (platform, clock):
        edit = platform.configuring.edit(actor="maria", reason="for a sale")
        platform.configuring.set_rules("home", [RULE], edit, at_once=True)
        serve(platform, clock, 400)
        yield platform, clock


def serve(platform: Platform, clock: SimulatedClock, n: int, *, country: str = "SE") -> None:
    platform.delivery.record(
        [
            Served(
                id=f"s{country}{k}@{clock():%d%H%M}",
                at=clock() - timedelta(minutes=5),
                surface="home",
                unit=f"u{k}",
                request_id=f"r{k}",
                snapshot="x",
                status="complete",
                latency_ms=20.0,
                attributes={"country": country, "plan": "premium"},
                forced=False,
            )
            for k in range(n)
        ]
    )


def rules(platform: Platform) -> list[str]:
    return [rule["key"] for rule in platform.configuring.show("home")["rules"]]


def test_a_rule_nobody_matches_is_proposed_and_stays_until_somebody_says_yes(world) -> None:
    platform, clock = world
    (found,) = platform.doctor.examine("home")
    assert (found["code"], found["standing"]) == ("rule_never_matched", "open")
    assert found["change"], "what it would change is shown before anybody says yes"
    assert rules(platform) == ["nowhere"]
    done = platform.doctor.accept(found["id"], by="maria", reason="the sale is over")
    assert done["standing"] == "accepted"
    clock.move_to(clock() + timedelta(days=30))
    for _ in range(40):
        platform.control.tick()
        clock.move_to(clock() + timedelta(days=1))
    assert platform.configuring.change(done["said"]["result"]["change"])["author"] == "maria"


def test_what_is_not_found_any_more_is_cured_and_comes_back_when_it_does(world) -> None:
    platform, clock = world
    (found,) = platform.doctor.examine("home")
    serve(platform, clock, 5, country="AQ")
    assert platform.doctor.examine("home") == []
    assert [each["standing"] for each in platform.doctor.diagnoses("home", cured=True)] == ["cured"]
    clock.move_to(clock() + timedelta(days=2))
    serve(platform, clock, 400)
    (again,) = platform.doctor.examine("home")
    assert (again["id"], again["standing"]) == (found["id"], "open")


def test_what_was_dismissed_stays_dismissed_while_it_lasts(world) -> None:
    platform, _ = world
    (found,) = platform.doctor.examine("home")
    platform.doctor.dismiss(found["id"], by="maria", reason="the sale begins tomorrow")
    (still,) = platform.doctor.examine("home")
    assert (still["standing"], still["said"]["reason"]) == ("dismissed", "the sale begins tomorrow")


def test_every_word_of_it_is_in_the_audit_log(world) -> None:
    platform, _ = world
    (found,) = platform.doctor.examine("home")
    platform.doctor.examine("home")
    platform.doctor.dismiss(found["id"], by="maria", reason="begins tomorrow")
    said = [(each["action"], each["actor"]) for each in platform.control.audit("home")]
    assert said.count(("diagnose", "counterpoint/doctor")) == 1
    assert ("dismiss_diagnosis", "maria") in said


def test_the_tick_looks_once_an_hour_and_not_at_every_tick(world) -> None:
    platform, clock = world
    assert platform.doctor.tick() != ()
    assert platform.doctor.tick() == ()
    clock.move_to(clock() + timedelta(minutes=61))
    assert platform.doctor.tick() == (), "what is known already is not found anew"


@pytest.mark.parametrize(
    ("call", "error", "code"),
    [
        (lambda doctor, name: doctor.accept("nothing", by="maria"), NotFound, "unknown_diagnosis"),
        (lambda doctor, name: doctor.accept(name, by="agent:planner"), Forbidden, "agents_do_not_approve"),
        (lambda doctor, name: doctor.dismiss(name, by="maria", reason=" "), InvalidInput, "reason_missing"),
        (lambda doctor, name: doctor.examine("attic"), NotFound, "unknown_surface"),
    ],
)
def test_a_wrong_answer_is_refused_and_nothing_changes(world, call, error: type[CounterpointError], code: str) -> None:
    platform, _ = world
    (found,) = platform.doctor.examine("home")
    with pytest.raises(error) as refused:
        call(platform.doctor, found["id"])
    assert refused.value.code == code
    assert rules(platform) == ["nowhere"]
    assert platform.doctor.diagnoses("home") == [found]


def test_nobody_says_yes_twice(world) -> None:
    platform, _ = world
    (found,) = platform.doctor.examine("home")
    platform.doctor.accept(found["id"], by="maria")
    with pytest.raises(Conflict) as refused:
        platform.doctor.accept(found["id"], by="jonas")
    assert refused.value.code == "not_open"


def test_a_scheduled_look_reads_some_experiments_at_a_time_in_turn_and_cures_none_it_did_not_read(
    world, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform, clock = world
    for key, values in (("one", {"podcasts.shelf_position": 2}), ("two", {"layout.max_shelves": 9})):
        arms = [{"key": "control"}, {"key": "treatment", "set": values}]
        launch = platform.control.submit(surface="home", author="ada", spec=spec(key=key, variants=arms))
        assert launch["state"] == "running"
    silent = Finding(code="no_exposures", severity=Severity.ERROR, path="exposures", message="Nobody was exposed")
    read: list[str] = []

    def findings(launch: Launch, now: datetime) -> tuple[Finding, ...]:
        read.append(launch.experiment)
        return (silent,)

    monkeypatch.setattr(platform.control.judge, "running_findings", findings)
    monkeypatch.setattr(doctoring, "AT_ONCE", 1)
    opened: set[str] = set()
    for _ in range(3):
        clock.move_to(clock() + timedelta(hours=1))
        platform.doctor.tick()
        opened.update(each["subject"] for each in platform.doctor.diagnoses("home") if each["code"] == "no_exposures")
    assert read in (["one", "two", "one"], ["two", "one", "two"])
    assert opened == {"experiments/one", "experiments/two"}
    both = [each for each in platform.doctor.diagnoses("home") if each["code"] == "no_exposures"]
    assert [each["standing"] for each in both] == ["open", "open"]
