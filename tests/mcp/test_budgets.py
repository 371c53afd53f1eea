"""Risk budgets and parked writes: they hold whatever the client says, and what is stored is what is done."""

from collections.abc import Iterator

import pytest

from counterpoint.bootstrap import Platform
from counterpoint.errors import CounterpointError
from live_platform import live_platform, spec
from mcp_tools import Tools

MARIA = "maria@example.org"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with live_platform(tmp_path_factory.mktemp("budgets")) as (platform, _):
        yield platform


@pytest.fixture
def tools(platform: Platform, request: pytest.FixtureRequest) -> Tools:
    """Return the tools of an agent that is this test's alone."""
    return Tools(platform, f"agent:t{sorted(dir(request.module)).index(request.node.name)}")


def codes(error: dict[str, object]) -> set[str]:
    return {str(each["code"]) for each in error["facts"]["findings"]}  # type: ignore[index]


def test_nothing_happens_until_a_person_approved_and_the_agent_confirmed(platform: Platform, tools: Tools) -> None:
    write = tools.parked()
    assert tools.refused("confirm_write", write=write) == "approval_missing"
    assert tools.launches() == []
    platform.agency.parking.approve(write, by=MARIA, note="looks harmless")
    assert tools.launches() == []
    done = tools.call("confirm_write", write=write)
    assert done["result"]["state"] == "running"
    launch = platform.control.launch(done["result"]["launch"])
    assert launch["author"] == tools.actor
    assert [each["by"] for each in launch["approvals"]] == [MARIA]


def test_what_is_carried_out_is_what_was_stored_although_the_draft_was_changed_since(
    platform: Platform, tools: Tools
) -> None:
    draft = tools.drafted()
    write = tools.call("launch_experiment", draft=draft)["write"]
    tools.call("revise_draft", draft=draft, changes={"allocation": 0.01, "variants.1.set.podcasts.shelf_position": 3})
    platform.agency.parking.approve(write, by=MARIA)
    key = tools.call("confirm_write", write=write)["experiment"]
    launched = platform.control.experiment(key)["spec"]
    assert launched["allocation"] == 0.02
    assert launched["variants"][1]["set"] == {"podcasts.shelf_position": 2}


def test_no_agent_approves_neither_its_own_write_nor_anothers(platform: Platform, tools: Tools) -> None:
    write = tools.parked()
    for name in (tools.actor, "agent:other", "AGENT:other"):
        with pytest.raises(CounterpointError) as caught:
            platform.agency.parking.approve(write, by=name)
        assert caught.value.code == "agents_do_not_approve"


def test_another_agents_parked_write_is_neither_confirmed_nor_withdrawn(platform: Platform, tools: Tools) -> None:
    write = tools.parked()
    platform.agency.parking.approve(write, by=MARIA)
    other = Tools(platform, "agent:other")
    assert other.refused("confirm_write", write=write) == "not_your_write"
    assert other.refused("withdraw_write", write=write, reason="mine now") == "agents_do_not_approve"
    assert tools.call("write_status", write=write)["state"] == "awaiting_confirmation"


def test_the_budget_refuses_too_large_a_share_no_guardrail_and_no_automatic_stop(
    platform: Platform, tools: Tools
) -> None:
    wide = tools.call("launch_experiment", spec=spec(allocation=0.9))["error"]
    assert wide["code"] == "over_budget"
    assert "budget_share" in codes(wide)
    deaf = tools.call("launch_experiment", spec=spec(stop={"on_guardrail": "alert", "on_srm": "alert"}))["error"]
    assert codes(deaf) >= {"budget_stop"}
    pausing = tools.call("launch_experiment", spec=spec(stop={"on_guardrail": "pause"}))["error"]
    assert "budget_stop" in codes(pausing)
    assert platform.agency.parking.list(actor=tools.actor) == []


def test_the_fixes_that_a_refusal_carries_bring_a_draft_within_the_budget(platform: Platform, tools: Tools) -> None:
    draft = tools.drafted(allocation=0.5, stop={"on_guardrail": "alert"})
    judged = tools.call("validate_experiment", draft=draft)
    assert not judged["launchable"]
    for finding in judged["findings"]:
        if finding["severity"] == "error":
            tools.call("revise_draft", draft=draft, changes=finding["fix"])
    assert tools.call("validate_experiment", draft=draft)["launchable"]


def test_no_more_launches_are_under_way_than_the_budget_allows(platform: Platform, tools: Tools) -> None:
    writes = [tools.parked() for _ in range(3)]
    for write in writes:
        platform.agency.parking.approve(write, by=MARIA)
    first, second, third = (tools.call("confirm_write", write=write) for write in writes)
    assert first["state"] == second["state"] == "executed"
    assert third["error"]["code"] == "over_budget"
    assert "budget_concurrency" in codes(third["error"])
    assert tools.call("launch_experiment", spec=spec())["error"]["code"] == "over_budget"
    stop = tools.call("stop_experiment", experiment=first["experiment"], reason="make room")
    assert tools.call("confirm_write", write=stop["write"])["result"]["state"] == "archived"
    assert tools.call("confirm_write", write=writes[2])["state"] == "executed"


def test_an_agent_moves_only_what_it_launched(platform: Platform, tools: Tools) -> None:
    platform.control.submit(surface="home", author="ada", spec=spec())
    for tool in ("stop_experiment", "pause_experiment", "ship_experiment"):
        assert tools.refused(tool, experiment="podcasts-second", reason="because") == "not_your_launch"
    assert platform.control.launch("podcasts-second")["state"] == "running"


def test_taking_treatments_away_asks_nobody_and_bringing_them_back_asks_a_person(
    platform: Platform, tools: Tools
) -> None:
    key = tools.launched()
    pause = tools.call("pause_experiment", experiment=key, reason="looks odd")
    assert pause["state"] == "awaiting_confirmation"
    assert tools.call("confirm_write", write=pause["write"])["result"]["state"] == "paused"
    resume = tools.call("resume_experiment", experiment=key, reason="it was nothing")
    assert tools.refused("confirm_write", write=resume["write"]) == "approval_missing"
    platform.agency.parking.approve(resume["write"], by=MARIA)
    assert tools.call("confirm_write", write=resume["write"])["result"]["state"] == "running"


def test_an_agents_word_ships_nothing_that_the_platform_would_not(platform: Platform, tools: Tools) -> None:
    key = tools.launched()
    assert tools.refused("ship_experiment", experiment=key, reason="I am sure") == "nothing_to_ship"
    assert platform.control.surface("home")["parameters"]["podcasts.shelf_position"]["value"] == 6


def test_a_parked_stop_that_came_too_late_says_so(platform: Platform, tools: Tools) -> None:
    key = tools.launched()
    stop = tools.call("stop_experiment", experiment=key, reason="enough")
    platform.control.move(key, "stop", actor="ada", reason="I was faster")
    assert tools.refused("confirm_write", write=stop["write"]) == "bad_transition"


def test_parking_approving_confirming_and_refusing_are_in_the_audit_log(platform: Platform, tools: Tools) -> None:
    write = tools.parked()
    tools.refused("confirm_write", write=write)
    platform.agency.parking.approve(write, by=MARIA, note="fine")
    tools.call("confirm_write", write=write)
    tools.call("launch_experiment", spec=spec(allocation=1.0))
    mine = [each for each in platform.control.audit("home") if write in each["subject"] or each["actor"] == tools.actor]
    entries = [each for each in mine if "/parked" in each["subject"]]
    assert [(each["actor"], each["action"]) for each in reversed(entries)] == [
        (tools.actor, "park"),
        (tools.actor, "refuse_parked"),
        (MARIA, "approve_parked"),
        (tools.actor, "confirm_parked"),
        (tools.actor, "executed_parked"),
        (tools.actor, "refuse_parking"),
    ]
    assert all(each["reason"] for each in entries)
