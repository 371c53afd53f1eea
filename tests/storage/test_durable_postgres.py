"""The whole platform on a real PostgreSQL server, by the command line: state and durable workflows in one database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from live_platform import prepared_settings, spec
from postgres_server import fresh_postgres_url

_MAIN = "import sys; from counterpoint.cli import main; sys.exit(main())"

pytestmark = [pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_launch_by_the_command_line_runs_and_is_there_for_the_next_process(tmp_path: Path, scheme: str) -> None:
    url = fresh_postgres_url()
    folder = prepared_settings(tmp_path / "data").data
    (folder / "counterpoint.sqlite").unlink()
    (folder / "workflows.sqlite").unlink()
    document = tmp_path / "spec.json"
    document.write_text(json.dumps(spec(schedule={"days": 14, "ramp": [{"share": 0.05, "hours": 4}]})))

    def run(*words: str) -> dict[str, object]:
        environ = {**os.environ, "COUNTERPOINT_DATABASE_URL": scheme + url.removeprefix("postgresql")}
        command = [sys.executable, "-c", _MAIN, "--data", str(folder), *words]
        ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=100)
        assert ended.returncode == 0, ended.stderr[-800:]
        return json.loads(ended.stdout) if "--json" in words else {}

    launched = run("launch", "--spec", str(document), "--json")
    assert launched["state"] == "running", launched
    run("stop", "podcasts-second", "--reason", "seen enough", "--by", "grace")
    shown = run("experiment", "podcasts-second", "--json")
    assert shown["state"] == "rolled_back"

    with psycopg.connect(url) as connection:
        (n_launches,) = connection.execute("SELECT count(*) FROM launches").fetchone()
        (n_workflows,) = connection.execute("SELECT count(*) FROM dbos.workflow_status").fetchone()
    assert (n_launches, n_workflows) == (1, 2)
    assert not list(folder.glob("*.sqlite"))
