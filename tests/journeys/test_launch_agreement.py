"""A launch says what is live, by whatever door somebody took its experiment away; and restarts find every unit."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from counterpoint.errors import Conflict, NotFound
from feed_world import eventually
from live_platform import live_platform, spec

ASKED = {"parameters": ["podcasts.shelf_position"]}


def after_it_is_held(control: Any, launch_id: str) -> Any:
    """Return the launch once it is held: what ticks find is carried out beside them, however many pass meanwhile."""

    def held() -> bool:
        control.tick()
        return bool(control.launch(launch_id)["held"])

    eventually(held, within_s=60.0)
    return control.launch(launch_id)


def test_an_experiment_that_a_restore_took_away_holds_its_launch_and_says_who_did_it(tmp_path: Path) -> None:
    with live_platform(tmp_path) as (platform, _):
        control, configuring = platform.control, platform.configuring
        launch = control.submit(surface="home", author="ada", spec=spec())
        control.tick(wait_s=10)
        assert control.launch(launch["id"])["state"] == "running"
        configuring.restore("home", 1, configuring.edit(actor="grace", reason="an incident"))
        control.tick(wait_s=10)
        held = after_it_is_held(control, launch["id"])
        assert (held["state"], held["held"]) == ("stopped", True)
        assert held["timeline"][-1]["actor"] == "grace"
        assert "outside of the launch: an incident" in held["timeline"][-1]["reason"]


def test_a_killed_experiment_serves_everybody_the_baseline_and_a_restart_gives_each_unit_its_variant_back(
    tmp_path: Path,
) -> None:
    with live_platform(tmp_path) as (platform, clock):
        control = platform.control
        ramp = {"days": 14, "ramp": [{"share": 0.05, "hours": 4}]}
        launch = control.submit(surface="home", author="ada", spec=spec(schedule=ramp, allocation=0.5))

        def variants() -> dict[str, tuple[object, object]]:
            answers = {unit: platform.delivery.resolve("home", unit, {}, **ASKED) for unit in units}
            found = {unit: each["values"]["podcasts.shelf_position"] for unit, each in answers.items()}
            return {unit: (value["variant"], value["value"]) for unit, value in found.items()}

        units = [f"u{n}" for n in range(400)]
        first = variants()
        control.move(launch["id"], "kill", actor="grace", reason="it hurts")
        assert {value for _, value in variants().values()} == {6}
        again = control.move(launch["id"], "restart", actor="grace", reason="it was something else")
        assert (again["state"], again["stage"]) == ("running", 0)
        assert variants() == first
        for _ in range(3):  # the smoke look comes before the stage
            clock.move_to(datetime.fromisoformat(control.launch(launch["id"])["due_at"]))
            control.tick(wait_s=10)
        grown = variants()
        assert all(grown[unit] == each for unit, each in first.items() if each[0] is not None), "no unit was moved"
        assert sum(each[0] is not None for each in grown.values()) > sum(each[0] is not None for each in first.values())
        control.move(launch["id"], "hold", actor="grace", reason="enough")
        ended = control.move(launch["id"], "archive", actor="grace", reason="done")
        assert ended["state"] == "archived"
        assert "podcasts-second" not in control.surface("home")["experiments"]
        with pytest.raises(Conflict, match="it must be held"):
            control.move(launch["id"], "restart", actor="grace", reason="no")


def test_the_kill_switch_of_a_parameter_reaches_holdouts_rules_rollouts_and_experiments_and_their_launches(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with live_platform(tmp_path) as (platform, clock):
        control, configuring = platform.control, platform.configuring

        def edit(reason: str) -> object:
            return configuring.edit(actor="grace", reason=reason)

        # What is the baseline now hurts, and a holdout that began meanwhile keeps it.
        configuring.set_values("home", {"podcasts.shelf_position": 3}, edit("try"), at_once=True)
        ends_at = clock() + timedelta(days=30)
        configuring.aside.start_holdout("home", "spring", share=0.02, ends_at=ends_at, edit=edit("measure"))
        rule = {"key": "free", "audience": 'plan == "free"', "set": {"podcasts.shelf_position": 4}}
        configuring.set_rules("home", [rule], edit("free ones"), at_once=True)
        launch = control.submit(surface="home", author="ada", spec=spec())
        assert launch["state"] == "running", launch["timeline"][-1]
        with pytest.raises(NotFound):
            configuring.kill("home", ["podcasts.shelf"], edit("it hurts"))
        assert "KILL SWITCH" not in caplog.messages, "nobody is woken for a name that is misspelled"
        changed = configuring.kill("home", ["podcasts.shelf_position"], edit("it hurts"))
        assert changed["state"] == "published"
        assert caplog.messages.count("KILL SWITCH") == 1
        units = [f"u{n}" for n in range(500)]
        answers = [platform.delivery.resolve("home", unit, {"plan": "free"}, **ASKED) for unit in units]
        assert {each["values"]["podcasts.shelf_position"]["value"] for each in answers} == {6}
        state = control.release_store.latest("home").state
        assert state.holdouts["spring"].baseline["podcasts.shelf_position"] == 6
        assert state.rules == ()
        newest = next(entry for entry in control.audit("home") if entry["action"] == "publish")
        assert (newest["facts"]["urgent"], newest["actor"], newest["reason"]) == (True, "grace", "it hurts")
        held = after_it_is_held(control, launch["id"])
        assert (held["state"], held["timeline"][-1]["actor"]) == ("stopped", "grace")
