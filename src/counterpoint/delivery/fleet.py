"""The fleet: which process serves which release, as each last said itself."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from counterpoint.errors import Conflict, InvalidInput, NotFound

EXPIRES_AFTER_S = 20.0
"""Four reports: a process that is merely slow stays in the fleet."""
MAX_PROCESSES = 10_000
_KIND = "fleet"
_SWEPT_AFTER = timedelta(hours=1)
SERVING_ROLES = frozenset({"all", "delivery"})


class Kept(Protocol):
    """Documents by kind and key, with versions; `SqlDocuments` is one."""

    def get(self, kind: str, key: str) -> Any:
        """Return one; raises NotFound."""
        ...

    def put(self, kind: str, key: str, body: Any, *, expected_version: int, at: datetime) -> Any:
        """Write one that is at `expected_version`; raises Conflict."""
        ...

    def delete(self, kind: str, key: str, *, expected_version: int) -> None:
        """Delete one that is at `expected_version`; raises Conflict."""
        ...

    def list(self, kind: str, *, prefix: str = "", limit: int = 1_000) -> Any:
        """Return those of a kind, the last written first."""
        ...


class Fleet:
    """What the processes that report said last, to whichever control process; an entry expires in silence.

    Args:
        kept: Where the reports are, the same for all control processes of an installation.
        own: Returns the report of this process itself.
    """

    def __init__(
        self, clock: Callable[[], datetime], kept: Kept, own: Callable[[], dict[str, Any]] | None = None
    ) -> None:
        self._clock = clock
        self._kept = kept
        self._own = own

    def report(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Take what one process says, and return for how long it stays true.

        Raises:
            InvalidInput: code `fleet_full`.
        """
        now, process = self._clock(), report["process"]
        try:
            version = self._kept.get(_KIND, process).version
        except NotFound:
            version = 0
            if len(self._heard(now)) >= MAX_PROCESSES:
                raise InvalidInput(
                    "fleet_full",
                    f"{MAX_PROCESSES:,} processes report already",
                    where="process",
                    fix="give a process one name for its whole life",
                ) from None
        # A Conflict: another control process has heard the same one at this moment.
        with suppress(Conflict):
            self._kept.put(_KIND, process, dict(report), expected_version=version, at=now)
        return {"expires_after_s": EXPIRES_AFTER_S}

    def document(self) -> dict[str, Any]:
        """Return every process that was heard of lately, and of each surface the share of the fleet on each release.

        Shares count the processes that serve: roles `all` and `delivery`.
        """
        now = self._clock()
        heard = self._heard(now)
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

    def _heard(self, now: datetime) -> dict[str, tuple[datetime, dict[str, Any]]]:
        heard = {}
        for entry in self._kept.list(_KIND, limit=2 * MAX_PROCESSES):
            if (now - entry.updated_at).total_seconds() <= EXPIRES_AFTER_S:
                heard[entry.key] = (entry.updated_at, entry.body)
            elif now - entry.updated_at > _SWEPT_AFTER:
                # A Conflict: it has reported again meanwhile, or another control process has swept it.
                with suppress(Conflict):
                    self._kept.delete(_KIND, entry.key, expected_version=entry.version)
        return heard


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
