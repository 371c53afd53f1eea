"""Slots: every living process has its own, and a dead one's is found."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from counterpoint.bootstrap.slots import abandoned_slots, take_slot

HOLD = """
import sys, time
from pathlib import Path
from counterpoint.bootstrap.slots import take_slot
slot = take_slot(Path(sys.argv[1]), "p")
print(slot.name, flush=True)
time.sleep(60)
"""


def _holder(folder: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_two_processes_never_have_one_slot(tmp_path: Path) -> None:
    mine = take_slot(tmp_path, "p")
    process, theirs = _holder(tmp_path)
    assert theirs != mine.name
    assert abandoned_slots(tmp_path, mine) == ()
    process.kill()
    process.communicate()


def test_the_slot_of_a_killed_process_is_abandoned_and_taken_by_one(tmp_path: Path) -> None:
    mine = take_slot(tmp_path, "p")
    process, theirs = _holder(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    found = abandoned_slots(tmp_path, mine)
    assert [slot.name for slot in found] == [theirs]
    assert abandoned_slots(tmp_path, mine) == ()


def test_a_process_that_comes_back_has_the_name_it_had(tmp_path: Path) -> None:
    first = take_slot(tmp_path, "p")
    first.release()
    assert take_slot(tmp_path, "p").name == first.name


def test_folders_that_share_a_database_share_no_name(tmp_path: Path) -> None:
    assert take_slot(tmp_path / "a", "p").name != take_slot(tmp_path / "b", "p").name


def test_there_is_a_slot_for_every_process(tmp_path: Path) -> None:
    slots = [take_slot(tmp_path, "p") for _ in range(100)]
    assert len({slot.name for slot in slots}) == 100
    for slot in slots:
        slot.release()


def test_a_folder_that_was_copied_from_an_installation_has_its_slots(tmp_path: Path) -> None:
    # A restored backup goes on with what the lost installation left unfinished.
    first = take_slot(tmp_path / "a", "p")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    assert take_slot(tmp_path / "b", "p").name == first.name
