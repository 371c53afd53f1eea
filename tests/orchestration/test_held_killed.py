"""Killed at any step, a launch over the surface and a flag file ends with the flags of one that was never killed."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from contracts.backend_rigs import a_store, parts, surface_backend
from contracts.memory_notes import MemoryNotes
from counterpoint.control.live.outside import render_flagd
from counterpoint.orchestration import Goal, LaunchState, find, move, open_desk, submit, tick
from counterpoint.orchestration.backends import FlagdFile
from experiment_examples import a_spec
from launch_fakes import START, FakeWorld, KillableExecutor, Killed

SPEC = a_spec("e1", set={"a.x": 5, "b.x": 7})
ENDED = (LaunchState.SHIPPED, LaunchState.ROLLED_BACK, LaunchState.FAILED)


def lived(folder: Path, kill_at: int | None, *, before_record: bool) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """Return the flags while it ran and at its end, and whether it was killed on the way."""
    folder.mkdir()
    path, store = folder / "flags.json", a_store()
    held = parts(store, "flags", MemoryNotes()).held(FlagdFile(path), render_flagd)
    world = FakeWorld(surface_backend(store), held)  # type: ignore[arg-type]  # it takes any backend
    world.clock.now = START.replace(year=2027)
    executor, ids = KillableExecutor(kill_at, before_record=before_record), itertools.count(1)
    desk = open_desk(world.build(), executor, lambda: str(next(ids)))
    killed = False

    def resumed(do: Any) -> None:
        nonlocal killed
        try:
            do()
        except Killed:
            killed, executor.kill_at = True, None
            executor.launch()

    resumed(lambda: submit(desk, SPEC, author="ada"))
    for _ in range(5):
        if find(desk, "e1").state is LaunchState.RUNNING:
            break
        world.clock.pass_time(minutes=5)
        resumed(lambda: tick(desk))
    running = json.loads(path.read_text())["flags"]
    if find(desk, "e1").state is LaunchState.RUNNING:
        resumed(lambda: move(desk, find(desk, "e1").id, Goal.STOP, actor="ada", reason="enough"))
    for _ in range(10):
        if find(desk, "e1").state in ENDED:
            break
        world.clock.pass_time(minutes=10)
        resumed(lambda: tick(desk))
    assert find(desk, "e1").state is LaunchState.SHIPPED, kill_at
    return running, json.loads(path.read_text())["flags"], killed


@pytest.mark.parametrize("before_record", [False, True], ids=["before its effect", "between effect and record"])
def test_the_flags_are_those_of_a_launch_that_was_never_killed(tmp_path, before_record):
    running, ended, _ = lived(tmp_path / "calm", None, before_record=before_record)
    assert running["a.x"]["variants"] == {"baseline": 1, "e1:treatment": 5}
    assert ended["a.x"]["variants"] == {"baseline": 5}, "what shipped is the baseline of the flag"
    for kill_at in range(1, 60):
        *flags, killed = lived(tmp_path / str(kill_at), kill_at, before_record=before_record)
        assert flags == [running, ended], kill_at
        if not killed:
            return
    raise AssertionError("more steps than expected")
