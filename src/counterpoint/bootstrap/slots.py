"""Executor slots: which process executes which workflows, so that only a dead process's work is taken over.

A slot is a locked file. The operating system lets go of the lock when its process dies, however it dies; whoever takes
the slot next resumes what its last holder left unfinished.
"""

import fcntl
import os
from pathlib import Path

N_SLOTS = 64


class Slot:
    """One slot, held until it is released or the process ends."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self._descriptor = descriptor

    def release(self) -> None:
        """Let another process take the slot."""
        os.close(self._descriptor)


def take_slot(folder: Path, prefix: str) -> Slot:
    """Return the first free slot.

    Args:
        folder: Where the lock files are; shared by the processes of one machine.
        prefix: What names of this machine's slots begin with; the machines that share a database need different ones.
    """
    for number in range(N_SLOTS):
        slot = _take(folder, f"{prefix}-{number}")
        if slot is not None:
            return slot
    # More processes than slots: each has a name of its own, and its work waits until it is started again.
    return Slot(f"{prefix}-pid{os.getpid()}", os.open(os.devnull, os.O_RDONLY))


def abandoned_slots(folder: Path, held: Slot) -> tuple[Slot, ...]:
    """Return, taken, the slots that were used once and that no living process holds."""
    names = sorted(path.stem for path in (folder / "slots").glob("*.lock"))
    found = (_take(folder, name) for name in names if name != held.name)
    return tuple(slot for slot in found if slot is not None)


def _take(folder: Path, name: str) -> Slot | None:
    place = folder / "slots"
    place.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(place / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Slot(name, descriptor)
