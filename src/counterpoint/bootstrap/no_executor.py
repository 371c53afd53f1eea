"""Stands where the durable executor would in a command that moves no launch: it opens sooner, and takes up no work."""
# ruff: noqa: ARG002 -- the methods have the signatures of the port

from collections.abc import Mapping
from typing import Any

from counterpoint.errors import PlatformFault
from counterpoint.orchestration import Outcome, Progress, Workflow


class NoExecutor:
    """Executes nothing; whoever asks it to has opened the platform without an executor."""

    def register(self, name: str, workflow: Workflow) -> None:
        """Leave it: nothing will be executed."""

    def launch(self) -> None:
        """Leave what others have not finished to those who execute."""

    def start(self, name: str, workflow_id: str, argument: Mapping[str, Any]) -> None:
        """Refuse.

        Raises:
            PlatformFault: code `nothing_executes`.
        """
        raise _refused(workflow_id)

    def wait(self, workflow_id: str, timeout_s: float) -> Outcome:
        """Refuse.

        Raises:
            PlatformFault: code `nothing_executes`.
        """
        raise _refused(workflow_id)

    def progress(self, workflow_id: str) -> Progress:
        """Return that it is not known here."""
        return Progress.UNKNOWN

    def rescue(self, workflow_id: str) -> None:
        """Leave it to those who execute."""

    def adopt(self, executor_id: str) -> int:
        """Leave it to those who execute."""
        return 0

    def close(self) -> None:
        """Do nothing: nothing runs."""


def _refused(workflow_id: str) -> PlatformFault:
    return PlatformFault("nothing_executes", "this command was opened without an executor", where=workflow_id)
