"""A launch from submitted to shipped or rolled back, on fakes."""

import itertools

import pytest

from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import (
    SMOKE_STEP,
    Goal,
    Inspection,
    Launch,
    LaunchDesk,
    LaunchState,
    Verdict,
    approve,
    find,
    move,
    open_desk,
    submit,
    tick,
)
from counterpoint.vocabulary import Finding, Severity
from launch_fakes import CountingBackend, FakeWorld, KillableExecutor, Killed, spec_document

SPEC = ExperimentSpec.model_validate(spec_document())


def _desk(world: FakeWorld, executor: KillableExecutor | None = None) -> LaunchDesk:
    ids = itertools.count(1)
    return open_desk(world.build(), executor or KillableExecutor(), lambda: str(next(ids)))


def _states(launch: Launch) -> list[str]:
    return [entry.state for entry in launch.timeline]


def _live_through(desk: LaunchDesk, world: FakeWorld, launch_id: str) -> Launch:
    for _ in range(60):
        launch = world.launches.get(launch_id)
        if launch.due_at is None:
            return launch
        world.clock.now = max(world.clock.now, launch.due_at)
        tick(desk)
    raise AssertionError("the launch never ended")


def test_a_launch_walks_from_its_spec_to_shipped() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    ended = _live_through(desk, world, launch.id)
    running = ["running", "running", "running"]
    before, after = ["planned", "validated", "approved", "applied", "verified"], ["stopped", "decided", "shipped"]
    assert _states(ended) == [*before, *running, *after]
    assert [entry.reason for entry in ended.timeline if "ramp" in entry.reason] == [
        "the gates are open: ramp to 0.05 of the audience",
        "the gates are open: ramp to 0.1 of the audience",
    ]
    assert all(backend.state["podcasts-second"].startswith("ship") for backend in world.backends)
    assert world.learnings["podcasts-second"].outcome == "shipped"


def test_the_design_ends_its_days_after_the_first_stage_went_live() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    ended = _live_through(desk, world, launch.id)
    running = next(entry.at for entry in ended.timeline if entry.state == "running")
    stopped = next(entry.at for entry in ended.timeline if entry.state == "stopped")
    assert (stopped - running).total_seconds() / 3600 == 14 * 24


def test_a_verdict_against_shipping_rolls_back() -> None:
    world = FakeWorld()
    world.verdict = Verdict(ship=None, reasons=("no clear effect",), scorecard={})
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    assert _live_through(desk, world, launch.id).state is LaunchState.ROLLED_BACK


def test_an_error_finding_refuses_the_launch_before_anything_is_applied() -> None:
    world = FakeWorld()
    world.findings = (Finding(code="out_of_bounds", severity=Severity.ERROR, path="variants.1", message="Too large."),)
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    refused = world.launches.get(launch.id)
    assert refused.state is LaunchState.REFUSED
    assert refused.findings[0]["code"] == "out_of_bounds"
    assert all(backend.n_effects == 0 for backend in world.backends)


def test_a_failing_backend_reverts_those_before_it_and_says_so() -> None:
    world = FakeWorld(CountingBackend("metrics"), CountingBackend("surface", fail_on="start"))
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    failed = world.launches.get(launch.id)
    assert failed.state is LaunchState.FAILED
    assert "What had been applied was reverted" in failed.timeline[-1].reason
    assert world.backends[0].state == {}


def test_what_could_not_be_reverted_is_said_loudly() -> None:
    world = FakeWorld(CountingBackend("metrics", fail_revert=True), CountingBackend("surface", fail_on="start"))
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    assert "STILL LIVE on metrics" in world.launches.get(launch.id).timeline[-1].reason


def test_nothing_is_applied_until_somebody_else_approves() -> None:
    world = FakeWorld()
    world.n_approvals = 1
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    assert world.launches.get(launch.id).state is LaunchState.VALIDATED
    with pytest.raises(Conflict, match="ada submitted it"):
        approve(desk, launch.id, by="ada")
    approve(desk, launch.id, by="grace")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_a_harmed_guardrail_stops_and_rolls_back_before_the_end() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = Inspection(harmed=("page_load_ms_p95",), budget_open=True)
    world.verdict = Verdict(ship=None, reasons=("a guardrail was harmed",), scorecard={})
    ended = _live_through(desk, world, launch.id)
    assert ended.state is LaunchState.ROLLED_BACK
    assert any("page_load_ms_p95 worse than the agreed margin" in entry.reason for entry in ended.timeline)


def test_a_sample_ratio_mismatch_pauses_until_somebody_acts() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = Inspection(srm=True)
    paused = _live_through(desk, world, launch.id)
    assert paused.state is LaunchState.PAUSED
    world.inspection = Inspection()
    move(desk, launch.id, Goal.RESUME, actor="grace", reason="the client bug is fixed")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING
    assert _live_through(desk, world, launch.id).state is LaunchState.SHIPPED


def test_a_smoke_check_that_passed_is_on_the_timeline_once() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = Inspection(smoke="smoke check passed: both variants are served", budget_open=True)
    for _ in range(3):
        world.clock.pass_time(hours=2)
        tick(desk)
    noted = [entry.reason for entry in world.launches.get(launch.id).timeline if entry.step == SMOKE_STEP]
    assert noted == ["smoke check passed: both variants are served"]


def test_an_experiment_that_is_not_what_was_launched_is_paused_and_one_without_exposures_is_not_ramped() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = Inspection(silent=True, budget_open=True)
    for _ in range(4):
        world.clock.pass_time(hours=2)
        tick(desk)
    assert world.launches.get(launch.id).stage == 0
    world.inspection = Inspection(broken=("'treatment' was served to nobody",))
    world.clock.pass_time(hours=2)
    tick(desk)
    paused = world.launches.get(launch.id)
    assert (paused.state, paused.timeline[-1].reason) == (LaunchState.PAUSED, "'treatment' was served to nobody")


def test_a_look_at_which_the_design_may_end_ends_it_early_with_the_reason_in_words() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = Inspection(conclusion="look 3 of 14 crosses the bound for success: treatment: ship")
    world.clock.pass_time(hours=2)
    tick(desk)
    ended = world.launches.get(launch.id)
    assert ended.state is LaunchState.SHIPPED
    stopped = next(entry for entry in ended.timeline if entry.state == "stopped")
    assert stopped.reason == "look 3 of 14 crosses the bound for success: treatment: ship"


def test_a_spent_error_budget_holds_the_ramp_where_it_is() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.inspection = Inspection(budget_open=False)
    for _ in range(5):
        world.clock.pass_time(hours=12)
        tick(desk)
    assert world.launches.get(launch.id).stage == 0


def test_waiting_adds_nothing_to_the_history_of_a_launch() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, ExperimentSpec.model_validate(spec_document(schedule={"days": 60})), author="ada")
    n_entries = len(world.launches.get(launch.id).timeline)
    for _ in range(50):
        world.clock.pass_time(days=1)
        tick(desk)
    assert len(world.launches.get(launch.id).timeline) == n_entries


def test_one_experiment_has_one_launch_at_a_time() -> None:
    world = FakeWorld()
    desk = _desk(world)
    first, _ = submit(desk, SPEC, author="ada")
    with pytest.raises(Conflict) as caught:
        submit(desk, SPEC, author="grace")
    assert caught.value.code == "launch_exists"
    move(desk, first.id, Goal.STOP, actor="ada", reason="wrong audience")
    submit(desk, SPEC, author="grace")


def test_moving_needs_a_reason_and_a_state_that_allows_it() -> None:
    world = FakeWorld()
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    with pytest.raises(InvalidInput, match="say why"):
        move(desk, launch.id, Goal.PAUSE, actor="ada", reason=" ")
    with pytest.raises(Conflict, match="must be paused"):
        move(desk, launch.id, Goal.RESUME, actor="ada", reason="go")


def test_a_due_transition_is_started_once_however_often_the_clock_is_read() -> None:
    world = FakeWorld()
    executor = KillableExecutor()
    desk = _desk(world, executor)
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=4)
    due = world.launches.get(launch.id)
    first = tick(desk)
    # Another process that read the launch before the first one moved it, on time and long after.
    world.launches.due = lambda now: (due,)  # type: ignore[method-assign]
    for minutes in (0, 30):
        world.clock.pass_time(minutes=minutes)
        assert set(tick(desk)) <= set(first)
    assert sum(1 for name, _ in executor.started.values() if name == "look") == 1


def test_a_conclusion_whose_shipping_failed_is_taken_up_again() -> None:
    surface = CountingBackend("surface", fail_on="ship")
    world = FakeWorld(CountingBackend("metrics"), surface)
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    move(desk, launch.id, Goal.STOP, actor="ada", reason="enough")
    assert world.launches.get(launch.id).state is LaunchState.DECIDED
    surface.fail_on = None
    assert _live_through(desk, world, launch.id).state is LaunchState.SHIPPED


@pytest.mark.parametrize("before_record", [False, True], ids=["before its effect", "between effect and record"])
def test_killed_at_any_step_a_launch_ends_like_one_that_was_never_killed(before_record: bool) -> None:
    calm = FakeWorld()
    expected = _live_through(_desk(calm), calm, submit(_desk(calm), SPEC, author="ada")[0].id)
    for kill_at in range(1, 200):
        world = FakeWorld()
        executor = KillableExecutor(kill_at, before_record=before_record)
        desk = _desk(world, executor)
        n_kills = 0
        for attempt in range(60):
            try:
                if attempt == 0 or n_kills == attempt:
                    executor.launch()  # a new process resumes what the killed one left
                if not world.launches.rows:
                    submit(desk, SPEC, author="ada")
                launch = find(desk, "podcasts-second")
                if launch.due_at is None and executor.outcomes:
                    break
                world.clock.now = max(world.clock.now, launch.due_at or world.clock.now)
                tick(desk)
            except Killed:
                n_kills += 1
                executor.kill_at = None
                executor.launch()
        ended = find(desk, "podcasts-second")
        assert ended.state is expected.state, kill_at
        assert _states(ended) == _states(expected), kill_at
        assert [b.state for b in world.backends] == [b.state for b in calm.backends], kill_at
        assert [b.n_effects for b in world.backends] == [b.n_effects for b in calm.backends], kill_at
        if n_kills == 0:
            return  # kill_at lies beyond the last step: every step has had its turn
    raise AssertionError("more steps than expected")
