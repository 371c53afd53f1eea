"""The contract of Executor, on the fake and on DBOS with SQLite and PostgreSQL."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from contracts import logged_workflows
from contracts.logged_workflows import register_all
from counterpoint.errors import DependencyFailure
from counterpoint.orchestration import Executor, Outcome, Progress, Steps
from counterpoint.storage.durable import DbosExecutor
from counterpoint.storage.durable.liveness import Liveness
from launch_fakes import KillableExecutor, Killed
from postgres_server import SQL_KINDS, fresh_postgres_url, fresh_sql_url

WAIT_S = 30.0


class Office(Protocol):
    """Where executors come from: one at a time, all on one place."""

    log: Path

    def open(self, executor_id: str = "one") -> Executor: ...

    def dies_in_second_step(self, executor_id: str, workflow_id: str) -> None: ...


class FakeOffice:
    def __init__(self, log: Path) -> None:
        self.log = log
        self._executor = KillableExecutor()

    def open(self, executor_id: str = "one") -> Executor:
        register_all(self._executor, self.log)
        self._executor.launch()
        return self._executor

    def dies_in_second_step(self, executor_id: str, workflow_id: str) -> None:
        register_all(self._executor, self.log)
        self._executor.kill_at, self._executor.before_record = 2, True
        with pytest.raises(Killed):
            self._executor.start("three", workflow_id, {"n": 1})

    def close(self) -> None:
        pass


class DbosOffice:
    """DBOS is one per process: an executor is closed before the next is opened, and one that dies is a process."""

    def __init__(self, log: Path, url: str) -> None:
        self.log = log
        self._url = url
        self._executor: DbosExecutor | None = None

    def open(self, executor_id: str = "one", **words: Any) -> DbosExecutor:
        self.close()
        self._executor = DbosExecutor(self._url, executor_id, **words)
        register_all(self._executor, self.log)
        self._executor.launch()
        return self._executor

    def dies_in_second_step(self, executor_id: str, workflow_id: str) -> None:
        self.close()
        words = [sys.executable, logged_workflows.__file__, self._url, executor_id, str(self.log), workflow_id]
        ended = subprocess.run(words, check=False, timeout=60, capture_output=True, text=True)
        assert ended.returncode == -signal.SIGKILL, ended.stderr[-500:]

    def close(self) -> None:
        if self._executor is not None:
            self._executor.close()
        self._executor = None


def _lines(office: Office) -> list[str]:
    return office.log.read_text().split()


@pytest.fixture(params=["fake", *SQL_KINDS])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FakeOffice | DbosOffice]:
    log = tmp_path / "log"
    made = FakeOffice(log) if request.param == "fake" else DbosOffice(log, fresh_sql_url(request.param, tmp_path))
    yield made
    made.close()


@pytest.fixture(params=SQL_KINDS)
def dbos_office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DbosOffice]:
    made = DbosOffice(tmp_path / "log", fresh_sql_url(request.param, tmp_path))
    yield made
    made.close()


def test_a_workflow_started_twice_under_one_id_runs_once(office: Office) -> None:
    executor = office.open()
    for n in (1, 2):
        executor.start("three", "w", {"n": n})
        assert executor.wait("w", WAIT_S) == {"did": ["first", "second", "third"], "n": 1}
    assert _lines(office) == ["first", "second", "third"]


def test_how_far_a_workflow_has_come_is_known(office: Office) -> None:
    executor = office.open()
    assert executor.progress("w") is Progress.UNKNOWN
    executor.start("three", "w", {})
    executor.wait("w", WAIT_S)
    assert executor.progress("w") is Progress.DONE


def test_a_workflow_that_raises_has_failed_and_says_why(office: Office) -> None:
    executor = office.open()
    executor.start("broken", "w", {})
    with pytest.raises(DependencyFailure, match="the disk is gone") as caught:
        executor.wait("w", WAIT_S)
    assert caught.value.code == "workflow_failed"
    assert executor.progress("w") is Progress.FAILED


def test_what_failed_is_not_run_again_under_its_id(office: Office) -> None:
    executor = office.open()
    for _ in range(2):
        executor.start("broken", "w", {})
        with pytest.raises(DependencyFailure):
            executor.wait("w", WAIT_S)
    assert _lines(office) == ["first"]


def test_waiting_for_what_does_not_end_times_out(office: Office) -> None:
    executor = office.open()
    with pytest.raises(DependencyFailure) as caught:
        executor.wait("never started", 0.05)
    assert caught.value.code == "workflow_timeout"


def test_a_process_that_died_in_a_step_is_continued_there_at_the_next_launch(office: Office) -> None:
    office.dies_in_second_step("one", "w")
    assert _lines(office) == ["first", "second"]
    executor = office.open("one")
    assert executor.wait("w", WAIT_S) == {"did": ["first", "second", "third"], "n": 1}
    # The first step was recorded; the second had its effect and no record, so it alone is repeated.
    assert _lines(office) == ["first", "second", "second", "third"]


def test_only_the_executor_of_that_name_resumes_it_until_another_adopts_it(dbos_office: DbosOffice) -> None:
    dbos_office.dies_in_second_step("dead", "w")
    executor = dbos_office.open("alive")
    with pytest.raises(DependencyFailure, match="not ended"):
        executor.wait("w", 0.5)
    assert executor.progress("w") is Progress.RUNNING
    assert executor.adopt("dead") == 1
    assert executor.wait("w", WAIT_S)["n"] == 1
    assert _lines(dbos_office) == ["first", "second", "second", "third"]
    assert executor.adopt("dead") == 0


def test_a_process_that_closes_at_once_lets_what_it_began_end(dbos_office: DbosOffice) -> None:
    dbos_office.open().start("three", "w", {"n": 1})
    dbos_office.close()
    assert _lines(dbos_office) == ["first", "second", "third"]


def test_adopting_leaves_alone_what_the_living_execute(dbos_office: DbosOffice) -> None:
    executor = dbos_office.open("alive")
    goes_on = threading.Event()
    register_all(executor, dbos_office.log, in_second=lambda: goes_on.wait(WAIT_S) or None)
    executor.start("three", "w", {})
    assert executor.progress("w") is Progress.RUNNING
    assert executor.adopt("dead") == 0
    goes_on.set()
    executor.wait("w", WAIT_S)
    assert _lines(dbos_office) == ["first", "second", "third"]


def test_an_error_keeps_its_words_in_another_process(dbos_office: DbosOffice) -> None:
    dbos_office.open("one").start("broken", "w", {})
    with pytest.raises(DependencyFailure, match="the disk is gone"):
        dbos_office.open("two").wait("w", WAIT_S)


@pytest.mark.parametrize("comes_back_as", ["one", "two"])
def test_what_another_version_of_the_code_left_is_given_up_and_said_to_have_failed(
    dbos_office: DbosOffice, comes_back_as: str
) -> None:
    dbos_office.dies_in_second_step("one", "w")
    executor = dbos_office.open(comes_back_as, version="next")
    if comes_back_as == "two":
        executor.adopt("one")
    assert executor.progress("w") is Progress.FAILED
    with pytest.raises(DependencyFailure) as caught:
        executor.wait("w", WAIT_S)
    assert caught.value.code == "workflow_failed"
    assert _lines(dbos_office) == ["first", "second"]


def test_a_workflow_whose_steps_have_changed_fails_instead_of_taking_one_for_another(dbos_office: DbosOffice) -> None:
    dbos_office.dies_in_second_step("one", "w")
    executor = dbos_office.open("two")

    def renamed(steps: Steps, argument: Mapping[str, Any]) -> Outcome:
        return steps.run("another", lambda: {"did": "another"})

    executor.register("three", renamed)
    executor.adopt("one")
    with pytest.raises(DependencyFailure):
        executor.wait("w", WAIT_S)
    assert executor.progress("w") is Progress.FAILED


def test_what_ended_more_than_a_month_ago_is_forgotten_and_nothing_younger(dbos_office: DbosOffice) -> None:
    executor = dbos_office.open("one")
    executor.start("three", "w", {})
    executor.wait("w", WAIT_S)
    for days, progress in ((29, Progress.DONE), (31, Progress.UNKNOWN)):
        later = datetime.now(UTC) + timedelta(days=days)
        assert dbos_office.open("one", clock=lambda at=later: at).progress("w") is progress


@pytest.mark.postgres
def test_on_postgres_a_workflow_is_rescued_from_a_dead_executor_and_from_no_living_one(tmp_path: Path) -> None:
    url = fresh_postgres_url()
    office = DbosOffice(tmp_path / "log", url)
    office.dies_in_second_step("dead", "w")
    try:
        rescuer = office.open("alive")
        elsewhere = Liveness(url, "dead")
        rescuer.rescue("w")
        assert rescuer.adopt("dead") == 0
        elsewhere.close()
        rescuer.rescue("w")
        assert rescuer.wait("w", WAIT_S)["n"] == 1
    finally:
        office.close()
