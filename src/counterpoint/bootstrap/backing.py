"""Puts backends together: those in the box, those that a file declares, and what watches them."""

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from counterpoint.control.live import Around, Checks, Drift, Live, StoredNotes, read_backends
from counterpoint.delivery import Fleet
from counterpoint.orchestration import AnalysisPlans, Backend, LaunchStore
from counterpoint.orchestration.backends import ReachBackend
from counterpoint.releases import AuditEntry, ReleaseStore
from counterpoint.storage.sql import Database, SqlAuditLog, SqlDocuments, SqlReleaseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """The backends of a launch in order, what watches them, and what they hold.

    Attributes:
        backends: With those outside after the surface, and a check that they answer before it; exactly those in the
            box when none is declared.
    """

    backends: tuple[Backend, ...]
    drift: Drift
    live: Live


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What backing stands on."""

    database: Database
    releases: ReleaseStore
    launches: LaunchStore
    plans: AnalysisPlans
    fleet: Fleet
    clock: Callable[[], datetime]
    stopwatch: Callable[[], float]
    new_id: Callable[[], str]


def open_backing(ground: Ground, inside: tuple[Backend, ...], declared: Path | None, *, closing: ExitStack) -> Backing:
    """Return the backing of an installation.

    Args:
        inside: The backends in the box, the surface last.
        declared: The file of outside backends; None for none.

    Raises:
        InvalidInput: The file is at fault.
    """
    documents, audit = SqlDocuments(ground.database), SqlAuditLog(ground.database)
    notes = StoredNotes(documents, ground.clock)
    around = Around(releases=ground.releases, notes=notes, clock=ground.clock, environ=os.environ, closing=closing)
    outside = () if declared is None else read_backends(declared, around)
    *before, surface = inside
    reach = (ReachBackend(lambda: outside),) if outside else ()
    backends = (*before, *reach, surface, *outside)

    def record(
        action: str,
        backend: str,
        surface: str,
        *,
        actor: str,
        reason: str,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        audit.record(
            AuditEntry(
                id=f"{action}:{ground.new_id()}",
                at=ground.clock(),
                actor=actor,
                action=f"backend_{action}",
                subject=f"surfaces/{surface}/backends/{backend}",
                reason=reason,
                before=before,
                after=after,
            )
        )

    checks = Checks(
        releases=ground.releases,
        stored=lambda: SqlReleaseStore(ground.database),
        notes=notes,
        clock=ground.clock,
        record=record,
    )
    drift = Drift(
        backends=backends,
        launches=ground.launches,
        checks=checks,
        new_id=ground.new_id,
        stopwatch=ground.stopwatch,
    )
    closing.callback(drift.close)
    live = Live(
        backends=backends,
        launches=ground.launches,
        releases=ground.releases,
        plans=ground.plans,
        drift=drift,
        fleet=ground.fleet,
        clock=ground.clock,
    )
    return Backing(backends=backends, drift=drift, live=live)
