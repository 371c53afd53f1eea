"""A temporary PostgreSQL server for the benchmarks: the one that the tests start, gone with the process."""

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[2] / "tests"


def postgres_url() -> str:
    """Return the URL of a new, empty database on a server of this process; it ends the run when there is none here."""
    if str(_TESTS) not in sys.path:
        sys.path.append(str(_TESTS))
    from postgres_server import fresh_postgres_url

    return str(fresh_postgres_url())
