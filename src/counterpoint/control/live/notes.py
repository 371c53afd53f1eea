"""Small durable records of backends, as documents of the database."""

from collections.abc import Callable
from datetime import datetime

from counterpoint.errors import Conflict, NotFound, PlatformFault
from counterpoint.orchestration.backends import Note
from counterpoint.storage.sql import SqlDocuments

BACKEND_NOTE = "backend_note"
_N_WRITES = 8


class StoredNotes:
    """`Notes` on SQLite or PostgreSQL."""

    def __init__(self, documents: SqlDocuments, clock: Callable[[], datetime]) -> None:
        self._documents = documents
        self._clock = clock

    def get(self, key: str) -> Note | None:
        """Return a record, or None."""
        try:
            body: Note = self._documents.get(BACKEND_NOTE, key).body
        except NotFound:
            return None
        return body

    def change(self, key: str, change: Callable[[Note | None], Note]) -> Note:
        """Return the record as `change` left it, stored; called again when another writer came first."""
        for _ in range(_N_WRITES):
            try:
                there = self._documents.get(BACKEND_NOTE, key)
                version, before = there.version, there.body
            except NotFound:
                version, before = 0, None
            after = change(before)
            if after == before:
                return after
            try:
                self._documents.put(BACKEND_NOTE, key, after, expected_version=version, at=self._clock())
            except Conflict:
                continue
            return after
        raise PlatformFault("note_contended", f"{_N_WRITES} writes in a row found it changed", where=key)
