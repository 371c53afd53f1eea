"""A real `counterpoint sync` that can die after its n-th launch or its n-th publication; run by the chaos tests."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from counterpoint.cli import main
from counterpoint.orchestration.declarative import applying
from counterpoint.storage.sql import SqlReleaseStore


def fatal(done: Callable[..., Any], kill_at: int) -> Callable[..., Any]:
    """Return `done`, after whose n-th call nothing of this process is left."""
    n = 0

    def call(*given: Any, **words: Any) -> Any:
        nonlocal n
        found = done(*given, **words)
        n += 1
        if n == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return call


if __name__ == "__main__":
    after, kill_at, *words = sys.argv[1:]
    if after == "launch":
        applying.submit = fatal(applying.submit, int(kill_at))
    elif after == "publication":
        SqlReleaseStore.append = fatal(SqlReleaseStore.append, int(kill_at))
    sys.exit(main(words))
