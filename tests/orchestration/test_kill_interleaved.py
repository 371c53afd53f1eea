"""A kill that lands anywhere between the steps of whatever else moves a launch: its state agrees with what is live."""

import dataclasses
import threading
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import (
    Inspection,
    Launch,
    LaunchState,
    Outcome,
    Progress,
    Workflow,
    move,
    open_desk,
    submit,
    tick,
)
from launch_fakes import CountingBackend, FakeWorld, spec_document

SPEC = ExperimentSpec.model_validate(spec_document())
LIVE_AS = {
    LaunchState.RUNNING: ("start", "stage", "resume", "restart"),
    LaunchState.PAUSED: ("pause",),
    LaunchState.STOPPED: ("stop", "kill"),
    LaunchState.SHIPPED: ("ship",),
    LaunchState.ROLLED_BACK: ("roll_back",),
}
_PATIENCE_S = 20.0
_ME: ContextVar[int | None] = ContextVar("me", default=None)


class Turns:
    """Lets one of several workflows take one step at a time, in the order that `whose` says, and then in turn."""

    def __init__(self, whose: list[int]) -> None:
        self._whose, self._free, self._busy = list(whose), threading.Condition(), False
        self.alive: list[int] = []

    def take(self, number: int) -> None:
        with self._free:
            mine = self._free.wait_for(lambda: not self._busy and self._next() == number, _PATIENCE_S)
            assert mine, "nobody has a turn"
            self._busy = True
            if self._whose:
                self._whose.pop(0)
            else:
                self.alive.append(self.alive.pop(0))

    def give(self) -> None:
        with self._free:
            self._busy = False
            self._free.notify_all()

    def end(self, number: int) -> None:
        with self._free:
            self.alive.remove(number)
            self._free.notify_all()

    def _next(self) -> int:
        return sorted(self.alive)[self._whose[0] % len(self.alive)] if self._whose else self.alive[0]


class SideBySide:
    """An executor that runs workflows at once, and those of `together` side by side, one step at a time."""

    def __init__(self) -> None:
        self.workflows: dict[str, Workflow] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.turns: Turns | None = None
        self.threads: list[threading.Thread] = []
        self.errors: list[BaseException] = []

    def register(self, name: str, workflow: Workflow) -> None:
        self.workflows[name] = workflow

    def launch(self) -> None:
        pass

    def start(self, name: str, workflow_id: str, argument: Any) -> None:
        if workflow_id in self.outcomes:
            return
        self.outcomes[workflow_id] = {}
        turns = self.turns
        if turns is None:
            self.outcomes[workflow_id] = self.workflows[name](self, argument)
            return
        number = len(self.threads)
        turns.alive.append(number)

        def run() -> None:
            _ME.set(number)
            try:
                self.outcomes[workflow_id] = self.workflows[name](self, argument)
            except BaseException as error:
                self.errors.append(error)
            finally:
                turns.end(number)

        self.threads.append(threading.Thread(target=copy_context().run, args=(run,), daemon=True))

    def run(self, name: str, step: Callable[[], Outcome]) -> Outcome:
        me, turns = _ME.get(), self.turns
        if me is None or turns is None:
            return step()
        turns.take(me)
        try:
            return msgspec.json.decode(msgspec.json.encode(step()))
        finally:
            turns.give()

    def sleep(self, seconds: float) -> None:
        """Let the others have their turns: what waits in the middle of a step waits for one of them."""
        me, turns = _ME.get(), self.turns
        if me is not None and turns is not None:
            turns.give()
            turns.take(me)

    def together(self, whose: list[int], *begin: Callable[[], object]) -> None:
        self.turns, self.threads = Turns(whose), []
        for act in begin:
            act()
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join(_PATIENCE_S)
            assert not thread.is_alive()
        self.turns = None

    def wait(self, workflow_id: str, timeout_s: float) -> Outcome:
        return self.outcomes[workflow_id]

    def progress(self, workflow_id: str) -> Progress:
        return Progress.DONE if workflow_id in self.outcomes else Progress.UNKNOWN

    def rescue(self, workflow_id: str) -> None:
        pass

    def close(self) -> None:
        pass


def _interleaved(before: str, whose: list[int], *, wins: bool, down: int | None) -> tuple[Launch, FakeWorld]:
    world, executor = FakeWorld(*(CountingBackend(name) for name in ("metrics", "flags", "surface"))), SideBySide()
    world.inspection = Inspection(budget_open=True)
    if not wins:
        world.verdict = dataclasses.replace(world.verdict, ship=None)
    built = dataclasses.replace(world.build(), sleep=executor.sleep)
    desk = open_desk(built, executor, iter("123").__next__)
    launch, _ = submit(desk, SPEC, author="ada")
    name = launch.id
    if before in FIRST:
        move(desk, name, FIRST[before], actor="grace", reason="first")

    def other() -> None:
        if before == "tick":
            tick(desk)
        else:
            move(desk, name, before, actor="grace", reason="because")

    def kill() -> None:
        said = {"launch": name, "run": "kill", "goal": "kill", "actor": "grace", "reason": "it hurts"}
        executor.start("intervene", "kill", said)

    if before == "tick":
        world.clock.pass_time(hours=5)
    if down is not None:
        goals = {"tick": "stage", "stop": "ship" if wins else "roll_back"}
        world.backends[down].fail_on = goals.get(before, before)
    executor.together(whose, other, kill)
    assert not executor.errors
    for backend in world.backends:
        backend.fail_on = None
    for _ in range(6):
        launch = world.launches.get(name)
        if launch.wish is None and launch.trouble is None and launch.state is not LaunchState.DECIDED:
            break
        world.clock.now = max(world.clock.now, launch.due_at or world.clock.now)
        tick(desk)
    return world.launches.get(name), world


FIRST = {"resume": "pause", "restart": "hold"}
OTHERS = st.sampled_from(["stop", "tick", "pause", "resume", "hold", "restart"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    before=OTHERS,
    whose=st.lists(st.integers(0, 1), max_size=40),
    wins=st.booleans(),
    down=st.one_of(st.none(), st.integers(0, 2)),
)
# The surface has shipped and the flags have not; then the kill is heard, tells all at once, and waits for its turn.
@example(before="stop", whose=[0] * 11 + [1] * 8, wins=True, down=None)
@example(before="stop", whose=[0] * 15 + [1] * 12, wins=True, down=None)
@example(before="stop", whose=[0] * 17 + [1] * 12, wins=True, down=1)
@example(before="restart", whose=[0] * 4 + [1] * 8, wins=True, down=None)
def test_a_kill_that_lands_between_any_two_steps_leaves_a_state_that_agrees_with_what_is_live(
    before: str, whose: list[int], wins: bool, down: int | None
) -> None:
    launch, world = _interleaved(before, whose, wins=wins, down=down)
    assert launch.claim is None
    assert launch.wish is None
    live = {backend.name: str(backend.state.get("podcasts-second")).split(":")[0] for backend in world.backends}
    assert set(live.values()) <= set(LIVE_AS[launch.state]), f"{launch.state}, held {launch.held}: {live}"
    heard = not any(entry.step == "restart" for entry in launch.timeline) and before != "restart"
    if heard and launch.state is not LaunchState.SHIPPED:
        assert launch.held or launch.state is LaunchState.ROLLED_BACK, "it was killed"
