"""Whatever people, faults and time do to a launch, in any order, it ends up in one piece."""

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counterpoint.errors import CounterpointError
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import (
    ENDED,
    Goal,
    Inspection,
    Launch,
    LaunchState,
    approve,
    move,
    open_desk,
    reject,
    submit,
    tick,
    withdraw,
)
from launch_fakes import CountingBackend, FakeWorld, KillableExecutor, Killed, spec_document

SPEC = ExperimentSpec.model_validate(spec_document())
LIVE_AS = {
    LaunchState.RUNNING: ("start", "stage", "resume"),
    LaunchState.PAUSED: ("pause",),
    LaunchState.SHIPPED: ("ship",),
    LaunchState.ROLLED_BACK: ("roll_back",),
}
DOWN = st.tuples(st.just("down"), st.integers(0, 2), st.sampled_from(Goal)).map(lambda each: "{} {} {}".format(*each))
LOSE = st.tuples(st.just("lose"), st.integers(0, 2), st.integers(1, 7)).map(lambda each: "{} {} {}".format(*each))
KILL = st.integers(1, 20).map(lambda n: f"kill {n}")
ACTIONS = st.one_of(
    st.sampled_from(["tick", "approve ada", "approve grace", "withdraw grace", "reject", "pause", "resume", "stop"]),
    st.sampled_from(["harm", "srm", "well", "all up", "defect", "mended"]),
    DOWN,
    LOSE,
    st.floats(-5, 200).map(lambda hours: f"hours {hours}"),
    KILL,
)


class Scene:
    """One launch on fakes, and everything that can happen to it."""

    def __init__(self, *, n_approvals: int, before_record: bool, at_first: list[str]) -> None:
        self.world = FakeWorld(*(CountingBackend(name) for name in ("metrics", "flags", "surface")))
        self.world.n_approvals = n_approvals
        self.executor = KillableExecutor(before_record=before_record)
        self.desk = open_desk(self.world.build(), self.executor, lambda: "1")
        for action in at_first:
            self.do(action)
        self.survive(lambda: submit(self.desk, SPEC, author="ada"))

    @property
    def launch(self) -> Launch:
        (launch,) = self.world.launches.rows.values()
        return launch

    def survive(self, act: Callable[[], object]) -> None:
        try:
            act()
        except CounterpointError:
            pass  # refused, which is an answer
        except Killed:
            self.executor.kill_at = None
            self.executor.launch()

    def do(self, action: str) -> None:
        match action.split():
            case ["tick"]:
                self.survive(lambda: tick(self.desk))
            case ["approve", by]:
                self.survive(lambda: approve(self.desk, self.launch.id, by=by))
            case ["withdraw", by]:
                self.survive(lambda: withdraw(self.desk, self.launch.id, by=by, reason="second thoughts"))
            case ["reject"]:
                self.survive(lambda: reject(self.desk, self.launch.id, by="grace", reason="no"))
            case [("pause" | "resume" | "stop") as goal]:
                self.survive(lambda: move(self.desk, self.launch.id, Goal(goal), actor="grace", reason="because"))
            case ["harm"]:
                self.world.inspection = Inspection(harmed=("latency",), budget_open=True)
            case ["srm"]:
                self.world.inspection = Inspection(srm=True)
            case ["well" | "mended"]:
                self.world.inspection = Inspection(budget_open=True)
            case ["defect"]:
                self.world.inspection = None  # type: ignore[assignment]
            case ["down", number, goal]:
                self.world.backends[int(number)].fail_on = goal
            case ["lose", number, n]:
                self.world.backends[int(number)].n_lost_answers = int(n)
            case ["all", "up"]:
                self.heal()
            case ["hours", hours]:
                self.world.clock.pass_time(hours=float(hours))
            case ["kill", number]:
                self.executor.kill_at = self.executor.n_steps + int(number)

    def heal(self) -> None:
        for backend in self.world.backends:
            backend.fail_on = None
            backend.n_lost_answers = 0

    def settle(self) -> None:
        """Let everything work again, and time pass until nothing is due but the looks of a calm experiment."""
        self.executor.kill_at = None
        self.heal()
        self.world.inspection = Inspection(budget_open=True)
        for _ in range(12):
            if self.launch.due_at is None:
                return
            self.world.clock.now = max(self.world.clock.now, self.launch.due_at)
            self.survive(lambda: tick(self.desk))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    at_first=st.lists(st.one_of(DOWN, LOSE, KILL), max_size=2),
    actions=st.lists(ACTIONS, max_size=25),
    n_approvals=st.integers(0, 1),
    before_record=st.booleans(),
)
def test_a_launch_ends_up_in_one_piece(
    at_first: list[str], actions: list[str], n_approvals: int, before_record: bool
) -> None:
    scene = Scene(n_approvals=n_approvals, before_record=before_record, at_first=at_first)
    for action in actions:
        scene.do(action)
    scene.settle()
    launch = scene.launch
    waits_for_somebody = launch.state in (LaunchState.VALIDATED, LaunchState.PAUSED)
    assert launch.due_at is not None or waits_for_somebody or launch.state in ENDED, "nobody will look at it again"
    assert launch.claim is None
    times = [entry.at for entry in launch.timeline]
    assert times == sorted(times)
    live_as = LIVE_AS.get(launch.state)
    for backend in scene.world.backends:
        live = backend.state.get("podcasts-second")
        if launch.state is LaunchState.FAILED and f"{backend.name} may have done a part" in launch.timeline[-1].reason:
            continue
        if live_as is None:
            assert live is None, f"{launch.state}, but {backend.name} has {live}"
        else:
            assert str(live).split(":")[0] in live_as, f"{launch.state}, but {backend.name} has {live}"
            if launch.state is LaunchState.RUNNING and not str(live).startswith("resume"):
                assert str(live).split(":")[1] == str(launch.stage)
