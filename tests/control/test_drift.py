"""Asking backends about a thousand experiments: once when it is silent, one record for all, and not while it closes."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.backend_rigs import a_store
from contracts.memory_notes import MemoryNotes
from counterpoint.control.live.drift import ASK_EVERY, Drift
from counterpoint.control.live.drift_checks import Checks
from counterpoint.errors import DependencyFailure
from counterpoint.orchestration import Diff, Edit, Launch, LaunchState
from launch_fakes import START, MemoryLaunches, Present, spec_document


class Asked:
    """A backend that counts how often it is asked to plan."""

    name = "hook"

    def __init__(self) -> None:
        self.n, self.down, self.edits = 0, False, ()

    def plan(self, desired: Any) -> Diff:
        self.n += 1
        if self.down:
            raise DependencyFailure("backend_down", "it answered 503")
        return Diff(backend=self.name, edits=self.edits)


class CountedNotes(MemoryNotes):
    n_writes = 0

    def change(self, key: str, change: Any) -> Any:
        self.n_writes += 1
        return super().change(key, change)


@pytest.fixture
def hook() -> Asked:
    return Asked()


@pytest.fixture
def clock() -> Present:
    return Present()


@pytest.fixture
def drift(hook: Asked, clock: Present) -> Drift:
    launches = MemoryLaunches()
    for number in range(20):
        launches.create(
            Launch(
                id=f"l{number}",
                surface="home",
                experiment=f"e{number}",
                author="ada",
                hypothesis="h",
                created_at=START,
                updated_at=START,
                state=LaunchState.RUNNING if number else LaunchState.SHIPPED,
                spec=spec_document(key=f"e{number}"),
            )
        )
    store = a_store()
    checks = Checks(
        releases=store, stored=lambda: store, notes=CountedNotes(), clock=clock, record=lambda *a, **k: None
    )
    backends: Any = (hook,)
    return Drift(backends=backends, launches=launches, checks=checks, new_id=lambda: "x", stopwatch=lambda: 0.0)


def test_every_live_experiment_is_asked_about_and_all_are_one_record(drift, hook):
    assert drift.check() == []
    assert hook.n == 19, "what has ended is asked about no more"
    assert drift.checks.notes.n_writes == 2, "the releases of one surface, and one for the backend"
    assert len(drift.asked()) == 19


def test_a_silent_backend_is_asked_once_and_told_since_when_for_every_experiment(drift, hook, clock):
    hook.down = True
    assert len(drift.check()) == 19
    assert hook.n == 1
    clock.pass_time(hours=1)
    found = drift.check()
    assert {each["code"] for each in found} == {"backend_down"}
    assert {each["since"] for each in found} == {START.isoformat()}
    hook.down = False
    assert drift.check() == []


def test_what_drifted_keeps_the_time_at_which_it_was_found_first(drift, hook, clock):
    hook.edits = (Edit(path="line", before="b", after="a"),)
    drift.check()
    clock.pass_time(hours=2)
    found = drift.check()
    assert {(each["since"], each["found"], each["expected"]) for each in found} == {(START.isoformat(), "b", "a")}
    hook.edits = ()
    assert drift.check() == []


def test_nothing_more_is_asked_once_it_closes(drift, hook):
    drift.close()
    drift.check()
    assert hook.n == 0


def test_a_moved_clock_does_not_keep_checks_from_being_due(hook, clock):
    now = [0.0]
    store = a_store()
    checks = Checks(releases=store, stored=lambda: store, notes=MemoryNotes(), clock=clock, record=lambda *a, **k: None)
    ids = iter(range(100))
    backends: Any = (hook,)
    drift = Drift(
        backends=backends,
        launches=MemoryLaunches(),
        checks=checks,
        new_id=lambda: str(next(ids)),
        stopwatch=lambda: now[0],
    )
    began = []
    for move in (timedelta(0), timedelta(hours=1), timedelta(days=-3), timedelta(seconds=1)):
        clock.now += move
        now[0] += ASK_EVERY.total_seconds()
        began.append(drift.tick())
        drift.settle()
    assert began == [False, True, True, False], "just started; due; set back, so nobody's time is known; done just now"
