"""A launch whose process is killed ends like one whose process never was: releases, timeline, plan and audit."""

import functools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from chaos import launching_process
from live_platform import prepared_settings
from postgres_server import SQL_KINDS, fresh_sql_url

pytestmark = pytest.mark.slow

N_BEGIN_STEPS = 8
N_STEPS = 35


def _process(folder: Path, url: str, **words: Any) -> subprocess.Popen[str]:
    argument = json.dumps({"folder": str(folder), "url": url, **words})
    command = [sys.executable, launching_process.__file__, argument]
    around = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    return subprocess.Popen(command, env=around, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _result(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err[-1500:]
    return json.loads(out)


def _dies(process: subprocess.Popen[str]) -> None:
    _, err = process.communicate(timeout=100)
    assert process.returncode == -signal.SIGKILL, err[-1500:]


def _place(kind: str, folder: Path) -> tuple[Path, str]:
    data = prepared_settings(folder / "data").data
    if kind == "sqlite":
        return data, f"sqlite:///{data / 'counterpoint.sqlite'}"
    (data / "counterpoint.sqlite").unlink()
    return data, fresh_sql_url(kind, folder)


@functools.cache
def _calm(until: str) -> dict[str, Any]:
    """Return what a run that nobody disturbs ends with."""
    folder = Path(tempfile.mkdtemp(prefix="counterpoint-chaos-"))
    return _result(_process(*_place("sqlite", folder), until=until))


def _comparable(document: dict[str, Any]) -> dict[str, Any]:
    # A run's id counts how often its launch was written, and a write that is repeated after a crash counts again.
    text = json.dumps({key: value for key, value in document.items() if key not in ("n_steps", "releases")})
    numbers = [each[1:] for each in document["releases"]]
    return {**json.loads(re.sub(r":(look|intervene|begin):\d+", r":\1", text)), "releases": numbers}


def test_the_steps_of_a_calm_run_are_those_that_are_killed_below() -> None:
    assert _calm("running")["n_steps"] == N_BEGIN_STEPS
    assert _calm("the end")["n_steps"] == N_STEPS


@pytest.mark.parametrize("after_effect", [False, True], ids=["before-effect", "before-record"])
@pytest.mark.parametrize("kill_at", range(1, N_BEGIN_STEPS + 1))
def test_killed_at_any_step_of_its_beginning(tmp_path: Path, kill_at: int, after_effect: bool) -> None:
    place = _place("sqlite", tmp_path)
    _dies(_process(*place, until="running", kill_at=kill_at, after_effect=after_effect))
    assert _comparable(_result(_process(*place, until="running"))) == _comparable(_calm("running"))


LATER = [(10, True), (11, True), (16, True), (18, True), (24, True), (27, False), (32, True), (35, True)]


@pytest.mark.parametrize(("kill_at", "after_effect"), LATER)
def test_killed_while_it_ramps_or_concludes(tmp_path: Path, kill_at: int, after_effect: bool) -> None:
    place = _place("sqlite", tmp_path)
    _dies(_process(*place, kill_at=kill_at, after_effect=after_effect))
    assert _comparable(_result(_process(*place))) == _comparable(_calm("the end"))


@pytest.mark.postgres
@pytest.mark.parametrize(("kill_at", "after_effect"), [(6, True), (8, True), (16, True), (32, False)])
def test_killed_on_postgres(tmp_path: Path, kill_at: int, after_effect: bool) -> None:
    place = _place("postgres", tmp_path)
    _dies(_process(*place, kill_at=kill_at, after_effect=after_effect))
    assert _comparable(_result(_process(*place))) == _comparable(_calm("the end"))


def test_killed_again_and_again(tmp_path: Path) -> None:
    place = _place("sqlite", tmp_path)
    n_deaths = 0
    while n_deaths < 12:
        process = _process(*place, kill_at=6, after_effect=True)
        out, err = process.communicate(timeout=100)
        if process.returncode == 0:
            assert n_deaths >= 4
            assert _comparable(json.loads(out)) == _comparable(_calm("the end"))
            return
        assert process.returncode == -signal.SIGKILL, err[-1500:]
        n_deaths += 1
    raise AssertionError("it makes no progress")


@pytest.mark.parametrize("kind", SQL_KINDS)
def test_of_two_workers_on_one_database_each_transition_is_done_once(tmp_path: Path, kind: str) -> None:
    place = _place(kind, tmp_path)
    _result(_process(*place, until="running"))
    go = tmp_path / "go"
    workers = [_process(*place, barrier=[[str(tmp_path / f"ready-{n}"), str(go)]]) for n in range(2)]
    while not all((tmp_path / f"ready-{n}").exists() for n in range(2)):
        assert all(worker.poll() is None for worker in workers)
    go.touch()
    results = [_result(worker) for worker in workers]
    assert [_comparable(each) for each in results] == [_comparable(_calm("the end"))] * 2


@pytest.mark.parametrize("kind", SQL_KINDS)
def test_the_living_end_what_the_dead_began(tmp_path: Path, kind: str) -> None:
    place = _place(kind, tmp_path)
    ready, go = tmp_path / "ready", tmp_path / "go"
    survivor = _process(*place, until="running", barrier=[[str(ready), str(go)]])
    while not ready.exists():
        assert survivor.poll() is None, survivor.communicate()[1][-1500:]
    _dies(_process(*place, until="running", kill_at=6, after_effect=True))
    go.touch()
    assert _comparable(_result(survivor)) == _comparable(_calm("running"))
