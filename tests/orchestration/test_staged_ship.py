"""A winner that is shipped by stages: watched until everybody has it, or taken back."""

import itertools
from datetime import datetime, timedelta

import pytest

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import Launch, LaunchDesk, LaunchState, Shipping, move, open_desk, submit, tick
from launch_fakes import FakeWorld, KillableExecutor, Killed, spec_document

SPEC = ExperimentSpec.model_validate(spec_document())


class FakeShip:
    def __init__(self, world: FakeWorld) -> None:
        self.world, self.stands, self.begun, self.aborted = world, Shipping(over=None, words="stage 1"), [], []

    def wanted(self, spec: ExperimentSpec) -> bool:
        return True

    def begin(self, launch: Launch, variant: str, *, actor: str, reason: str, now: datetime) -> Shipping:
        if launch.id not in self.begun:
            self.begun.append(launch.id)
        return self.look(launch)

    def look(self, launch: Launch) -> Shipping:
        at = self.world.clock() + timedelta(hours=1) if self.stands.over is None else None
        return Shipping(over=self.stands.over, words=self.stands.words, look_at=at)

    def abort(self, launch: Launch, *, actor: str, reason: str) -> None:
        self.aborted.append((actor, reason))


def _shipping(executor: KillableExecutor | None = None) -> tuple[FakeWorld, FakeShip, LaunchDesk, Launch]:
    world, ids = FakeWorld(), itertools.count(1)
    world.ship = ship = FakeShip(world)
    desk = open_desk(world.build(), executor or KillableExecutor(), lambda: str(next(ids)))
    launch, _ = submit(desk, SPEC, author="ada")
    move(desk, launch.id, "stop", actor="grace", reason="enough")
    return world, ship, desk, world.launches.get(launch.id)


def _look(world: FakeWorld, desk: LaunchDesk, launch: Launch) -> Launch:
    world.clock.pass_time(hours=1)
    tick(desk)
    return world.launches.get(launch.id)


def test_a_winner_is_shipped_on_every_backend_when_its_last_stage_is_over_and_not_before() -> None:
    world, ship, desk, launch = _shipping()
    assert (launch.state, launch.claim) == (LaunchState.SHIPPING, None)
    assert all(backend.state["podcasts-second"].startswith("stop") for backend in world.backends)
    assert _look(world, desk, launch).state is LaunchState.SHIPPING
    ship.stands = Shipping(over=True, words="every stage went well")
    ended = _look(world, desk, launch)
    assert (ended.state, ended.timeline[-1].reason) == (LaunchState.SHIPPED, "every stage went well")
    assert all(backend.state["podcasts-second"].startswith("ship") for backend in world.backends)
    assert world.learnings["podcasts-second"].outcome == "shipped"


def test_a_shipping_that_was_taken_back_rolls_the_launch_back_with_its_reason() -> None:
    world, ship, desk, launch = _shipping()
    ship.stands = Shipping(over=False, words="taken back: incomplete pages")
    ended = _look(world, desk, launch)
    assert (ended.state, ended.timeline[-1].reason) == (LaunchState.ROLLED_BACK, "taken back: incomplete pages")
    assert world.learnings["podcasts-second"].outcome == "rolled_back"


def test_a_kill_takes_a_shipping_back_at_once() -> None:
    world, ship, desk, launch = _shipping()
    move(desk, launch.id, "kill", actor="grace", reason="it hurts")
    ended = world.launches.get(launch.id)
    assert ship.aborted == [("grace", "KILLED by grace: it hurts")]
    assert ended.state is LaunchState.ROLLED_BACK
    assert all(backend.state["podcasts-second"].startswith("roll_back") for backend in world.backends)


@pytest.mark.parametrize("kill_at", range(8, 24))
def test_killed_while_it_begins_to_ship_it_begins_once(kill_at: int) -> None:
    executor = KillableExecutor(kill_at, before_record=True)
    world, ids = FakeWorld(), itertools.count(1)
    world.ship = ship = FakeShip(world)
    desk = open_desk(world.build(), executor, lambda: str(next(ids)))
    launch, _ = submit(desk, SPEC, author="ada")
    try:
        move(desk, launch.id, "stop", actor="grace", reason="enough")
    except Killed:
        executor.kill_at = None
        executor.launch()
    assert world.launches.get(launch.id).state is LaunchState.SHIPPING
    assert ship.begun == [launch.id]
