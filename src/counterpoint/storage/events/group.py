"""Group commit: appends that arrive while the disk is busy share the next synchronisation with it."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from counterpoint.errors import CounterpointError
from counterpoint.events import Event


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """One thread's batch, until it has its answer or is to write for everybody."""

    events: Sequence[Event]
    woken: threading.Event = field(default_factory=threading.Event)
    leads: bool = False
    n_new: int = 0
    error: BaseException | None = None


class GroupCommit:
    """Hands batches of many threads to one writer, several at a time; each thread gets its own answer.

    A synchronisation with the disk costs milliseconds whatever it writes. Without this, each request would pay for one
    of its own, one after the other.

    Args:
        write: Stores batches in one transaction and returns how many records each brought.
    """

    def __init__(self, write: Callable[[Sequence[Sequence[Event]]], list[int]]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._queue: list[_Waiting] = []
        self._is_busy = False

    def append(self, events: Sequence[Event]) -> int:
        """Return how many of `events` were new, once they are on disk."""
        mine = _Waiting(events=events)
        with self._lock:
            self._queue.append(mine)
            mine.leads, self._is_busy = not self._is_busy, True
        if not mine.leads:
            mine.woken.wait()
        if mine.leads:
            self._lead(mine)
        if mine.error is not None:
            raise mine.error
        return mine.n_new

    def _lead(self, mine: _Waiting) -> None:
        with self._lock:
            taken, self._queue = self._queue, []
        try:
            self._write_group(taken)
        finally:
            with self._lock:
                # The next leader starts before this one's followers go home: the disk should not wait for them.
                if self._queue:
                    self._queue[0].leads = True
                    self._queue[0].woken.set()
                else:
                    self._is_busy = False
            for one in taken:
                if one is not mine:
                    one.woken.set()

    def _write_group(self, taken: list[_Waiting]) -> None:
        try:
            for one, n_new in zip(taken, self._write([one.events for one in taken]), strict=True):
                one.n_new = n_new
        except CounterpointError as error:
            if len(taken) == 1:
                taken[0].error = error
                return
            # One bad batch must not cost the others: each is written alone, and answers for itself.
            for one in taken:
                self._write_group([one])
        except BaseException as error:
            for one in taken:
                one.error = error
