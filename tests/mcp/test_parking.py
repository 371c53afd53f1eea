"""Parked writes over time, over processes, and at once; each test opens an installation of its own."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.bootstrap import Platform, SimulatedClock, opened
from counterpoint.errors import CounterpointError
from live_platform import START, live_platform, prepared_settings, settings_at
from mcp_tools import Tools

MARIA = "maria@example.org"


def test_a_confirmation_comes_too_late_twice_or_after_a_no(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, clock):
        _confirm_late_twice_and_after_a_no(platform, clock, Tools(platform))


def _confirm_late_twice_and_after_a_no(platform: Platform, clock: SimulatedClock, tools: Tools) -> None:
    refused, late = tools.parked(), tools.parked()
    platform.agency.parking.reject(refused, by=MARIA, reason="not this week")
    assert tools.refused("confirm_write", write=refused) == "write_rejected"
    platform.agency.parking.approve(late, by=MARIA)
    clock.move_to(clock() + timedelta(hours=24))
    assert tools.refused("confirm_write", write=late) == "write_expired"
    assert tools.call("write_status", write=late)["state"] == "expired"
    with pytest.raises(CounterpointError) as caught:
        platform.agency.parking.approve(late, by="ada@example.org")
    assert caught.value.code == "not_awaiting_approval"
    once = tools.parked()
    platform.agency.parking.approve(once, by=MARIA)
    assert tools.call("confirm_write", write=once)["state"] == "executed"
    assert tools.refused("confirm_write", write=once) == "already_executed"
    assert len(platform.control.launches()) == 1


def test_two_confirmations_at_once_do_not_get_past_the_budget_together(tmp_path: Path) -> None:
    agents = tmp_path / "agents.yaml"
    agents.write_text("default: {concurrent_launches: 1}\n")
    with opened(prepared_settings(tmp_path / "data", agents=agents), clock=lambda: START) as platform:
        parking = platform.agency.parking
        tools = Tools(platform)
        writes = [tools.parked() for _ in range(4)]
        for write in writes:
            parking.approve(write, by=MARIA)
        ended: list[str] = []

        def confirm(write: str) -> None:
            try:
                ended.append(parking.confirm(write, actor=tools.actor)["state"])
            except CounterpointError as error:
                ended.append(error.code)

        threads = [threading.Thread(target=confirm, args=(write,)) for write in writes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(ended) == ["executed", "over_budget", "over_budget", "over_budget"]
        assert len(platform.control.launches()) == 1


def test_who_approves_is_settled_by_the_agents_file(tmp_path: Path) -> None:
    agents = tmp_path / "agents.yaml"
    agents.write_text(f"agents:\n  scout: {{approvals: 2, approvers: [{MARIA}, ada@example.org], surfaces: [home]}}\n")
    with opened(prepared_settings(tmp_path / "data", agents=agents), clock=lambda: START) as platform:
        tools = Tools(platform)
        write = tools.parked()
        with pytest.raises(CounterpointError) as caught:
            platform.agency.parking.approve(write, by="grace@example.org")
        assert caught.value.code == "not_an_approver"
        platform.agency.parking.approve(write, by=MARIA)
        with pytest.raises(CounterpointError) as caught:
            platform.agency.parking.approve(write, by=MARIA)
        assert caught.value.code == "already_approved"
        assert tools.refused("confirm_write", write=write) == "approval_missing"
        platform.agency.parking.approve(write, by="ada@example.org")
        assert tools.call("confirm_write", write=write)["result"]["state"] == "running"


def test_parked_writes_their_approvals_and_a_torn_confirmation_survive_the_process(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        tools = Tools(platform)
        approved, torn = tools.parked(), tools.parked()
        for write in (approved, torn):
            platform.agency.parking.approve(write, by=MARIA)
        # As a process leaves it that is killed between the launch and the note that it was made.
        parking = platform.agency.parking
        stored = parking.writes.get(torn)
        parking.risks.reserve(stored, START)
        parking._carry_out(parking._begin(stored, "agent:scout", START), 10.0)
    with opened(settings_at(tmp_path), clock=lambda: START) as platform:
        tools = Tools(platform)
        assert tools.call("write_status", write=torn)["state"] == "executing"
        assert tools.call("confirm_write", write=torn)["result"]["state"] == "running"
        assert tools.call("confirm_write", write=approved)["result"]["state"] == "running"
        assert len(platform.control.launches()) == 2
