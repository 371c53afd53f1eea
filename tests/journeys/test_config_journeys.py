"""Home Config end to end on embedded parts: changed by stages, reviewed, watched, scheduled, taken back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from api.asgi_client import AsgiClient
from counterpoint.api import create_app
from counterpoint.bootstrap import Edit, Platform, SimulatedClock, opened
from counterpoint.bootstrap.reference import surface_files
from counterpoint.errors import Conflict, CounterpointError, Forbidden
from counterpoint.events import Served
from counterpoint.web import mount_web
from live_platform import live_platform, settings_at, spec

ADA = Edit(actor="ada", reason="fewer shelves load faster")
STAGES = ({"share": 0.1, "hours": 1}, {"share": 0.5, "hours": 2})
SHELVES = {"layout.max_shelves": 8}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Platform, SimulatedClock]]:
    with live_platform(tmp_path) as opened:
        yield opened


def share_with(platform: Platform, value: object, key: str = "layout.max_shelves", n: int = 300) -> float:
    asked = [platform.delivery.resolve("home", f"u{i}", {}, parameters=[key]) for i in range(n)]
    return sum(each["values"][key]["value"] == value for each in asked) / n


def serve(platform: Platform, clock: SimulatedClock, bad: set[str], n: int = 400) -> None:
    platform.delivery.log.append(
        [
            Served(
                id=f"p{i}-{clock().timestamp()}",
                at=clock(),
                surface="home",
                unit=f"u{i}",
                request_id=f"r{i}",
                snapshot="s",
                status="fallback" if f"u{i}" in bad else "complete",
                latency_ms=10.0,
            )
            for i in range(n)
        ]
    )


def later(platform: Platform, clock: SimulatedClock, **by: float) -> None:
    clock.move_to(clock() + timedelta(**by))
    platform.control.tick()


def with_approvals(platform: Platform, n: int) -> None:
    text = next(iter(surface_files(()))).read_text(encoding="utf-8")
    changed = text.replace("policy:\n", f"policy:\n  approvals: {n}\n")
    platform.configuring.boarding.add(changed, source="surface.yaml", edit=Edit(actor="ada", reason="be careful"))


def code_of(call: Any) -> str:
    with pytest.raises(CounterpointError) as caught:
        call()
    return caught.value.code


def test_a_change_is_looked_at_first_and_then_reaches_everybody_in_stages(home):
    platform, clock = home
    config = platform.configuring
    looked = config.set_values("home", SHELVES, Edit(actor="ada", reason="look", dry_run=True), stages=STAGES)
    assert [part["path"] for part in looked["diff"]] == ["baseline/layout.max_shelves"]
    assert config.changes("home") == []

    proposed = config.set_values("home", SHELVES, ADA, stages=STAGES)
    assert proposed["state"] == "rolling_out"
    assert 0.05 < share_with(platform, 8) < 0.16
    later(platform, clock, hours=1)
    assert 0.4 < share_with(platform, 8) < 0.6
    later(platform, clock, hours=2)
    assert share_with(platform, 8) == 1.0

    done = config.change(proposed["id"])
    assert [step["state"] for step in done["steps"]] == ["rolling_out", "rolling_out", "published"]
    assert "too few to tell" in done["steps"][-1]["reason"]
    who = config.blame("home", "layout.max_shelves")
    assert (who["author"], who["reason"], who["before"], who["value"]) == ("ada", ADA.reason, 12, 8)
    assert [row["parameter"] for row in config.compare("home")["parameters"]] == ["layout.max_shelves"]


def test_the_default_is_one_percent_first(home):
    platform, _ = home
    platform.configuring.set_values("home", SHELVES, ADA)
    (rollout,) = platform.configuring.show("home")["rollouts"]
    assert [stage["share"] for stage in rollout["stages"]] == [0.01, 0.1]
    assert rollout["share"] == 0.01


def test_a_rollout_that_makes_pages_fall_back_is_taken_back_by_itself(home):
    platform, clock = home
    proposed = platform.configuring.set_values("home", SHELVES, ADA, stages=STAGES)
    hit = {
        f"u{i}"
        for i in range(400)
        if platform.delivery.resolve("home", f"u{i}", {}, parameters=["layout.max_shelves"])["values"][
            "layout.max_shelves"
        ]["value"]
        == 8
    }
    later(platform, clock, minutes=10)
    serve(platform, clock, bad=hit)
    later(platform, clock, minutes=10)
    assert share_with(platform, 8) == 0.0
    done = platform.configuring.change(proposed["id"])
    assert done["state"] == "reverted"
    assert "met the last fallback" in done["steps"][-1]["reason"]
    assert platform.control.audit("home")[0]["facts"]["urgent"] is True


def test_pages_that_fall_back_everywhere_alike_do_not_blame_the_rollout_and_the_budget_holds_it(home):
    platform, clock = home
    proposed = platform.configuring.set_values("home", SHELVES, ADA, stages=STAGES)
    later(platform, clock, minutes=10)
    serve(platform, clock, bad={f"u{i}" for i in range(0, 400, 4)})
    later(platform, clock, hours=2)
    assert 0.05 < share_with(platform, 8) < 0.16
    held = platform.configuring.change(proposed["id"])
    assert held["state"] == "rolling_out"
    assert held["steps"][-1]["reason"].startswith("held at stage 1")


def test_a_policy_parks_a_change_until_another_person_approves_exactly_it(home):
    platform, _ = home
    with_approvals(platform, 1)
    config = platform.configuring
    parked = config.set_values("home", SHELVES, ADA, stages=STAGES)
    assert parked["state"] == "awaiting_approval"
    assert share_with(platform, 8) == 0.0
    assert code_of(lambda: config.approve(parked["id"], by="ada")) == "own_change"
    # Somebody publishes something else meanwhile: the change is validated again, and the approval still holds.
    other = config.set_values("home", {"layout.density": "compact"}, Edit(actor="eve", reason="x"), stages=STAGES)
    config.approve(other["id"], by="grace")
    approved = config.approve(parked["id"], by="grace", note="fine")
    assert approved["state"] == "rolling_out"
    assert approved["approved_by"] == ["grace"]
    actions = {entry["action"] for entry in platform.control.audit("home")}
    assert {"propose", "approve", "publish"} <= actions


def test_the_stages_of_an_approved_rollout_need_no_second_approval(home):
    platform, clock = home
    with_approvals(platform, 1)
    parked = platform.configuring.set_values("home", SHELVES, ADA, stages=STAGES)
    platform.configuring.approve(parked["id"], by="grace")
    later(platform, clock, hours=1)
    later(platform, clock, hours=2)
    assert share_with(platform, 8) == 1.0


def test_an_approved_change_of_a_value_that_moved_meanwhile_is_refused_not_published(home):
    platform, _ = home
    with_approvals(platform, 1)
    config = platform.configuring
    parked = config.set_values("home", SHELVES, ADA, stages=STAGES)
    other = config.set_values("home", {"layout.max_shelves": 9}, Edit(actor="eve", reason="x"), at_once=True)
    assert config.approve(other["id"], by="grace")["state"] == "published"
    refused = config.approve(parked["id"], by="grace")
    assert refused["state"] == "refused"
    assert "baseline_moved" in refused["steps"][-1]["reason"]
    assert share_with(platform, 9) == 1.0


def test_a_withdrawn_change_is_never_published(home):
    platform, _ = home
    with_approvals(platform, 1)
    parked = platform.configuring.set_values("home", SHELVES, ADA)
    assert platform.configuring.withdraw(parked["id"], by="ada", reason="no")["state"] == "withdrawn"
    assert code_of(lambda: platform.configuring.approve(parked["id"], by="grace")) == "not_awaiting_approval"


def test_two_editors_of_one_release_meet_a_conflict_and_nobodys_write_is_lost(home):
    platform, _ = home
    number = platform.configuring.show("home")["release"]
    first = Edit(actor="ada", reason="one", expected_release=number)
    second = Edit(actor="eve", reason="two", expected_release=number)
    platform.configuring.set_values("home", SHELVES, first, at_once=True)
    with pytest.raises(Conflict) as caught:
        platform.configuring.set_values("home", {"layout.max_shelves": 9}, second, at_once=True)
    assert caught.value.code == "stale_base"
    assert share_with(platform, 8) == 1.0


def test_a_scheduled_change_fires_at_its_time_and_not_before(home):
    platform, clock = home
    at = clock() + timedelta(hours=5)
    parked = platform.configuring.set_values(
        "home", SHELVES, Edit(actor="ada", reason="at night", not_before=at), at_once=True
    )
    assert parked["state"] == "scheduled"
    later(platform, clock, hours=4)
    assert share_with(platform, 8) == 0.0
    later(platform, clock, hours=1)
    assert share_with(platform, 8) == 1.0
    assert platform.configuring.change(parked["id"])["state"] == "published"


def test_a_scheduled_change_is_guarded_again_when_it_fires(home):
    platform, clock = home
    at = clock() + timedelta(hours=5)
    values = {"podcasts.shelf_position": 4}
    parked = platform.configuring.set_values("home", values, Edit(actor="ada", reason="later", not_before=at))
    assert parked["findings"] == []
    assert platform.control.submit(surface="home", author="eve", spec=spec())["state"] == "running"
    later(platform, clock, hours=5)
    refused = platform.configuring.change(parked["id"])
    assert refused["state"] == "refused"
    assert refused["findings"][0]["code"] == "baseline_under_experiment"
    with pytest.raises(Forbidden):
        platform.configuring.set_values("home", values, ADA)


def test_a_scheduled_change_outlives_the_process_that_took_it(tmp_path):
    with live_platform(tmp_path) as (platform, clock):
        at = clock() + timedelta(hours=5)
        platform.configuring.set_values("home", SHELVES, Edit(actor="a", reason="b", not_before=at), at_once=True)
    clock.move_to(at)
    with opened(settings_at(tmp_path), clock=clock) as platform:
        platform.control.tick()
        assert share_with(platform, 8) == 1.0


def test_revert_and_restore_are_at_once_whatever_the_policy_and_audited(home):
    platform, _ = home
    with_approvals(platform, 2)
    config = platform.configuring
    start = config.show("home")["release"]
    parked = config.set_values("home", SHELVES, ADA, at_once=True)
    for person in ("grace", "barbara"):
        config.approve(parked["id"], by=person)
    number = config.show("home")["release"]
    assert config.revert("home", number, Edit(actor="eve", reason="it broke"))["state"] == "published"
    assert share_with(platform, 12) == 1.0
    config.restore("home", number, Edit(actor="eve", reason="it did not"))
    assert share_with(platform, 8) == 1.0
    parts = config.diff("home", start)["parts"]
    assert [part["path"] for part in parts] == ["baseline/layout.max_shelves"]
    assert config.diff("home", start, start)["parts"] == []
    assert [row["author"] for row in config.history("home", parameter="layout.max_shelves")[:3]] == [
        "eve",
        "eve",
        "ada",
    ]


def test_a_rollout_is_aborted_by_hand_or_by_reverting_its_release(home):
    platform, _ = home
    config = platform.configuring
    first = config.set_values("home", SHELVES, ADA, stages=STAGES)
    config.abort("home", first["id"], actor="eve", reason="a client bug")
    assert share_with(platform, 8) == 0.0
    assert config.change(first["id"])["state"] == "reverted"
    second = config.set_values("home", SHELVES, ADA, stages=STAGES)
    config.revert("home", second["release"], Edit(actor="eve", reason="again"))
    assert share_with(platform, 8) == 0.0
    assert config.change(second["id"])["state"] == "reverted"


def test_rules_reach_their_audience_by_stages_and_their_order_is_compared(home):
    platform, clock = home
    config = platform.configuring
    swedes = {"key": "se", "audience": 'country == "SE"', "set": {"layout.max_shelves": 5}}
    config.set_rules("home", [swedes], ADA, stages=STAGES)
    later(platform, clock, hours=1)
    later(platform, clock, hours=2)
    got = platform.delivery.resolve("home", "u1", {"country": "SE"}, parameters=["layout.max_shelves"])
    assert got["values"]["layout.max_shelves"]["rule"] == "se"
    assert share_with(platform, 12) == 1.0
    assert code_of(lambda: config.set_rules("home", [{"key": "x"}], ADA)) == "malformed_rules"
    broken = {**swedes, "audience": "planet == 3"}
    assert code_of(lambda: config.set_rules("home", [broken], ADA)) == "unknown_attribute"


def test_the_config_page_shows_what_is_under_way(home):
    platform, clock = home
    at = clock() + timedelta(hours=5)
    platform.configuring.set_values("home", SHELVES, ADA, stages=STAGES)
    platform.configuring.set_values(
        "home", {"layout.density": "compact"}, Edit(actor="eve", reason="<b>later</b>", not_before=at)
    )
    app = create_app(platform)
    mount_web(app, platform)
    page = AsgiClient(app).get("/surfaces/home/config").text
    for words in ("Under way", "10 % of the units, stage 1 of 2", "fewer shelves load faster", "&lt;b&gt;later"):
        assert words in page
