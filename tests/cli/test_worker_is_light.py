"""A process that only waits loads neither a web server nor what only a comparison needs."""

import subprocess
import sys

PROGRAM = """
import sys
import counterpoint.cli.working
print(" ".join(name for name in ("fastapi", "uvicorn", "jinja2", "scipy.stats", "pandas") if name in sys.modules))
"""


def test_a_worker_loads_no_server_and_no_library_of_distributions() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []
