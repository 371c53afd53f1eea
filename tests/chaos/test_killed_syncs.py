"""A sync that is killed half-way over its folder and run again ends like one that never was: nothing lost or twice."""

import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from chaos import syncing_process
from counterpoint.bootstrap import opened
from live_platform import prepared_settings, spec
from postgres_server import fresh_sql_url

pytestmark = pytest.mark.slow

DOCUMENTS: dict[str, dict[str, Any]] = {
    "config/baseline.yaml": {"kind": "baseline", "surface": "home", "as_of": 1, "values": {"layout.max_shelves": 10}},
    "config/domain.yaml": {"kind": "domain", "key": "genrec", "surface": "home", "owner": "genrec", "share": 0.2},
    "config/holdout.yaml": {
        "kind": "holdout",
        "key": "year",
        "surface": "home",
        "owner": "data",
        "share": 0.05,
        "ends_at": "2099-12-31T00:00:00+00:00",
    },
    "a.yaml": spec(key="podcasts-a", domain="genrec"),
    "b.yaml": spec(key="podcasts-b"),
    "c.yaml": spec(key="podcasts-c"),
}
N_PARTS, N_LAUNCHES = 3, 3


def _folder(place: Path) -> Path:
    for name, document in DOCUMENTS.items():
        path = place / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return place / "specs"


def _sync(place: Path, url: str, after: str = "nothing", kill_at: int = 0) -> subprocess.CompletedProcess[str]:
    words = ["--data", str(place / "data"), "sync", str(_folder(place)), "--by", "ada", "--json"]
    around = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "COUNTERPOINT_DATABASE_URL": url}
    command = [sys.executable, syncing_process.__file__, after, str(kill_at), *words]
    return subprocess.run(command, env=around, capture_output=True, text=True, timeout=150, check=False)


def _place(folder: Path, kind: str = "sqlite") -> str:
    data = prepared_settings(folder / "data").data
    if kind == "sqlite":
        return f"sqlite:///{data / 'counterpoint.sqlite'}"
    (data / "counterpoint.sqlite").unlink()
    return fresh_sql_url(kind, folder)


def _end(folder: Path, url: str) -> dict[str, Any]:
    """Return by what one end is compared with another: nothing of it depends on when, or in how many processes."""
    settings = prepared_settings(folder / "data-unused")
    with opened(type(settings)(data=folder / "data", database_url=url)) as platform:
        control, config = platform.control, platform.configuring
        launches = [control.launch(each["id"]) for each in control.launches()]
        return {
            "launches": sorted((each["experiment"], each["state"]) for each in launches),
            "steps": {each["experiment"]: [entry["state"] for entry in each["timeline"]] for each in launches},
            "releases": sorted((each["author"], each["reason"]) for each in control.releases("home")),
            "holdouts": [each["key"] for each in config.aside.holdouts("home")],
            "domains": [(each["key"], each["experiments"]) for each in config.aside.domains("home")],
            "rollouts": [each["values"] for each in config.show("home")["rollouts"]],
        }


@functools.cache
def _calm() -> dict[str, Any]:
    place = Path(tempfile.mkdtemp(prefix="counterpoint-chaos-"))
    url = _place(place)
    done = _sync(place, url)
    assert done.returncode == 0, done.stderr[-1500:] + done.stdout[-1500:]
    return _end(place, url)


def _killed_and_run_again(folder: Path, url: str, after: str, kill_at: int) -> None:
    killed = _sync(folder, url, after, kill_at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-1500:]
    again = _sync(folder, url)
    assert again.returncode == 0, again.stderr[-1500:] + again.stdout[-1500:]
    assert _end(folder, url) == _calm()
    third = json.loads(_sync(folder, url).stdout)
    assert (third["done"], third["in_sync"]) == ([], True)


def test_a_calm_sync_does_everything() -> None:
    end = _calm()
    assert end["launches"] == [(key, "running") for key in ("podcasts-a", "podcasts-b", "podcasts-c")]
    assert (end["holdouts"], end["domains"]) == (["year"], [("genrec", ["podcasts-a"])])
    assert end["rollouts"] == [{"layout.max_shelves": 10}]


@pytest.mark.parametrize("kill_at", range(1, N_LAUNCHES + 1))
def test_killed_after_a_launch(tmp_path: Path, kill_at: int) -> None:
    _killed_and_run_again(tmp_path, _place(tmp_path), "launch", kill_at)


@pytest.mark.parametrize("kill_at", [1, 2, 3, 4, 6])
def test_killed_after_a_publication(tmp_path: Path, kill_at: int) -> None:
    _killed_and_run_again(tmp_path, _place(tmp_path), "publication", kill_at)


@pytest.mark.postgres
@pytest.mark.parametrize(("after", "kill_at"), [("launch", 2)])
def test_killed_on_postgres(tmp_path: Path, after: str, kill_at: int) -> None:
    _killed_and_run_again(tmp_path, _place(tmp_path, "postgres"), after, kill_at)
