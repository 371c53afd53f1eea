"""Calls that do not come back: given up in time, never done twice, and taken back when they end after all."""

import itertools
import threading
import time
from collections.abc import Callable

import pytest

from counterpoint.errors import DependencyFailure
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import Desired, Diff, LaunchDesk, LaunchState, Receipt, move, open_desk, submit, tick
from counterpoint.orchestration.attempts import Calls
from launch_fakes import CountingBackend, FakeWorld, KillableExecutor, hurried, spec_document

SPEC = ExperimentSpec.model_validate(spec_document())
TIMEOUT_S = 0.05


class HungBackend(CountingBackend):
    """Hangs at a goal until it is let go, before its effect or after it."""

    def __init__(self, name: str, goal: str, *, after_effect: bool = False) -> None:
        super().__init__(name)
        self.goal, self.after_effect = goal, after_effect
        self.let_go = threading.Event()
        self.n_calls = 0
        self.n_ended = 0

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        if desired.goal != self.goal:
            return super().apply(desired, diff, idempotency_key)
        self.n_calls += 1
        if self.after_effect:
            receipt = super().apply(desired, diff, idempotency_key)
            assert self.let_go.wait(20)
        else:
            assert self.let_go.wait(20)
            receipt = super().apply(desired, diff, idempotency_key)
        self.n_ended += 1
        return receipt


def _desk(world: FakeWorld) -> LaunchDesk:
    world.steps = hurried(TIMEOUT_S)
    ids = itertools.count(1)
    return open_desk(world.build(), KillableExecutor(), lambda: str(next(ids)))


def _soon(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("after_effect", [False, True])
def test_a_backend_that_hangs_fails_the_launch_in_time_and_what_it_does_late_is_taken_back(after_effect: bool) -> None:
    hung, metrics = HungBackend("flags", "start", after_effect=after_effect), CountingBackend("metrics")
    world = FakeWorld(metrics, hung, CountingBackend("surface"))
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    failed = world.launches.get(launch.id)
    assert (failed.state, failed.claim) == (LaunchState.FAILED, None)
    assert "no answer within 0.05 s" in failed.timeline[-1].reason
    assert "flags may have done a part of it: look there" in failed.timeline[-1].reason
    assert metrics.state == {}
    hung.let_go.set()
    _soon(lambda: bool(hung.reverted))
    assert (hung.state, hung.n_calls) == ({}, 1)


def test_a_backend_that_is_slow_answers_the_next_attempt_and_is_called_once() -> None:
    hung = HungBackend("flags", "start")
    world = FakeWorld(CountingBackend("metrics"), hung)
    threading.Timer(TIMEOUT_S * 1.5, hung.let_go.set).start()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING
    assert (hung.n_calls, hung.n_effects) == (1, 1)


def test_a_backend_that_hangs_while_others_stop_keeps_no_claim_and_stops_when_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    hung, surface = HungBackend("flags", "stop"), CountingBackend("surface")
    world = FakeWorld(hung, surface)
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    move(desk, launch.id, "stop", actor="grace", reason="odd")
    halfway = world.launches.get(launch.id)
    assert surface.state["podcasts-second"].startswith("stop")
    assert (halfway.state, halfway.claim) == (LaunchState.RUNNING, None)
    assert "no answer within" in str(halfway.trouble)
    for _ in range(2):  # still hung: it is asked no second time while it has not answered
        world.clock.pass_time(minutes=6)
        tick(desk)
    assert hung.n_calls == 1
    hung.let_go.set()
    _soon(lambda: hung.n_ended == 1)
    world.clock.pass_time(minutes=6)
    tick(desk)
    assert world.launches.get(launch.id).state is LaunchState.SHIPPED
    assert "taken back" not in caplog.text, "a stop that comes late is what was wanted"


def test_a_stage_that_comes_late_is_not_done_after_the_stop_that_followed_it() -> None:
    hung = HungBackend("flags", "stage")
    world = FakeWorld(hung, CountingBackend("surface"))
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=5)
    tick(desk)
    assert world.launches.get(launch.id).stage == 0
    move(desk, launch.id, "stop", actor="grace", reason="odd")
    assert "an earlier call has not ended" in str(world.launches.get(launch.id).trouble)
    hung.let_go.set()
    _soon(lambda: bool(hung.reverted))
    world.clock.pass_time(minutes=6)
    tick(desk)
    assert world.launches.get(launch.id).state is LaunchState.SHIPPED
    assert hung.state["podcasts-second"].startswith("ship")


def test_a_validator_that_hangs_is_given_up_and_tried_again_later() -> None:
    world = FakeWorld()
    waits = [threading.Event()]

    def validate(*said: object) -> tuple[()]:
        if waits:
            waits.pop().wait(0.5)
        return ()

    world.steps = hurried(TIMEOUT_S)
    built = world.build()
    fields = {field: getattr(built, field) for field in built.__dataclass_fields__ if field != "validate"}
    desk = open_desk(type(built)(**fields, validate=validate), KillableExecutor(), lambda: "1")
    launch, _ = submit(desk, SPEC, author="ada")
    assert world.launches.get(launch.id).state is LaunchState.PLANNED
    time.sleep(0.6)
    for _ in range(3):
        world.clock.pass_time(minutes=2)
        tick(desk)
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


# Calls


def test_two_calls_on_one_line_never_overlap() -> None:
    calls, inside, most = Calls(), [0], [0]

    def step() -> dict[str, int]:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.005)
        inside[0] -= 1
        return {}

    threads = [threading.Thread(target=calls.within, args=("line", f"key {n}", 5.0, step)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_who_asks_under_the_key_of_a_call_under_way_gets_its_answer() -> None:
    calls, go, n_done = Calls(), threading.Event(), [0]

    def step() -> dict[str, int]:
        assert go.wait(5)
        n_done[0] += 1
        return {"n": n_done[0]}

    with pytest.raises(DependencyFailure, match="no answer within"):
        calls.within("line", "key", 0.01, step)
    threading.Timer(0.02, go.set).start()
    assert calls.within("line", "key", 5.0, step) == {"n": 1}
    assert n_done == [1]


def test_a_late_answer_goes_to_whoever_waits_for_it_and_to_nobody_who_asked_again() -> None:
    calls, go, late = Calls(), threading.Event(), []

    def step() -> dict[str, int]:
        assert go.wait(5)
        return {"n": 1}

    with pytest.raises(DependencyFailure):
        calls.within("line", "key", 0.01, step, late=late.append)
    threading.Timer(0.02, go.set).start()
    assert calls.within("line", "key", 5.0, step) == {"n": 1}
    assert late == []
    go.clear()
    with pytest.raises(DependencyFailure):
        calls.within("line", "other", 0.01, step, late=late.append)
    go.set()
    _soon(lambda: late == [{"n": 1}])


def test_what_a_step_raises_is_raised_where_it_was_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        Calls().within("line", "key", 5.0, lambda: {"n": 1 // 0})
