"""A running launch is amended on every backend or on none, whenever its process is killed, and never over people."""

import itertools
from typing import Any

import pytest

from counterpoint.errors import Conflict, Forbidden, InvalidInput
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import LaunchDesk, LaunchState, amend_text, approve, move, open_desk, submit
from launch_fakes import CountingBackend, FakeWorld, KillableExecutor, Killed, spec_document

SLOWER: dict[str, Any] = {"days": 14, "ramp": [{"share": 0.01, "hours": 48}, {"share": 0.05, "hours": 24}]}
FASTER: dict[str, Any] = {"days": 14, "ramp": [{"share": 0.01, "hours": 1}, {"share": 0.05, "hours": 24}]}


def text(**changes: Any) -> ExperimentSpec:
    return ExperimentSpec.model_validate(spec_document(**changes))


def running(world: FakeWorld, executor: KillableExecutor) -> tuple[LaunchDesk, str]:
    ids = itertools.count()
    desk = open_desk(world.build(), executor, lambda: str(next(ids)))
    launch, _ = submit(desk, text(), author="ada")
    if world.n_approvals:
        approve(desk, launch.id, by="bob")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING
    return desk, launch.id


def test_an_amended_launch_goes_on_by_its_new_text_and_says_who_changed_it_and_what_it_was() -> None:
    world = FakeWorld()
    desk, launch = running(world, KillableExecutor())
    before = world.launches.get(launch)
    amend_text(desk, launch, text(schedule=SLOWER), actor="grace", reason="watch it over a weekend")
    after = world.launches.get(launch)
    assert after.spec == text(schedule=SLOWER).model_dump(mode="json")
    entry = after.timeline[-1]
    assert (entry.step, entry.actor, entry.reason) == ("amend", "grace", "amended by grace: watch it over a weekend")
    assert entry.evidence["before"] == before.spec
    assert (after.claim, after.stage, after.state) == (None, 0, LaunchState.RUNNING)
    # The smoke check is what comes first in both; only the stage after it has moved.
    assert after.due_at == before.due_at


def _n_steps() -> tuple[int, int]:
    executor = KillableExecutor()
    desk, launch = running(FakeWorld(), executor)
    first = executor.n_steps
    amend_text(desk, launch, text(schedule=SLOWER), actor="grace", reason="slower")
    return first, executor.n_steps


@pytest.mark.parametrize("before_record", [False, True])
def test_killed_at_any_step_it_ends_as_though_it_had_not_been(before_record: bool) -> None:
    first, last = _n_steps()
    assert last - first > len(FakeWorld().backends)
    for kill_at in range(first + 1, last + 1):
        world, executor = FakeWorld(), KillableExecutor(kill_at, before_record=before_record)
        desk, launch = running(world, executor)
        with pytest.raises(Killed):
            amend_text(desk, launch, text(schedule=SLOWER), actor="grace", reason="slower")
        open_desk(world.build(), executor, lambda: "again")
        after = world.launches.get(launch)
        assert (after.spec["schedule"]["ramp"][0]["hours"], after.claim) == (48.0, None)
        assert [entry.step for entry in after.timeline].count("amend") == 1
        assert [backend.n_effects for backend in world.backends] == [2, 2]


def test_a_backend_that_refuses_leaves_every_backend_and_the_launch_as_they_were() -> None:
    metrics, surface = CountingBackend("metrics"), CountingBackend("surface", fail_on="amend")
    world = FakeWorld(metrics, surface)
    desk, launch = running(world, KillableExecutor())
    was = dict(metrics.state)
    amend_text(desk, launch, text(schedule=SLOWER), actor="grace", reason="slower")
    after = world.launches.get(launch)
    assert metrics.state == was
    assert after.spec == text().model_dump(mode="json")
    assert after.claim is None
    assert "not amended: surface: surface is down" in (after.trouble or "")


def test_what_cannot_be_taken_back_is_said_loudly() -> None:
    world = FakeWorld(CountingBackend("metrics", fail_revert=True), CountingBackend("surface", fail_on="amend"))
    desk, launch = running(world, KillableExecutor())
    amend_text(desk, launch, text(schedule=SLOWER), actor="grace", reason="slower")
    assert "may STILL stand in metrics" in (world.launches.get(launch).trouble or "")


def test_what_exposes_more_asks_for_the_approvals_of_a_launch_and_what_exposes_less_does_not() -> None:
    world = FakeWorld()
    world.n_approvals = 1
    desk, launch = running(world, KillableExecutor())
    with pytest.raises(Forbidden) as refused:
        amend_text(desk, launch, text(schedule=FASTER), actor="ada", reason="we are in a hurry")
    assert refused.value.code == "amendment_unapproved"
    amend_text(desk, launch, text(schedule=SLOWER), actor="ada", reason="we are not")
    amend_text(desk, launch, text(schedule=FASTER), actor="grace", reason="seen, and agreed")
    assert world.launches.get(launch).spec["schedule"]["ramp"][0]["hours"] == 1.0


def test_a_paused_launch_is_amended_and_stays_paused() -> None:
    world = FakeWorld()
    desk, launch = running(world, KillableExecutor())
    move(desk, launch, "pause", actor="grace", reason="wait")
    amend_text(desk, launch, text(schedule=SLOWER), actor="grace", reason="slower")
    after = world.launches.get(launch)
    assert (after.state, after.due_at, after.spec["schedule"]["ramp"][0]["hours"]) == (LaunchState.PAUSED, None, 48.0)


@pytest.mark.parametrize(
    ("changes", "reason", "code"),
    [
        ({}, "why not", "nothing_amended"),
        ({"schedule": SLOWER}, " ", "reason_missing"),
        ({"allocation": 0.2}, "more", "not_amendable"),
    ],
)
def test_what_cannot_be_done_is_refused_at_once(changes: dict[str, Any], reason: str, code: str) -> None:
    world = FakeWorld()
    desk, launch = running(world, KillableExecutor())
    before = world.launches.get(launch)
    with pytest.raises((Conflict, InvalidInput)) as refused:
        amend_text(desk, launch, text(**changes), actor="grace", reason=reason)
    assert refused.value.code == code
    assert world.launches.get(launch) == before


def test_a_launch_that_has_stopped_is_not_amended() -> None:
    world = FakeWorld()
    desk, launch = running(world, KillableExecutor())
    move(desk, launch, "hold", actor="grace", reason="wait")
    with pytest.raises(Conflict, match="stopped"):
        amend_text(desk, launch, text(schedule=SLOWER), actor="grace", reason="slower")
