"""A winner is shipped by stages on a real platform: the first units, more of them, everybody."""

from datetime import timedelta
from pathlib import Path

import pytest

from counterpoint.control.changes.shipping import StagedShipping
from counterpoint.orchestration import Verdict
from live_platform import live_platform, spec


@pytest.fixture(autouse=True)
def _staged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StagedShipping, "wanted", lambda self, spec: True)


def _won(platform) -> dict:
    verdict = Verdict(ship="treatment", reasons=("it won.",), scorecard={"scorecard": {}, "decision": {}})
    object.__setattr__(platform.control.desk.world, "decide", lambda launch, now: verdict)
    launch = platform.control.submit(surface="home", author="ada", spec=spec())
    return platform.control.move(launch["id"], "stop", actor="grace", reason="enough")


def test_a_winner_reaches_the_first_units_then_more_and_then_everybody(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, clock):
        shipping = _won(platform)
        assert shipping["state"] == "shipping"
        state = platform.control.release_store.latest("home").state
        (rollout,) = state.rollouts.values()
        assert rollout.values == {"podcasts.shelf_position": 2}
        assert state.baseline["podcasts.shelf_position"] == 6
        for hours in (1.1, 24.1):
            clock.move_to(clock() + timedelta(hours=hours))
            platform.control.tick(wait_s=10)
        clock.move_to(clock() + timedelta(hours=25))
        platform.control.tick(wait_s=10)
        ended = platform.control.launch(shipping["id"])
        assert ended["state"] == "shipped", ended["timeline"][-1]
        state = platform.control.release_store.latest("home").state
        assert state.baseline["podcasts.shelf_position"] == 2
        assert "podcasts-second" in state.retired


def test_a_kill_while_a_winner_is_shipped_gives_everybody_the_baseline_back(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        shipping = _won(platform)
        killed = platform.control.move(shipping["id"], "kill", actor="grace", reason="it hurts")
        assert killed["state"] == "rolled_back"
        state = platform.control.release_store.latest("home").state
        assert (state.rollouts, state.baseline["podcasts.shelf_position"]) == ({}, 6)


def test_a_kill_when_everybody_has_the_winner_and_the_launch_has_not_ended_takes_it_from_everybody(
    tmp_path: Path,
) -> None:
    with live_platform(tmp_path) as (platform, clock):
        shipping = _won(platform)
        for hours in (1.1, 24.1, 25):
            clock.move_to(clock() + timedelta(hours=hours))
            # The rollout alone goes on; the launch that waits for it is not looked at.
            platform.control.chores()
        state = platform.control.release_store.latest("home").state
        assert (state.rollouts, state.baseline["podcasts.shelf_position"]) == ({}, 2)
        assert platform.control.launch(shipping["id"])["state"] == "shipping"
        killed = platform.control.move(shipping["id"], "kill", actor="grace", reason="it hurts")
        assert killed["state"] == "rolled_back"
        assert platform.control.release_store.latest("home").state.baseline["podcasts.shelf_position"] == 6
