"""The fake of `ReleaseStore` and `AuditLog`: everything in lists, with the same promises."""

from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from counterpoint.errors import Conflict, NotFound
from counterpoint.releases import (
    Attestation,
    AuditEntry,
    Change,
    Release,
    ReleaseNote,
    digests_after,
    state_from,
)


class MemoryAuditLog:
    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    def record(self, entry: AuditEntry) -> None:
        if all(entry.id != other.id for other in self._entries):
            self._entries.append(entry)

    def entries(
        self, *, subject: str | None = None, actor: str | None = None, limit: int = 100, before: datetime | None = None
    ) -> tuple[AuditEntry, ...]:
        found = [
            (entry.at, place, entry)
            for place, entry in enumerate(self._entries)
            if (subject is None or entry.subject == subject or entry.subject.startswith(f"{subject}/"))
            and (actor is None or entry.actor == actor)
            and (before is None or entry.at < before)
        ]
        return tuple(entry for _, _, entry in sorted(found, key=lambda row: row[:2], reverse=True))[:limit]


class MemoryReleaseStore:
    def __init__(self, audit: MemoryAuditLog | None = None) -> None:
        self.audit = audit or MemoryAuditLog()
        self._rows: dict[str, list[tuple[ReleaseNote, Mapping[str, bytes | None], Change, Attestation]]] = {}
        self._lock = Lock()

    def latest(self, surface: str) -> Release | None:
        rows = self._rows.get(surface)
        return self.get(surface, len(rows)) if rows else None

    def head(self, surface: str) -> ReleaseNote | None:
        rows = self._rows.get(surface)
        return rows[-1][0] if rows else None

    def get(self, surface: str, number: int) -> Release:
        note = self._row(surface, number)[0]
        parts: dict[str, bytes] = {}
        for _, changed, _, _ in self._rows[surface][:number]:
            parts |= {path: body for path, body in changed.items() if body is not None}
            for path in [path for path, body in changed.items() if body is None]:
                parts.pop(path, None)
        return Release(note=note, state=state_from(parts), digests=digests_after({}, parts))

    def change_of(self, surface: str, number: int) -> tuple[Change, Attestation]:
        return self._row(surface, number)[2:]

    def append(
        self,
        note: ReleaseNote,
        *,
        changed: Mapping[str, bytes | None],
        change: Change,
        attestation: Attestation,
        audit: AuditEntry,
    ) -> None:
        with self._lock:
            rows = self._rows.setdefault(note.surface, [])
            if len(rows) != note.number - 1:
                raise Conflict("stale_base", "somebody else published first")
            rows.append((note, dict(changed), change, attestation))
            self.audit.record(audit)

    def history(
        self, surface: str, *, path: str | None = None, limit: int = 100, before: int | None = None
    ) -> tuple[ReleaseNote, ...]:
        notes = [row[0] for row in reversed(self._rows.get(surface, []))]
        return tuple(
            note for note in notes if (path is None or path in note.paths) and (before is None or note.number < before)
        )[:limit]

    def part(self, surface: str, path: str, number: int) -> bytes | None:
        for _, changed, _, _ in reversed(self._rows.get(surface, [])[:number]):
            if path in changed:
                return changed[path]
        return None

    def find_change(self, surface: str, change_id: str) -> ReleaseNote | None:
        return next((row[0] for row in self._rows.get(surface, []) if row[0].change_id == change_id), None)

    def heads(self) -> Mapping[str, int]:
        return {surface: len(self._rows[surface]) for surface in self.surfaces()}

    def surfaces(self) -> tuple[str, ...]:
        return tuple(sorted(surface for surface, rows in self._rows.items() if rows))

    def _row(self, surface: str, number: int):
        rows = self._rows.get(surface, [])
        if not 1 <= number <= len(rows):
            raise NotFound("unknown_release", f"no release {number}")
        return rows[number - 1]
