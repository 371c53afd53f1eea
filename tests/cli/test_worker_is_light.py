"""A process that only waits loads neither a web server nor what only a comparison needs."""

import subprocess
import sys

PROGRAM = """
import sys
import counterpoint.cli.working
print(" ".join(name for name in NAMES if name in sys.modules))
"""
NAMES = ("fastapi", "dbos", "uvicorn", "jinja2", "pandas", "alembic", "scipy.stats", "scipy.optimize", "scipy.special")


def test_a_worker_or_a_command_that_reads_loads_no_server_no_migrations_and_no_library_of_distributions() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"NAMES = {NAMES}\n{PROGRAM}"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
