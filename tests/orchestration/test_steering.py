"""What people do with a launch: hold, restart, kill, archive, beside pause, resume and stop."""

import itertools
import threading
import time

import pytest

from contracts.memory_release_store import MemoryReleaseStore
from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import (
    Desired,
    Diff,
    Executor,
    Goal,
    Launch,
    LaunchDesk,
    LaunchState,
    Receipt,
    SurfaceBackend,
    move,
    open_desk,
    submit,
    tick,
)
from counterpoint.releases import make_snapshot
from experiment_examples import KEY, a_spec, attested, first_release
from launch_fakes import START, CountingBackend, FakeWorld, KillableExecutor, hurried, spec_document

SPEC = ExperimentSpec.model_validate(spec_document())


def _desk(world: FakeWorld, executor: Executor | None = None) -> LaunchDesk:
    ids = itertools.count(1)
    return open_desk(world.build(), executor or KillableExecutor(), lambda: str(next(ids)))


def _running(world: FakeWorld) -> tuple[LaunchDesk, Launch]:
    desk = _desk(world)
    launch, _ = submit(desk, SPEC, author="ada")
    world.clock.pass_time(hours=5)
    tick(desk)
    running = world.launches.get(launch.id)
    assert running.stage == 1
    return desk, running


def _said(desk: LaunchDesk, world: FakeWorld, launch: Launch, *verbs: str) -> Launch:
    for verb in verbs:
        move(desk, launch.id, verb, actor="grace", reason="the pages are odd")
    return world.launches.get(launch.id)


@pytest.mark.parametrize("verb", ["hold", "kill"])
def test_what_is_held_or_killed_is_decided_by_nobody_and_waits_for_a_person(verb: str) -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    held = _said(desk, world, launch, verb)
    assert (held.state, held.held, held.due_at, held.claim) == (LaunchState.STOPPED, True, None, None)
    assert held.decision is None
    world.clock.pass_time(days=400)
    assert tick(desk) == ()


@pytest.mark.parametrize("verb", ["hold", "kill"])
def test_a_restarted_launch_goes_on_at_its_stage_holds_it_for_its_hours_and_can_be_stopped_again(verb: str) -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    held = _said(desk, world, launch, verb)
    assert held.ended_at is not None
    world.clock.pass_time(days=2)
    restarted = _said(desk, world, launch, "restart")
    assert (restarted.state, restarted.held, restarted.stage) == (LaunchState.RUNNING, False, 1)
    assert (restarted.staged_at, restarted.ended_at) == (world.clock.now, None)
    assert restarted.started_at == launch.started_at
    assert _said(desk, world, launch, verb).held
    assert _said(desk, world, launch, "restart", "stop").state is LaunchState.SHIPPED
    assert [entry.step for entry in world.launches.get(launch.id).timeline].count("restart") == 2


def test_a_held_launch_that_is_stopped_for_good_is_decided_on_what_was_measured() -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    ended = _said(desk, world, launch, "hold", "stop")
    assert ended.state is LaunchState.SHIPPED
    assert (ended.held, ended.due_at) == (False, None)
    assert [entry.state for entry in ended.timeline][-3:] == ["stopped", "decided", "shipped"]


def test_an_archived_launch_ends_without_a_decision_is_learnt_from_and_frees_its_key() -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    archived = _said(desk, world, launch, "hold", "archive")
    assert (archived.state, archived.held, archived.decision) == (LaunchState.ARCHIVED, False, None)
    assert world.learnings["podcasts-second"].outcome == "archived"
    assert world.learnings["podcasts-second"].reasons == ("archived by grace: the pages are odd",)
    assert all(backend.state["podcasts-second"].startswith("archive") for backend in world.backends)
    submit(desk, SPEC, author="ada")


@pytest.mark.parametrize(
    ("before", "verb"),
    [
        ((), "restart"),
        ((), "archive"),
        (("hold",), "kill"),
        (("hold",), "pause"),
        (("pause",), "restart"),
        (("stop",), "kill"),
    ],
)
def test_what_its_place_does_not_allow_is_refused_with_what_would(before: tuple[str, ...], verb: str) -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    _said(desk, world, launch, *before)
    with pytest.raises(Conflict, match="it must be") as caught:
        _said(desk, world, launch, verb)
    assert caught.value.code == "bad_transition"


def test_a_verb_that_is_not_one_is_refused_by_name() -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    with pytest.raises(InvalidInput, match="ship is not done by hand"):
        _said(desk, world, launch, "ship")


def test_what_has_run_its_days_is_not_restarted() -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    _said(desk, world, launch, "hold")
    world.clock.pass_time(days=14)
    with pytest.raises(Conflict) as caught:
        _said(desk, world, launch, "restart")
    assert caught.value.code == "design_ended"


def test_a_restart_of_which_some_backend_did_a_part_is_stopped_and_held_again_everywhere() -> None:
    flags = CountingBackend("flags")
    world = FakeWorld(flags, CountingBackend("surface"))
    desk, launch = _running(world)
    _said(desk, world, launch, "hold")
    flags.n_lost_answers = 3
    halfway = _said(desk, world, launch, "restart")
    assert halfway.held
    assert flags.state["podcasts-second"].startswith("restart")
    world.clock.pass_time(minutes=6)
    tick(desk)
    held = world.launches.get(launch.id)
    assert (held.held, held.trouble, held.wish) == (True, None, None)
    assert flags.state["podcasts-second"].startswith("stop")


def test_each_transition_says_who_brought_it_about() -> None:
    world = FakeWorld()
    desk, launch = _running(world)
    _said(desk, world, launch, "pause", "resume", "hold", "restart", "kill", "archive")
    steps = {entry.step: entry.actor for entry in world.launches.get(launch.id).timeline}
    by_hand = ("pause", "resume", "stop", "restart", "kill", "archive")
    assert {steps[step] for step in by_hand} == {"grace"}
    assert steps["stage"] == "counterpoint"


class Interrupted(CountingBackend):
    """Somebody says something while this backend is being told of a goal."""

    def __init__(self, name: str, goal: Goal) -> None:
        super().__init__(name)
        self.goal, self.say = goal, lambda: None
        self.heard: list[str] = []

    def apply(self, desired: Desired, diff: Diff, idempotency_key: str) -> Receipt:
        self.heard.append(str(desired.goal))
        if desired.goal is self.goal:
            self.say, say = (lambda: None), self.say
            say()
        return super().apply(desired, diff, idempotency_key)


@pytest.mark.parametrize(
    ("meanwhile", "goal", "ends"),
    [(None, Goal.STAGE, "stopped"), ("resume", Goal.RESUME, "stopped"), ("stop", Goal.STOP, "rolled_back")],
)
def test_a_kill_does_not_wait_for_whoever_moves_the_launch(meanwhile: str | None, goal: Goal, ends: str) -> None:
    first, last = Interrupted("flags", goal), CountingBackend("surface")
    world = FakeWorld(first, last)
    desk, launch = _running(world)
    if meanwhile == "resume":
        _said(desk, world, launch, "pause")
    world.steps = hurried(0.2)
    desk = _desk(world, desk.executor)
    said: list[threading.Thread] = []

    def kill() -> None:
        thread = threading.Thread(target=lambda: _said(desk, world, launch, "kill"))
        said.append(thread)
        thread.start()
        deadline = time.monotonic() + 5
        while not last.state["podcasts-second"].startswith("kill"):
            assert time.monotonic() < deadline, "it waits for the one that moves the launch"
            time.sleep(0.005)

    first.say = kill
    if meanwhile is None:
        world.clock.pass_time(hours=30)
        tick(desk)
    else:
        _said(desk, world, launch, meanwhile)
    said.pop().join()
    for _ in range(10):
        world.clock.pass_time(minutes=30)
        tick(desk)
    killed = world.launches.get(launch.id)
    assert (str(killed.state), killed.held, killed.wish) == (ends, ends == "stopped", None)
    assert all(
        backend.state["podcasts-second"].split(":")[0] in ("kill", "stop", "roll_back") for backend in world.backends
    )
    assert "ship" not in first.heard
    assert any("KILLED by grace" in entry.reason for entry in killed.timeline)


def test_what_is_killed_while_it_begins_ends_up_held() -> None:
    first = Interrupted("flags", Goal.START)
    world = FakeWorld(first, CountingBackend("surface"))
    desk = _desk(world)
    first.say = lambda: move(desk, world.launches.list()[0].id, "kill", actor="grace", reason="no")
    launch, _ = submit(desk, SPEC, author="ada")
    for _ in range(3):
        world.clock.pass_time(seconds=1)
        tick(desk)
    killed = world.launches.get(launch.id)
    assert (killed.state, killed.held) == (LaunchState.STOPPED, True)
    assert all(backend.state["podcasts-second"].startswith("kill") for backend in world.backends)


def test_what_has_not_begun_is_rejected_and_not_killed() -> None:
    world = FakeWorld()
    desk = _desk(world)
    start = START.replace(day=20).isoformat()
    spec = ExperimentSpec.model_validate(spec_document(schedule={"days": 14, "start": start}))
    launch, _ = submit(desk, spec, author="ada")
    with pytest.raises(Conflict) as caught:
        move(desk, launch.id, "kill", actor="grace", reason="no")
    assert caught.value.code == "not_begun"


def test_on_the_surface_a_restart_finds_the_same_units_and_an_archive_frees_them() -> None:
    releases = MemoryReleaseStore()
    first_release(releases)
    world = FakeWorld(SurfaceBackend(releases, lambda change, base, now: attested(change), KEY))
    world.clock.now = START.replace(year=2027)
    desk = _desk(world)
    launch, _ = submit(desk, a_spec(), author="ada")

    def live() -> tuple[str, bool]:
        state = releases.latest("home").state
        snapshot = make_snapshot(state, release=1, created_at=world.clock.now)
        (line,) = snapshot.experiments
        return line.buckets, line.enabled

    before = live()
    assert before[1]
    for verb in ("hold", "kill"):
        world.clock.pass_time(hours=1)
        move(desk, launch.id, verb, actor="grace", reason="odd")
        assert live() == (before[0], False)
        reserved = releases.latest("home").state.experiments["e1"].reserved
        assert len(reserved) > 0
        move(desk, launch.id, "restart", actor="grace", reason="mended")
        assert live() == before
    move(desk, launch.id, "hold", actor="grace", reason="odd")
    move(desk, launch.id, "archive", actor="grace", reason="done")
    state = releases.latest("home").state
    assert "e1" not in state.experiments
    assert "e1" in state.retired
    assert world.launches.get(launch.id).state is LaunchState.ARCHIVED
