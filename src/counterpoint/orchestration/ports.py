"""What orchestration needs from outside: durable execution, a place for launches, and the clock."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from counterpoint.orchestration.launch import Launch, LaunchState

Outcome: TypeAlias = dict[str, Any]
"""What a step returns: JSON-compatible, because it is stored and read back after a crash."""


class Steps(Protocol):
    """The recorder of one workflow: a step that has been recorded is not run again when the workflow resumes."""

    def run(self, name: str, step: Callable[[], Outcome]) -> Outcome:
        """Run `step` once and record its outcome under `name`; the name is stored, so treat it as a column name."""
        ...


Workflow: TypeAlias = Callable[[Steps, Mapping[str, Any]], Outcome]
"""A transition: an ordinary function of recorded steps and a JSON argument."""


class Progress(StrEnum):
    """How far a workflow has come; `failed` is one that ended with an error that it did not expect."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Executor(Protocol):
    """Durable execution: a started workflow ends, whatever happens to the process."""

    def register(self, name: str, workflow: Workflow) -> None:
        """Make a workflow known by its stored name; call before `launch`."""
        ...

    def launch(self) -> None:
        """Begin to execute, resuming whatever an earlier process left unfinished."""
        ...

    def start(self, name: str, workflow_id: str, argument: Mapping[str, Any]) -> None:
        """Start a workflow; a second start under the same id is the first one."""
        ...

    def wait(self, workflow_id: str, timeout_s: float) -> Outcome:
        """Return the outcome of a workflow.

        Raises:
            DependencyFailure: code `workflow_timeout`, when it has not ended in time, or `workflow_failed`, when it
                ended with an error.
        """
        ...

    def progress(self, workflow_id: str) -> Progress:
        """Return how far a workflow has come, whichever process executes it."""
        ...

    def rescue(self, workflow_id: str) -> None:
        """Resume a workflow whose process is known to be dead; whose process may live, leave it."""
        ...

    def close(self) -> None:
        """Stop executing; unfinished workflows resume at the next launch."""
        ...


class LaunchStore(Protocol):
    """Where launches are kept; every write is compared with the version that was read."""

    def create(self, launch: Launch) -> Launch:
        """Store a new launch.

        Raises:
            Conflict: code `launch_exists`, when its id is taken or a launch of its experiment has not ended.
        """
        ...

    def get(self, launch_id: str) -> Launch:
        """Return a launch.

        Raises:
            NotFound: code `unknown_launch`.
        """
        ...

    def put(self, launch: Launch) -> Launch:
        """Replace a launch and return it with its new version.

        Raises:
            Conflict: code `stale_write`, when it was changed since it was read.
        """
        ...

    def list(self, surface: str | None = None) -> tuple[Launch, ...]:
        """Return all launches, newest first."""
        ...

    def ids_in(self, states: Collection[LaunchState]) -> tuple[str, ...]:
        """Return the ids of the launches in these states, sorted; cheap however many are in others."""
        ...

    def first_due_at(self) -> datetime | None:
        """Return when the next transition of any launch is due; None while none waits for time to pass."""
        ...

    def due(self, now: datetime) -> tuple[Launch, ...]:
        """Return the launches whose next transition is due, the longest overdue first."""
        ...


Clock: TypeAlias = Callable[[], datetime]
"""Returns the present, aware, UTC."""
