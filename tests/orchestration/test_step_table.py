"""The table of steps: complete, and its stored names as they always were."""

import itertools

import pytest

from counterpoint.errors import PlatformFault
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import STEPS, Inspection, LaunchDesk, amend_text, move, open_desk, submit, tick
from counterpoint.orchestration.desk import WORKFLOWS
from counterpoint.orchestration.steps import policy_of
from launch_fakes import CountingBackend, FakeWorld, KillableExecutor, spec_document
from orchestration.test_staged_ship import FakeShip

SPEC = ExperimentSpec.model_validate(spec_document())

STORED = """
validate; apply *; apply surface; verify *; revert *; record running; record failure;
inspect; record look; record smoke check; hear kill; claim;
record stage; record pause; record resume; record restart; record retry; record amend;
record stopped; record held; decide; learn; begin shipping; abort shipping; record end
"""
"""Once here, a name stays: workflows that sleep in some database were recorded under it."""


def _names() -> list[str]:
    return [name.strip() for name in STORED.replace("\n", ";").split(";") if name.strip()]


def test_no_stored_name_was_changed_or_taken_away() -> None:
    assert [name for name in _names() if name not in STEPS] == []
    assert set(WORKFLOWS) >= {"begin", "look", "intervene", "amend"}


def test_every_name_in_the_table_is_in_the_committed_list() -> None:
    assert sorted(STEPS) == sorted(_names()), "add the new name to the list; never take one out"


def test_every_step_says_how_long_it_may_take_how_often_it_is_tried_and_what_undoes_it() -> None:
    for name, policy in STEPS.items():
        assert 1 <= policy.timeout_s <= 600, name
        assert all(wait > 0 for wait in policy.waits_s), name
        assert len(policy.undone_by.split()) >= 1, name


def test_a_step_that_nobody_declared_is_a_defect() -> None:
    with pytest.raises(PlatformFault, match="lacks 'improvise'"):
        policy_of(STEPS, "improvise")


def _whole(executor: KillableExecutor) -> None:
    """Take launches through everything that can happen to one."""
    flags = CountingBackend("flags", fail_on="stage")
    world = FakeWorld(flags, CountingBackend("surface"))
    ids = itertools.count(1)
    desk: LaunchDesk = open_desk(world.build(), executor, lambda: str(next(ids)))
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=1)
    world.inspection = Inspection(smoke="it works", budget_open=True)
    tick(desk)
    world.inspection = Inspection(budget_open=True)
    world.clock.pass_time(hours=4)
    tick(desk)
    flags.fail_on = None
    world.clock.pass_time(hours=4)
    tick(desk)
    slower = SPEC.schedule.ramp[1].model_copy(update={"hours": 90})
    schedule = SPEC.schedule.model_copy(update={"ramp": (SPEC.schedule.ramp[0], slower)})
    amended = SPEC.model_copy(update={"schedule": schedule})
    amend_text(desk, launch.id, amended, actor="grace", reason="because")
    for verb in ("pause", "resume", "hold", "restart", "kill", "restart", "stop"):
        move(desk, launch.id, verb, actor="grace", reason="because")
    world.inspection = Inspection(srm=True)
    second, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=1)
    tick(desk)
    move(desk, second.id, "stop", actor="grace", reason="because")
    world.ship = FakeShip(world)
    desk = open_desk(world.build(), executor, lambda: str(next(ids)))
    third, _ = submit(desk, SPEC, author="ada")
    for verb in ("stop", "kill"):
        move(desk, third.id, verb, actor="grace", reason="because")
    # Its experiment goes live on the first backend and not on the second.
    world.backends[1].fail_on = "start"
    submit(desk, SPEC, author="ada")


def test_the_table_has_every_step_that_is_run_and_no_other() -> None:
    executor = KillableExecutor()
    _whole(executor)
    assert executor.failures == {}
    met = {name if name in STEPS else f"{name.split(' ')[0]} *" for name in executor.names}
    assert met == set(STEPS)
