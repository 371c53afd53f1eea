"""Executor slots: which process executes which workflows, so that only a dead process's work is taken over.

A slot is a locked file. The operating system lets go of the lock when its process dies, however it dies; whoever takes
the slot next resumes what its last holder left unfinished.
"""

import fcntl
import os
import secrets
from itertools import count
from pathlib import Path


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
        prefix: What names of slots begin with. The folder's own mark follows, since folders on several machines may
            share a database, where two executors of one name would execute each other's workflows.
    """
    mark = _mark_of(folder)
    slots = (_take(folder, f"{prefix}-{mark}-{number}") for number in count())
    return next(slot for slot in slots if slot is not None)


def abandoned_slots(folder: Path, held: Slot) -> tuple[Slot, ...]:
    """Return, taken, the slots that were used once and that no living process holds."""
    names = sorted(path.stem for path in (folder / "slots").glob("*.lock"))
    found = (_take(folder, name) for name in names if name != held.name)
    return tuple(slot for slot in found if slot is not None)


def _mark_of(folder: Path) -> str:
    path = folder / "slots" / "mark"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Linked into place whole: of two processes that start at once, one makes the mark and both read it.
        fresh = path.with_name(f"mark.{secrets.token_hex(4)}")
        fresh.write_text(secrets.token_hex(3), encoding="ascii")
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii")


def _take(folder: Path, name: str) -> Slot | None:
    descriptor = os.open(folder / "slots" / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return Slot(name, descriptor)
