"""What goes wrong around a launch: backends that lie, runs that fail, several at once, clocks that jump."""

import itertools
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.errors import Conflict, DependencyFailure
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import (
    Desired,
    Diff,
    Goal,
    Inspection,
    Launch,
    LaunchDesk,
    LaunchState,
    LaunchWorld,
    MeasurementBackend,
    Receipt,
    SurfaceBackend,
    move,
    open_desk,
    submit,
    tick,
)
from experiment_examples import KEY, a_spec, attested, first_release
from launch_fakes import START, CountingBackend, FakeWorld, KillableExecutor, Killed, spec_document

SPEC = ExperimentSpec.model_validate(spec_document())


def _desk(world: FakeWorld, executor: KillableExecutor | None = None) -> LaunchDesk:
    ids = itertools.count(1)
    return open_desk(world.build(), executor or KillableExecutor(), lambda: str(next(ids)))


class HookedBackend(CountingBackend):
    """Calls a hook before or after the effect of each apply."""

    def __init__(
        self,
        name: str,
        before: Callable[[Desired], None] = lambda desired: None,
        after: Callable[[Desired], None] = lambda desired: None,
    ) -> None:
        super().__init__(name)
        self.before, self.after = before, after

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        self.before(desired)
        receipt = super().apply(desired, diff, idempotency_key)
        self.after(desired)
        return receipt


def _once(error: Exception) -> Callable[[Desired], None]:
    errors = [error]

    def hook(desired: Desired) -> None:
        if errors:
            raise errors.pop()

    return hook


def _raise(error: Exception) -> Callable[..., None]:
    def hook(*anything: object) -> None:
        raise error

    return hook


DOWN = DependencyFailure("backend_down", "it is down")


# Backends


def test_a_backend_that_is_down_for_a_moment_is_asked_again() -> None:
    world = FakeWorld(CountingBackend("metrics"), HookedBackend("surface", before=_once(DOWN)))
    launch, _ = submit(_desk(world), SPEC, author="ada")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_an_answer_that_was_lost_is_found_again_and_nothing_is_done_twice() -> None:
    surface = HookedBackend("surface", after=_once(DOWN))
    world = FakeWorld(CountingBackend("metrics"), surface)
    launch, _ = submit(_desk(world), SPEC, author="ada")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING
    assert surface.n_effects == 1


@pytest.mark.parametrize("error", [DOWN, ZeroDivisionError("a defect")], ids=["down", "defective"])
def test_a_backend_that_keeps_failing_is_told_of_as_perhaps_half_done_and_what_came_before_is_reverted(
    error: Exception,
) -> None:
    metrics = CountingBackend("metrics")
    world = FakeWorld(metrics, HookedBackend("flags", after=_raise(error)))
    launch, _ = submit(_desk(world), SPEC, author="ada")
    failed = world.launches.get(launch.id)
    assert failed.state is LaunchState.FAILED
    assert "flags may have done a part of it: look there" in failed.timeline[-1].reason
    assert metrics.state == {}


def test_a_backend_that_refuses_has_done_nothing_and_is_asked_once() -> None:
    asked: list[Goal] = []

    def refuse(desired: Desired) -> None:
        asked.append(desired.goal)
        raise Conflict("taken", "the flag is taken")

    world = FakeWorld(CountingBackend("metrics"), HookedBackend("flags", before=refuse))
    launch, _ = submit(_desk(world), SPEC, author="ada")
    assert "look there" not in world.launches.get(launch.id).timeline[-1].reason
    assert asked == [Goal.START]


class DictPlans(dict):
    def put(self, experiment: str, plan: dict) -> None:
        self[experiment] = plan


@pytest.mark.parametrize("goal", [Goal.STAGE, Goal.PAUSE, Goal.STOP])
def test_a_later_step_that_fails_leaves_the_analysis_plan_registered(goal: Goal) -> None:
    plans = DictPlans()
    world = FakeWorld(MeasurementBackend(plans), CountingBackend("surface", fail_on=goal))
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    if goal is Goal.STAGE:
        world.clock.pass_time(hours=5)
        tick(desk)
    else:
        move(desk, launch.id, goal, actor="ada", reason="because")
    kept = world.launches.get(launch.id)
    assert kept.state is LaunchState.RUNNING
    assert kept.trouble is not None
    assert "withdrawn" not in plans["podcasts-second"]


def test_a_launch_that_failed_withdraws_its_plan_and_its_key_may_be_launched_again() -> None:
    plans, releases = DictPlans(), MemoryReleaseStore()
    first_release(releases)
    last = CountingBackend("flags", fail_on="start")
    surface = SurfaceBackend(releases, lambda change, base, now: attested(change), KEY)
    world = FakeWorld(MeasurementBackend(plans), surface, last)
    world.clock.now = START.replace(year=2027)
    desk = _desk(world)
    first, _ = submit(desk, a_spec(), author="ada")
    assert world.launches.get(first.id).state is LaunchState.FAILED
    assert releases.latest("home").state.experiments == {}
    assert plans["e1"]["withdrawn"]["by"] == "ada"
    last.fail_on = None
    second, _ = submit(desk, a_spec(), author="ada")
    assert world.launches.get(second.id).state is LaunchState.RUNNING
    assert "withdrawn" not in plans["e1"]
    assert str(releases.latest("home").state.experiments["e1"].state) == "running"


# Runs that end with an error nobody expected


def _broken_validator(world: FakeWorld, n_failures: int) -> LaunchWorld:
    left = [True] * n_failures

    def validate(spec: ExperimentSpec, now: datetime) -> tuple[()]:
        if left:
            left.pop()
            raise ZeroDivisionError("a defect in the validator")
        return ()

    built = world.build()
    return LaunchWorld(
        **{field: getattr(built, field) for field in built.__dataclass_fields__ if field != "validate"},
        validate=validate,
    )


def _wait_until_due(desk: LaunchDesk, world: FakeWorld, launch_id: str, until: Callable[[Launch], bool]) -> Launch:
    for _ in range(40):
        launch = world.launches.get(launch_id)
        if until(launch):
            return launch
        assert launch.due_at is not None, "nobody will ever look at it again"
        world.clock.now = max(world.clock.now, launch.due_at)
        tick(desk)
    raise AssertionError(f"still {launch.state}: {launch.trouble}")


def test_a_begin_that_ended_with_a_defect_is_tried_again_and_says_why_meanwhile() -> None:
    world = FakeWorld()
    desk = open_desk(_broken_validator(world, 2), KillableExecutor(), lambda: "1")
    launch, _ = submit(desk, SPEC, author="ada")
    troubled = _wait_until_due(desk, world, launch.id, lambda each: each.trouble is not None)
    assert "a defect in the validator" in str(troubled.trouble)
    running = _wait_until_due(desk, world, launch.id, lambda each: each.state is LaunchState.RUNNING)
    assert (running.trouble, running.n_troubles) == (None, 0)


def test_a_begin_that_never_succeeds_is_given_up_and_frees_its_experiment() -> None:
    world = FakeWorld()
    desk = open_desk(_broken_validator(world, 6), KillableExecutor(), lambda: str(len(world.launches.rows)))
    launch, _ = submit(desk, SPEC, author="ada")
    failed = _wait_until_due(desk, world, launch.id, lambda each: each.state is LaunchState.FAILED)
    assert failed.timeline[-1].reason.startswith("given up after 6 attempts")
    assert failed.due_at is None
    again, _ = submit(desk, SPEC, author="ada")
    assert world.launches.get(again.id).state is LaunchState.RUNNING


def test_a_look_that_ended_with_a_defect_is_repeated_less_and_less_often_until_it_succeeds() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = None  # type: ignore[assignment]
    waits, last = [], world.clock.now
    for n_troubles in range(1, 9):
        troubled = _wait_until_due(desk, world, launch.id, lambda each, n=n_troubles: each.n_troubles == n)
        waits.append((troubled.due_at or last) - world.clock.now)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
    world.inspection = Inspection(budget_open=True)
    healed = _wait_until_due(desk, world, launch.id, lambda each: each.trouble is None)
    assert healed.state is LaunchState.RUNNING


def test_a_launch_whose_process_died_before_its_workflow_started_begins_at_the_next_tick() -> None:
    world = FakeWorld()
    executor = KillableExecutor()
    desk = _desk(world, executor)
    executor.start = _raise(RuntimeError("killed here"))  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        submit(desk, SPEC, author="ada")
    del executor.start
    (launch,) = world.launches.list()
    _wait_until_due(desk, world, launch.id, lambda each: each.state is LaunchState.RUNNING)


def test_a_claim_of_a_run_that_nobody_knows_any_more_is_broken() -> None:
    world = FakeWorld()
    launch, _ = submit(_desk(world, KillableExecutor(kill_at=10)), SPEC, author="ada")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING
    world.clock.pass_time(hours=5)
    lost = KillableExecutor(kill_at=2)
    with pytest.raises(Killed):
        tick(_desk(world, lost))
    assert world.launches.get(launch.id).claim is not None
    # The durable store itself is lost: a new, empty one.
    desk = _desk(world)
    assert _wait_until_due(desk, world, launch.id, lambda each: each.stage == 1).claim is None


def test_a_run_that_took_over_ends_what_another_had_applied_without_asking_the_validator() -> None:
    surface = CountingBackend("surface")
    world = FakeWorld(CountingBackend("metrics"), surface)
    with pytest.raises(Killed):
        submit(_desk(world, KillableExecutor(kill_at=6)), SPEC, author="ada")
    (launch,) = world.launches.list()
    assert launch.state is LaunchState.APPROVED
    assert surface.n_effects == 1
    # The experiment is live now: a validator would say that its key is taken.
    desk = open_desk(_broken_validator(world, 99), KillableExecutor(), lambda: "2")
    _wait_until_due(desk, world, launch.id, lambda each: each.state is LaunchState.RUNNING)
    assert surface.n_effects == 1


# Several at once


def test_two_runs_that_begin_one_launch_touch_the_backends_once() -> None:
    world = FakeWorld()
    executor = KillableExecutor()
    nested: list[str] = []

    def begin_again(desired: Desired) -> None:
        executor.start("begin", "rival", {"launch": desired.launch_id, "run": "rival"})
        nested.append(executor.outcomes["rival"]["reason"])

    world.backends = (HookedBackend("metrics", before=begin_again), CountingBackend("surface"))
    desk = _desk(world, executor)
    launch, _ = submit(desk, SPEC, author="ada")
    assert nested == ["another run begins it"]
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_a_look_finds_another_at_work_and_does_nothing() -> None:
    world = FakeWorld()
    executor = KillableExecutor()
    seen: list[str] = []

    def look_again(desired: Desired) -> None:
        if desired.goal is Goal.STAGE:
            executor.start("look", "rival", {"launch": desired.launch_id, "run": "rival"})
            seen.append(executor.outcomes["rival"]["reason"])

    world.backends = (HookedBackend("metrics", before=look_again), CountingBackend("surface"))
    desk = _desk(world, executor)
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=4)
    tick(desk)
    assert seen == ["another run is moving it"]
    assert world.launches.get(launch.id).stage == 1


def test_a_pause_during_a_ramp_step_comes_after_it_and_stays() -> None:
    ramping, go_on = threading.Event(), threading.Event()

    def hold(desired: Desired) -> None:
        if desired.goal is Goal.STAGE:
            ramping.set()
            go_on.wait(10)

    surface = HookedBackend("surface", after=hold)
    world = FakeWorld(CountingBackend("metrics"), surface)
    built = world.build()
    patient = LaunchWorld(
        **{field: getattr(built, field) for field in built.__dataclass_fields__ if field != "sleep"},
        sleep=lambda seconds: time.sleep(0.001),
    )
    desk = open_desk(patient, KillableExecutor(), lambda: "1")
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=4)
    looking = threading.Thread(target=tick, args=(desk,))
    looking.start()
    assert ramping.wait(10)
    threading.Timer(0.05, go_on.set).start()
    move(desk, launch.id, Goal.PAUSE, actor="grace", reason="the pages are odd")
    looking.join(10)
    paused = world.launches.get(launch.id)
    assert (paused.state, paused.stage, paused.due_at, paused.claim) == (LaunchState.PAUSED, 1, None, None)
    assert surface.state["podcasts-second"] == "pause:1:None"


def test_a_wish_that_cannot_be_carried_out_fails_loudly() -> None:
    world = FakeWorld()
    executor = KillableExecutor()
    failures: list[str] = []

    def stop_now(desired: Desired) -> None:
        if desired.goal is Goal.STAGE:
            _, workflow = move(desk, desired.launch_id, Goal.STOP, actor="grace", reason="now")
            failures.append(executor.failures[workflow])

    world.backends = (HookedBackend("metrics", before=stop_now),)
    desk = _desk(world, executor)
    submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=4)
    tick(desk)
    assert "say it again" in failures[0]


# Clocks


def test_a_clock_that_is_set_back_makes_no_timeline_that_runs_backwards() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(days=-3)
    move(desk, launch.id, Goal.PAUSE, actor="ada", reason="because")
    move(desk, launch.id, Goal.RESUME, actor="ada", reason="because")
    resumed = world.launches.get(launch.id)
    times = [entry.at for entry in resumed.timeline]
    assert times == sorted(times)
    assert resumed.due_at is not None
    move(desk, launch.id, Goal.STOP, actor="ada", reason="because")
    stopped = world.launches.get(launch.id)
    assert stopped.ended_at >= stopped.started_at


def test_a_clock_that_jumped_over_all_stages_takes_no_stage_twice_and_concludes() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(days=400)
    tick(desk)
    states = [entry.state for entry in world.launches.get(launch.id).timeline]
    assert states[-4:] == ["running", "stopped", "decided", "shipped"]


def test_a_platform_that_was_down_for_days_holds_each_stage_for_its_hours_all_the_same() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(days=5)
    for _ in range(5):
        tick(desk)
    assert world.launches.get(launch.id).stage == 1
    world.clock.pass_time(hours=24)
    tick(desk)
    assert world.launches.get(launch.id).stage == 2


# Taking away


@pytest.mark.parametrize("goal", [Goal.PAUSE, Goal.STOP])
def test_a_backend_that_is_down_keeps_no_other_from_pausing_or_stopping(goal: Goal) -> None:
    flags, surface = CountingBackend("flags", fail_on=goal), CountingBackend("surface")
    world = FakeWorld(flags, surface)
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    move(desk, launch.id, goal, actor="grace", reason="the pages are odd")
    assert surface.state["podcasts-second"].startswith(str(goal))
    halfway = world.launches.get(launch.id)
    assert (halfway.state, halfway.trouble) == (LaunchState.RUNNING, "flags: flags is down.")
    flags.fail_on = None
    settled = _wait_until_due(desk, world, launch.id, lambda each: each.state is not LaunchState.RUNNING)
    assert settled.state is (LaunchState.PAUSED if goal is Goal.PAUSE else LaunchState.SHIPPED)
    assert (settled.wish, settled.trouble) == (None, None)
    said = next(entry.reason for entry in settled.timeline if "grace" in entry.reason)
    assert said.endswith("by grace: the pages are odd")


def test_a_pause_for_a_wrong_split_that_some_backend_missed_is_ended_though_the_split_looks_right_again() -> None:
    flags = CountingBackend("flags", fail_on="pause")
    world = FakeWorld(flags, CountingBackend("surface"))
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = Inspection(srm=True)
    _wait_until_due(desk, world, launch.id, lambda each: each.trouble is not None)
    world.inspection, flags.fail_on = Inspection(budget_open=True), None
    paused = _wait_until_due(desk, world, launch.id, lambda each: each.state is LaunchState.PAUSED)
    assert "the split of units" in paused.timeline[-1].reason
    assert flags.state == {"podcasts-second": "pause:0:None"}


def test_a_resume_that_failed_leaves_everything_paused() -> None:
    surface, flags = CountingBackend("surface"), CountingBackend("flags", fail_on="resume")
    reverted: list[str] = []
    surface.revert = lambda receipt, **words: reverted.append(receipt.backend)  # type: ignore[method-assign]
    world = FakeWorld(surface, flags)
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    move(desk, launch.id, Goal.PAUSE, actor="grace", reason="odd")
    move(desk, launch.id, Goal.RESUME, actor="grace", reason="fine")
    assert world.launches.get(launch.id).state is LaunchState.PAUSED
    assert reverted == ["surface"]


def test_a_resume_of_which_some_backend_did_a_part_is_paused_again_everywhere() -> None:
    flags = CountingBackend("flags")
    world = FakeWorld(flags, CountingBackend("surface"))
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    move(desk, launch.id, Goal.PAUSE, actor="grace", reason="odd")
    flags.n_lost_answers = 3
    move(desk, launch.id, Goal.RESUME, actor="grace", reason="fine")
    assert flags.state["podcasts-second"].startswith("resume")
    _wait_until_due(desk, world, launch.id, lambda each: each.trouble is None)
    assert flags.state["podcasts-second"].startswith("pause")
    move(desk, launch.id, Goal.RESUME, actor="grace", reason="fine")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING
