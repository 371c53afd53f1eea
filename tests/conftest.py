"""What every test runs under: draws that say the same today and tomorrow, and logs as no test before has left them."""

import logging
import os

import pytest
from hypothesis import settings

# A suite that gates a change must not fail by the luck of the draw; `make slow` (TEST_DRAWS=explore) draws afresh.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("TEST_DRAWS", "gate"))


@pytest.fixture(autouse=True)
def logs_as_at_the_start() -> None:
    """Undo what a command that ran inside of a test set up for its own process: its stream is closed by now."""
    root = logging.getLogger("counterpoint")
    root.handlers[:], root.propagate = [], True
    root.setLevel(logging.NOTSET)
