"""The Executor port on DBOS: SQLite by default, PostgreSQL by URL."""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSPortableJSONSerializer, SetWorkflowID, WorkflowStatus

from counterpoint.errors import DependencyFailure
from counterpoint.orchestration import Outcome, Progress, Steps, Workflow
from counterpoint.storage.durable.database_file import require_database
from counterpoint.storage.durable.liveness import Liveness
from counterpoint.storage.durable.resting import rest, resting, wait_for_no_listener

# Bumped only when waiting workflows of an older version could not be continued by this code.
WORKFLOW_VERSION = "3"
_POLL_S = 0.01
_POLLS_UNASKED = 25
_CLOSE_S = 10.0
_KEPT = timedelta(days=30)
_SWEEP_EVERY_S = 86_400.0
_N_SWEPT = 1_000
_UNFINISHED = ("PENDING", "ENQUEUED", "DELAYED")


class _DbosSteps:
    def run(self, name: str, step: Callable[[], Outcome]) -> Outcome:
        return DBOS.run_step({"name": name}, step)


class DbosExecutor:
    """One process's durable executor.

    Args:
        database_url: Where DBOS keeps its tables; its own database beside the platform's on SQLite.
        executor_id: Stable and unique among the processes that share the database: at its next launch this executor
            resumes what the process of the same name left unfinished.
        version: Of the workflows' code; what another version left unfinished is given up, to be begun anew.
        clock: The present in which DBOS stamps its rows, which is the machine's.

    Raises:
        InvalidInput: code `corrupt_database`.
    """

    def __init__(
        self,
        database_url: str,
        executor_id: str,
        *,
        version: str = WORKFLOW_VERSION,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stopwatch: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        require_database(database_url)
        self._stopwatch = stopwatch
        self._sleep = sleep
        self._clock = clock
        self._version = version
        self._swept_at = stopwatch()
        self._executor_id = executor_id
        self._liveness = None if database_url.startswith("sqlite") else Liveness(database_url, executor_id)
        self._workflows: dict[str, Callable[[dict[str, Any]], Outcome]] = {}
        # Ids of what was begun in this process and has not returned; asked when it closes.
        self._begun: set[str] = set()
        logging.getLogger("dbos").setLevel(logging.ERROR)
        self._dbos = DBOS(
            config=resting(
                {
                    "name": "counterpoint",
                    "system_database_url": database_url,
                    "application_version": version,
                    "executor_id": executor_id,
                    "serializer": DBOSPortableJSONSerializer(),
                    "log_level": "ERROR",
                    "console_log_level": "ERROR",
                }
            )
        )
        rest(self._dbos)

    def register(self, name: str, workflow: Workflow) -> None:
        """Make a workflow known by its stored name."""
        steps: Steps = _DbosSteps()

        def durable(argument: dict[str, Any]) -> Outcome:
            own_id = str(DBOS.workflow_id)
            self._begun.add(own_id)
            try:
                return workflow(steps, argument)
            finally:
                self._begun.discard(own_id)

        self._workflows[name] = DBOS.workflow(name=name)(durable)

    def launch(self) -> None:
        """Begin to execute, resuming what this executor left unfinished."""
        DBOS.launch()
        for workflow in self._unfinished_of(self._executor_id):
            if workflow.app_version != self._version:
                DBOS.cancel_workflow(workflow.workflow_id)
        self._sweep()

    def start(self, name: str, workflow_id: str, argument: Mapping[str, Any]) -> None:
        """Start a workflow; a second start under the same id is the first one."""
        if self._stopwatch() - self._swept_at > _SWEEP_EVERY_S:
            self._sweep()
        # Before it runs: a process that closes at once still waits for it.
        self._begun.add(workflow_id)
        with SetWorkflowID(workflow_id):
            DBOS.start_workflow(self._workflows[name], dict(argument))

    def adopt(self, executor_id: str) -> int:
        """Resume what a dead executor left unfinished, and return how many workflows that were.

        On SQLite the caller knows that it is dead; on PostgreSQL it is asked, and what a living one has is left to it.
        """
        if self._liveness is None:
            return self._resume(executor_id)
        self._liveness.show()
        with self._liveness.while_dead(executor_id) as dead:
            return self._resume(executor_id) if dead else 0

    def rescue(self, workflow_id: str) -> None:
        """Resume a workflow, and all else that its executor left, if that executor is known to be dead."""
        status = DBOS.get_workflow_status(workflow_id)
        if self._liveness is None or status is None or status.status != "PENDING":
            return
        if status.executor_id is not None and status.executor_id != self._executor_id:
            self.adopt(status.executor_id)

    def _resume(self, executor_id: str) -> int:
        left = self._unfinished_of(executor_id)
        for workflow in left:
            # Steps of other code would be taken for this code's: its failure is found, and it is begun anew.
            settle = DBOS.resume_workflow if workflow.app_version == self._version else DBOS.cancel_workflow
            settle(workflow.workflow_id)
        return len(left)

    def _unfinished_of(self, executor_id: str) -> list[WorkflowStatus]:
        return DBOS.list_workflows(executor_id=executor_id, status="PENDING", load_input=False, load_output=False)

    def _sweep(self) -> None:
        """Forget what ended long ago, so that weeks of looks do not grow the database for ever."""
        self._swept_at = self._stopwatch()
        before = (self._clock() - _KEPT).isoformat()
        ended = DBOS.list_workflows(completed_before=before, limit=_N_SWEPT, load_input=False, load_output=False)
        DBOS.delete_workflows([workflow.workflow_id for workflow in ended])

    def wait(self, workflow_id: str, timeout_s: float) -> Outcome:
        """Return the outcome of a workflow.

        Raises:
            DependencyFailure: code `workflow_timeout` or `workflow_failed`.
        """
        deadline = self._stopwatch() + timeout_s
        n_slept = 0
        while self._stopwatch() < deadline:
            # While it runs in this process, its row says nothing new: asking costs more than what is waited for.
            if workflow_id not in self._begun or n_slept % _POLLS_UNASKED == 0:
                status = DBOS.get_workflow_status(workflow_id)
                if status is not None and status.status not in _UNFINISHED:
                    return self._outcome(workflow_id)
            n_slept += 1
            self._sleep(_POLL_S)
        raise DependencyFailure(
            "workflow_timeout",
            f"it has not ended within {timeout_s:g} s",
            where=workflow_id,
            fix="it goes on by itself; ask for the launch again",
        )

    def progress(self, workflow_id: str) -> Progress:
        """Return how far a workflow has come, whichever process executes it."""
        status = DBOS.get_workflow_status(workflow_id)
        if status is None:
            return Progress.UNKNOWN
        if status.status in _UNFINISHED:
            return Progress.RUNNING
        return Progress.DONE if status.status == "SUCCESS" else Progress.FAILED

    def _outcome(self, workflow_id: str) -> Outcome:
        try:
            outcome: Outcome = DBOS.retrieve_workflow(workflow_id).get_result(polling_interval_sec=_POLL_S)
        except Exception as error:  # whatever the workflow raised; the vendor wraps and re-types it
            raise DependencyFailure("workflow_failed", f"it ended with an error: {error}", where=workflow_id) from error
        return outcome

    def _runs_here(self, workflow_id: str) -> bool:
        status = DBOS.get_workflow_status(workflow_id)
        return status is not None and status.status in _UNFINISHED and status.executor_id == self._executor_id

    def close(self) -> None:
        """Stop executing, letting running steps end; what is unfinished then resumes at the next launch."""
        # Waited for here: DBOS itself would sleep for a whole second before it looks whether anything runs at all.
        deadline = self._stopwatch() + _CLOSE_S
        while any(map(self._runs_here, tuple(self._begun))) and self._stopwatch() < deadline:
            self._sleep(_POLL_S)
        wait_for_no_listener(self._dbos)
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=0)
        if self._liveness is not None:
            self._liveness.close()
