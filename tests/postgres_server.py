"""A real PostgreSQL server for tests: the system's binaries, as an unprivileged user, on a temporary folder.

One server per test process, started when it is first asked for and stopped at its end. `fresh_postgres_url` skips with
the reason when the machine has no PostgreSQL.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
import pytest

_USER = "counterpoint"
_names = count()


def fresh_postgres_url() -> str:
    """Return the URL of a new, empty database; skips the test when there is no PostgreSQL here."""
    folder = _server()
    name = f"t{os.getpid()}_{next(_names)}"
    with psycopg.connect(f"host={folder} user={_USER} dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"postgresql://{_USER}@/{name}?host={folder}"


@cache
def _server() -> Path:
    binaries = _binaries()
    # Not below TMPDIR: the path of a Unix socket may have 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="cp-pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    run = _as_unprivileged(folder)
    data = folder / "data"
    initdb = [binaries / "initdb", "-D", data, "-U", _USER, "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    made = subprocess.run(initdb, capture_output=True, text=True, check=False, cwd=folder, **run)
    if made.returncode != 0:
        pytest.skip(f"initdb failed: {made.stderr.strip()[-300:]}")
    # A throw-away server: no disk waits, no network, only the socket in its folder.
    options = f"-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=60 -k {folder}"
    start = [binaries / "pg_ctl", "-D", data, "-w", "-t", "60", "-o", options, "-l", folder / "log", "start"]
    began = subprocess.run(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, cwd=folder, **run)
    if began.returncode != 0:
        log = folder / "log"
        pytest.skip(f"PostgreSQL did not start: {log.read_text()[-300:] if log.exists() else 'no log'}")
    stop = [binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"]
    atexit.register(
        lambda: subprocess.run(
            stop, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, cwd=folder, **run
        )
    )
    return folder


def _binaries() -> Path:
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    found = shutil.which("pg_ctl")
    if found is not None:
        places.append(Path(found).resolve().parent)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    pytest.skip("no PostgreSQL server binaries on this machine (initdb, pg_ctl)")


def _as_unprivileged(folder: Path) -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and this machine has no user 'postgres' or 'nobody'")


SQL_KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
"""Parameters of a fixture that runs on both databases."""


def fresh_sql_url(kind: str, folder: Path) -> str:
    """Return the URL of a new database of `kind`; SQLite's file stands in `folder`."""
    return fresh_postgres_url() if kind == "postgres" else f"sqlite:///{folder / 'state.db'}"
