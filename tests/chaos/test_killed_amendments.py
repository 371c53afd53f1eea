"""A process that is killed while it amends a running experiment: the end is that of a calm run, on both databases."""

import functools
import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest

from chaos.test_faults_inside import _timeless
from chaos.test_killed_launches import _dies, _place, _process, _result

pytestmark = pytest.mark.slow

# The beginning takes ten steps: one validates, four backends are applied and verified, one records. Then come the
# claim, the four backends again, and the record.
CLAIM, SURFACE, RECORD = 11, 16, 20


def _told(document: dict[str, Any]) -> dict[str, Any]:
    return json.loads(re.sub(r":amend:\d+", ":amend", json.dumps(_timeless(document))))


@functools.cache
def _calm() -> dict[str, Any]:
    folder = Path(tempfile.mkdtemp(prefix="counterpoint-chaos-"))
    return _told(_result(_process(*_place("sqlite", folder), flags=True, amended=True)))


def test_a_calm_run_is_amended_once_everywhere() -> None:
    calm = _calm()
    assert [step for _, step, _ in calm["timeline"]].count("amend") == 1
    assert calm["plan"]["plan"]["schedule"]["ramp"] == [{"share": 0.05, "hours": 6.0}]
    assert calm["flags_log"] == ["start:0:None", "amend:0:None", "stage:1:None", "stop:1:None", "roll_back:1:None"]


KILLS = [
    ("sqlite", CLAIM, True),
    ("sqlite", SURFACE, False),
    ("sqlite", RECORD, True),
    pytest.param("postgres", SURFACE, True, marks=pytest.mark.postgres),
]


@pytest.mark.parametrize(("kind", "kill_at", "after_effect"), KILLS)
def test_killed_around_a_step_of_an_amendment(tmp_path: Path, kind: str, kill_at: int, after_effect: bool) -> None:
    place = _place(kind, tmp_path)
    _dies(_process(*place, flags=True, amended=True, kill_at=kill_at, after_effect=after_effect))
    assert _told(_result(_process(*place, flags=True, amended=True))) == _calm()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_killed_inside_the_write_of_the_amended_release(tmp_path: Path, kind: str) -> None:
    place = _place(kind, tmp_path)
    _dies(_process(*place, flags=True, amended=True, in_write=["amend", "between"]))
    assert _told(_result(_process(*place, flags=True, amended=True))) == _calm()
