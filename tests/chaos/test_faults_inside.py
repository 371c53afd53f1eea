"""Faults inside the effect of a step, and code that changes under sleeping workflows: the end is that of a calm run.

Each case is one or two processes of 4 to 5 s of CPU. Measured on two cores that others kept busy (load 9 to
12): 22 cases of the folder, two at a time, in 325 s; the whole folder on an idle machine was not timed.
"""

import functools
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from chaos.test_killed_launches import _dies, _place, _process, _result
from counterpoint.vocabulary import digest

pytestmark = pytest.mark.slow


@functools.cache
def _calm() -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="counterpoint-chaos-"))
    return _timeless(_result(_process(*_place("sqlite", folder), flags=True)))


def _timeless(document: dict[str, Any]) -> dict[str, Any]:
    """Return releases, launch, audit and backends without their times, and without how often a launch was written."""
    said = {
        "state": document["state"],
        "timeline": [[state, step, reason] for state, step, _, reason in document["timeline"]],
        "releases": [[reason, author] for _, _, reason, author in document["releases"]],
        "audit": sorted(entry[1:] for entry in document["audit"]),
        "plan": {field: document["plan"][field] for field in ("plan", "digest", "launch", "key")},
        "flags": document["flags"],
        "flags_log": document["flags_log"],
    }
    return json.loads(re.sub(r":(look|intervene|begin):\d+", r":\1", json.dumps(said)))


def _ends_calmly(result: dict[str, Any]) -> None:
    found, calm = _timeless(result), _calm()
    assert found == calm
    assert digest(found) == digest(calm)


def test_a_calm_run_tells_the_flags_of_each_goal_once() -> None:
    assert _calm()["flags_log"] == ["start:0:None", "stage:1:None", "stop:1:None", "roll_back:1:None"]


INSIDE = [("start", "before"), ("start", "between"), ("start", "after"), ("stage", "between"), ("roll_back", "between")]


@pytest.mark.parametrize(("goal", "where"), INSIDE)
def test_killed_inside_the_effect_of_a_backend(tmp_path: Path, goal: str, where: str) -> None:
    place = _place("sqlite", tmp_path)
    _dies(_process(*place, flags=True, fault={"kind": "kill", "goal": goal, "where": where}))
    _ends_calmly(_result(_process(*place, flags=True)))


IN_WRITES = [
    ("sqlite", "begin", "between"),
    ("sqlite", "roll_back", "after"),
    pytest.param("postgres", "begin", "after", marks=pytest.mark.postgres),
    pytest.param("postgres", "stop", "between", marks=pytest.mark.postgres),
]


@pytest.mark.parametrize(("kind", "goal", "where"), IN_WRITES)
def test_killed_inside_the_write_of_a_release(tmp_path: Path, kind: str, goal: str, where: str) -> None:
    place = _place(kind, tmp_path)
    _dies(_process(*place, flags=True, in_write=[goal, where]))
    _ends_calmly(_result(_process(*place, flags=True)))


FAULTS = {
    "down before it wrote anything": {"kind": "down", "goal": "start", "where": "before", "times": 2},
    "down when it had written the half": {"kind": "down", "goal": "start", "where": "between", "times": 2},
    "down when it had written all of it": {"kind": "down", "goal": "roll_back", "where": "after", "times": 2},
    "slow": {"kind": "hang", "goal": "stage", "where": "between", "seconds": 0.3},
    "hung, and answered late": {"kind": "hang", "goal": "start", "where": "between", "seconds": 1.2},
    "hung after its effect": {"kind": "hang", "goal": "stop", "where": "after", "seconds": 1.2},
    "delivered twice": {"kind": "twice", "goal": "start"},
}


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_backend_that_is(tmp_path: Path, fault: str) -> None:
    place = _place("sqlite", tmp_path)
    _ends_calmly(_result(_process(*place, flags=True, fault=FAULTS[fault], timeout_s=0.5)))


ONE_OF_EACH = ["down when it had written the half", "slow", "hung, and answered late", "delivered twice"]


@pytest.mark.postgres
@pytest.mark.parametrize("fault", ONE_OF_EACH)
def test_on_postgres_a_backend_that_is(tmp_path: Path, fault: str) -> None:
    place = _place("postgres", tmp_path)
    _ends_calmly(_result(_process(*place, flags=True, fault=FAULTS[fault], timeout_s=0.5)))


@pytest.mark.postgres
def test_on_postgres_killed_inside_the_effect_of_a_backend(tmp_path: Path) -> None:
    place = _place("postgres", tmp_path)
    _dies(_process(*place, flags=True, fault={"kind": "kill", "goal": "start", "where": "between"}))
    _ends_calmly(_result(_process(*place, flags=True)))


@functools.cache
def _refused() -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="counterpoint-chaos-"))
    return _timeless(_result(_process(*_place("sqlite", folder), flags=True, refusing=True)))


REVERTING = [
    ("sqlite", "before"),
    ("sqlite", "between"),
    pytest.param("postgres", "after", marks=pytest.mark.postgres),
]


@pytest.mark.parametrize(("kind", "where"), REVERTING)
def test_killed_inside_a_revert_it_is_reverted_all_the_same(tmp_path: Path, kind: str, where: str) -> None:
    place = _place(kind, tmp_path)
    _dies(_process(*place, flags=True, refusing=True, fault={"kind": "kill", "goal": "revert", "where": where}))
    found = _timeless(_result(_process(*place, flags=True, refusing=True)))
    assert (found["state"], found["flags"]) == ("failed", {"podcasts-second": None})
    assert "STILL LIVE" not in json.dumps(found["timeline"])
    assert found == _refused()


UPGRADED = [("sqlite", 2), ("sqlite", 6), ("sqlite", 14), pytest.param("postgres", 6, marks=pytest.mark.postgres)]


@pytest.mark.parametrize(("kind", "kill_at"), UPGRADED)
def test_code_that_was_upgraded_while_a_workflow_was_under_way_ends_it(tmp_path: Path, kind: str, kill_at: int) -> None:
    place = _place(kind, tmp_path)
    _dies(_process(*place, flags=True, older="0", kill_at=kill_at, after_effect=True))
    _ends_calmly(_result(_process(*place, flags=True)))


def test_code_that_was_upgraded_while_an_experiment_waits_for_its_next_stage_takes_it_there(tmp_path: Path) -> None:
    place = _place("sqlite", tmp_path)
    _result(_process(*place, flags=True, older="0", until="running"))
    _ends_calmly(_result(_process(*place, flags=True)))
