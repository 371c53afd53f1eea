"""The fleet: which process serves which release, as each last said itself."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from counterpoint.errors import InvalidInput

EXPIRES_AFTER_S = 20.0
"""Four reports: a process that is merely slow stays in the fleet."""
MAX_PROCESSES = 10_000
SERVING_ROLES = frozenset({"all", "delivery"})


class Fleet:
    """What the processes that report here said last; an entry expires when its process falls silent.

    Args:
        own: Returns the report of this process itself.
    """

    def __init__(self, clock: Callable[[], datetime], own: Callable[[], dict[str, Any]] | None = None) -> None:
        self._clock = clock
        self._own = own
        self._heard: dict[str, tuple[datetime, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def report(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Take what one process says, and return for how long it stays true.

        Raises:
            InvalidInput: code `fleet_full`.
        """
        now = self._clock()
        with self._lock:
            self._forget(now)
            if report["process"] not in self._heard and len(self._heard) >= MAX_PROCESSES:
                raise InvalidInput(
                    "fleet_full",
                    f"{MAX_PROCESSES:,} processes report already",
                    where="process",
                    fix="give a process one name for its whole life",
                )
            self._heard[report["process"]] = (now, dict(report))
        return {"expires_after_s": EXPIRES_AFTER_S}

    def document(self) -> dict[str, Any]:
        """Return every process that was heard of lately, and of each surface the share of the fleet on each release.

        Shares count the processes that serve: roles `all` and `delivery`.
        """
        now = self._clock()
        with self._lock:
            self._forget(now)
            heard = dict(self._heard)
        if self._own is not None:
            own = self._own()
            heard[own["process"]] = (now, own)
        processes = [
            {**report, "heard_s": round((now - at).total_seconds(), 3)} for _, (at, report) in sorted(heard.items())
        ]
        return {
            "processes": processes,
            "surfaces": _shares(processes),
            "expires_after_s": EXPIRES_AFTER_S,
        }

    def _forget(self, now: datetime) -> None:
        gone = [name for name, (at, _) in self._heard.items() if (now - at).total_seconds() > EXPIRES_AFTER_S]
        for name in gone:
            del self._heard[name]


def _shares(processes: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    counts: dict[str, Counter[tuple[int, str]]] = {}
    for process in processes:
        if process["role"] in SERVING_ROLES:
            for surface, served in process["surfaces"].items():
                counts.setdefault(surface, Counter())[served["release"], served["snapshot"]] += 1
    return {
        surface: [
            {"release": release, "snapshot": snapshot, "n_processes": n, "share": n / counter.total()}
            for (release, snapshot), n in sorted(counter.items(), reverse=True)
        ]
        for surface, counter in sorted(counts.items())
    }
