"""What every test runs under: property tests that say the same today and tomorrow, unless they are told to explore."""

import os

from hypothesis import settings

# A suite that gates a change must not fail by the luck of the draw; `make slow` (TEST_DRAWS=explore) draws afresh.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile(os.environ.get("TEST_DRAWS", "gate"))
