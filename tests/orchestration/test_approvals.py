"""Before a launch begins: yes, no, no longer, not yet."""

import itertools
from datetime import timedelta

import pytest

from counterpoint.errors import Conflict, InvalidInput
from counterpoint.experiments import ExperimentSpec
from counterpoint.orchestration import (
    Launch,
    LaunchDesk,
    LaunchState,
    approve,
    open_desk,
    reject,
    submit,
    tick,
    withdraw,
)
from counterpoint.vocabulary import Finding, Severity
from launch_fakes import START, FakeWorld, KillableExecutor, spec_document


def _waiting(
    *, n_approvals: int = 1, start: str | None = None, owners: tuple[str, ...] = (), author: str = "ada"
) -> tuple[FakeWorld, LaunchDesk, Launch]:
    world, ids = FakeWorld(), itertools.count(1)
    world.n_approvals, world.owners = n_approvals, owners
    desk = open_desk(world.build(), KillableExecutor(), lambda: str(next(ids)))
    spec = ExperimentSpec.model_validate(spec_document(schedule={"days": 14, "start": start}))
    launch, _ = submit(desk, spec, author=author)
    return world, desk, launch


def test_what_waits_for_a_person_has_nothing_due() -> None:
    world, _, launch = _waiting()
    assert world.launches.get(launch.id).due_at is None


def test_an_approval_that_was_withdrawn_does_not_count() -> None:
    world, desk, launch = _waiting(n_approvals=2)
    approve(desk, launch.id, by="grace")
    withdraw(desk, launch.id, by="grace", reason="I had read the wrong one")
    approve(desk, launch.id, by="alan")
    assert world.launches.get(launch.id).state is LaunchState.VALIDATED
    approve(desk, launch.id, by="grace")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_only_who_has_approved_can_withdraw_and_not_once_it_has_begun() -> None:
    _, desk, launch = _waiting()
    with pytest.raises(Conflict) as caught:
        withdraw(desk, launch.id, by="alan", reason="no")
    assert caught.value.code == "not_approved"
    approve(desk, launch.id, by="grace")
    with pytest.raises(Conflict) as caught:
        withdraw(desk, launch.id, by="grace", reason="no")
    assert caught.value.code == "has_begun"


def test_an_approval_lasts_a_week() -> None:
    world, desk, launch = _waiting(n_approvals=2)
    approve(desk, launch.id, by="grace")
    world.clock.pass_time(days=7, seconds=1)
    approve(desk, launch.id, by="alan")
    assert world.launches.get(launch.id).state is LaunchState.VALIDATED
    approve(desk, launch.id, by="grace")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_a_rejected_launch_is_refused_with_who_and_why_and_may_be_submitted_again() -> None:
    world, desk, launch = _waiting()
    with pytest.raises(InvalidInput, match="say why"):
        reject(desk, launch.id, by="grace", reason="")
    rejected = reject(desk, launch.id, by="grace", reason="too many at once")
    assert rejected.state is LaunchState.REFUSED
    assert rejected.timeline[-1].reason == "rejected by grace: too many at once"
    with pytest.raises(Conflict):
        approve(desk, launch.id, by="alan")
    submit(desk, ExperimentSpec.model_validate(launch.spec), author="ada")
    assert all(backend.n_effects == 0 for backend in world.backends)


def test_a_launch_that_runs_is_stopped_and_not_rejected() -> None:
    _, desk, launch = _waiting(n_approvals=0)
    with pytest.raises(Conflict) as caught:
        reject(desk, launch.id, by="grace", reason="no")
    assert caught.value.code == "has_begun"


def test_a_scheduled_start_is_waited_for() -> None:
    start = START + timedelta(days=2)
    world, desk, launch = _waiting(n_approvals=0, start=start.isoformat())
    waiting = world.launches.get(launch.id)
    assert (waiting.state, waiting.due_at) == (LaunchState.APPROVED, start)
    world.clock.pass_time(days=1, hours=23)
    assert tick(desk) == ()
    assert all(backend.n_effects == 0 for backend in world.backends)
    world.clock.pass_time(hours=1)
    tick(desk)
    running = world.launches.get(launch.id)
    assert (running.state, running.started_at) == (LaunchState.RUNNING, start)


def test_a_start_in_the_past_is_now() -> None:
    world, _, launch = _waiting(n_approvals=0, start=(START - timedelta(days=2)).isoformat())
    assert world.launches.get(launch.id).started_at == START


def test_what_has_become_impossible_by_its_start_is_refused_then() -> None:
    world, desk, launch = _waiting(n_approvals=0, start=(START + timedelta(days=2)).isoformat())
    world.findings = (Finding(code="no_space", severity=Severity.ERROR, path="allocation", message="No space."),)
    world.clock.pass_time(days=2)
    tick(desk)
    assert world.launches.get(launch.id).state is LaunchState.REFUSED


def test_an_approval_withdrawn_before_the_scheduled_start_holds_the_launch() -> None:
    world, desk, launch = _waiting(start=(START + timedelta(days=2)).isoformat())
    approve(desk, launch.id, by="grace")
    assert world.launches.get(launch.id).state is LaunchState.APPROVED
    withdraw(desk, launch.id, by="grace", reason="the campaign moved")
    world.clock.pass_time(days=3)
    tick(desk)
    assert world.launches.get(launch.id).state is LaunchState.VALIDATED
    approve(desk, launch.id, by="grace")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_an_approval_that_expired_after_it_sufficed_still_holds_at_the_scheduled_start() -> None:
    world, desk, launch = _waiting(start=(START + timedelta(days=20)).isoformat())
    approve(desk, launch.id, by="grace")
    world.clock.pass_time(days=20)
    tick(desk)
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_a_machine_whose_clock_is_ahead_does_not_use_up_the_start() -> None:
    start = START + timedelta(days=2)
    world, desk, launch = _waiting(n_approvals=0, start=start.isoformat())
    waiting = world.launches.get(launch.id)
    run = f"{launch.id}:begin:{waiting.version}"
    desk.executor.start("begin", run, {"launch": launch.id, "run": run})
    assert world.launches.get(launch.id) == waiting
    world.clock.pass_time(days=2)
    assert tick(desk) == (run,)
    world.clock.pass_time(minutes=2)
    tick(desk)
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_an_owner_of_the_surface_must_be_among_those_who_approve() -> None:
    world, desk, launch = _waiting(owners=("*@home.example.org",), author="ada@home.example.org")
    approve(desk, launch.id, by="grace@search.example.org")
    assert world.launches.get(launch.id).state is LaunchState.VALIDATED
    approve(desk, launch.id, by="oda@home.example.org")
    assert world.launches.get(launch.id).state is LaunchState.RUNNING


def test_where_an_owner_is_asked_for_somebody_must_approve_even_if_the_policy_counts_nobody() -> None:
    world, _, launch = _waiting(n_approvals=0, owners=("oda",), author="oda")
    assert world.launches.get(launch.id).state is LaunchState.VALIDATED
