"""Workflows whose every effect is a line in a file, and a process that dies in the middle of one."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from counterpoint.orchestration import Executor, Outcome, Steps


def register_all(executor: Executor, log: Path, in_second: Callable[[], None] = lambda: None) -> None:
    """Register `three`, which logs three steps, and `broken`, whose second step raises.

    Args:
        in_second: Called in the second step of `three`, after its effect and before it is recorded.
    """

    def effect(name: str) -> Outcome:
        with log.open("a") as file:
            file.write(f"{name}\n")
        return {"did": name}

    def three(steps: Steps, argument: Mapping[str, Any]) -> Outcome:
        def second() -> Outcome:
            done = effect("second")
            in_second()
            return done

        done = [steps.run("first", lambda: effect("first")), steps.run("second", second)]
        return {"did": [each["did"] for each in [*done, steps.run("third", lambda: effect("third"))]], **argument}

    def broken(steps: Steps, argument: Mapping[str, Any]) -> Outcome:
        def fault() -> Outcome:
            raise ValueError("the disk is gone")

        steps.run("first", lambda: effect("first"))
        return steps.run("second", fault)

    executor.register("three", three)
    executor.register("broken", broken)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    from counterpoint.storage.durable import DbosExecutor

    url, executor_id, path, workflow_id = sys.argv[1:]
    process = DbosExecutor(url, executor_id)
    register_all(process, Path(path), in_second=_die)
    process.launch()
    process.start("three", workflow_id, {"n": 1})
    process.wait(workflow_id, 60.0)
