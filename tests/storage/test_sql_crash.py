"""A process that is killed while it publishes leaves whole releases, each with its audit entry, and nothing else."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from counterpoint.releases import ReplaceSurface
from counterpoint.storage.sql import SqlAuditLog, SqlReleaseStore, open_database
from experiment_examples import a_surface, published
from postgres_server import SQL_KINDS, fresh_sql_url

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
@pytest.mark.parametrize("kind", SQL_KINDS)
def test_releases_are_whole_after_every_kill(kind: str, tmp_path: Path):
    url = fresh_sql_url(kind, tmp_path)
    database = open_database(url)
    published(SqlReleaseStore(database), ReplaceSurface(surface=a_surface()))
    database.close()
    numbers = [1]
    for n in range(5):
        process = subprocess.Popen(
            [sys.executable, ROOT / "contracts" / "publisher_process.py", url, f"p{n}", "100000"],
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ.get("PATH", "")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for_a_release(url, numbers[-1], process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        database = open_database(url)
        try:
            store = SqlReleaseStore(database)
            live = store.latest("home")  # reads the whole state and compares its digest
            assert len(live.state.rules) == live.number - 1
            history = store.history("home", limit=100_000)
            assert [note.number for note in history] == list(range(live.number, 0, -1))
            entries = SqlAuditLog(database).entries(limit=100_000)
            assert [entry.facts["release"] for entry in entries] == [note.number for note in history]
            numbers.append(live.number)
        finally:
            database.close()
    assert numbers == sorted(set(numbers))


def _wait_for_a_release(url: str, number: int, process: subprocess.Popen) -> None:
    database = open_database(url)
    try:
        store = SqlReleaseStore(database)
        while store.head("home").number < number + 3:
            assert process.poll() is None, "the publisher ended by itself"
            time.sleep(0.01)
    finally:
        database.close()
