"""What every test runs under: property tests that say the same today and tomorrow, unless they are told to explore."""

import asyncio
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A suite that gates a change must not fail by the luck of the draw; `make slow` (TEST_DRAWS=explore) draws afresh.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("TEST_DRAWS", "gate"))


@pytest.fixture(autouse=True, scope="session")
def one_loop() -> Iterator[None]:
    """A library that asks for the current event loop outside of one gets this one, which is closed at the end.

    Without it Python makes one silently, nobody closes it, and whichever test runs at its collection is blamed.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield
    asyncio.set_event_loop(None)
    loop.close()
