"""What the durable library does beside our work happens seldom, and closing does not wait for its sleepers."""

import inspect
from pathlib import Path

import pytest
from dbos import DBOS, _queue, _workflow_commands

from counterpoint.storage.durable import DbosExecutor
from counterpoint.storage.durable.resting import _JOBS_EVERY_S


def test_the_names_that_it_has_no_setting_for_are_still_its_own() -> None:
    jobs = inspect.getsource(_workflow_commands.background_jobs_thread)
    assert "_BACKGROUND_JOBS_INTERVAL_SEC" in jobs
    assert "queue._polling_interval_sec" in inspect.getsource(_queue.queue_worker_thread)
    launched = inspect.getsource(DBOS._launch)
    assert "target=self._sys_db.run_notification_listener" in launched
    assert "target=self._sys_db.run_notifier" in launched
    assert "self._background_threads" in inspect.getsource(DBOS._destroy)


def test_a_launched_executor_looks_seldom_and_does_not_wait_for_its_listeners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_workflow_commands, "_BACKGROUND_JOBS_INTERVAL_SEC", 1.0)
    executor = DbosExecutor(f"sqlite:///{tmp_path / 'workflows.sqlite'}", "resting")
    executor.launch()
    assert _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC == _JOBS_EVERY_S
    instance = executor._dbos
    assert instance._registry.get_internal_queue()._polling_interval_sec > 1.0
    assert any("run_notif" in thread.name for thread in instance._background_threads)
    executor.close()
    # Closing waits for the threads of this list.
    assert not any("run_notif" in thread.name for thread in instance._background_threads)
