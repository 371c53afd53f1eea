"""Documents in memory, with the versions and refusals of `SqlDocuments`."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from counterpoint.errors import Conflict, NotFound
from counterpoint.storage.sql.documents import Document


class MemoryDocuments:
    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Document] = {}

    def get(self, kind: str, key: str) -> Document:
        if (kind, key) not in self._kept:
            raise NotFound("unknown_document", "not there", where=f"{kind}/{key}")
        return self._kept[kind, key]

    def put(self, kind: str, key: str, body: Any, *, expected_version: int, at: datetime) -> Document:
        self._check(kind, key, expected_version)
        document = Document(kind=kind, key=key, version=expected_version + 1, updated_at=at, body=body)
        self._kept[kind, key] = document
        return document

    def delete(self, kind: str, key: str, *, expected_version: int) -> None:
        self._check(kind, key, expected_version)
        del self._kept[kind, key]

    def list(self, kind: str, *, prefix: str = "", limit: int = 1_000) -> tuple[Document, ...]:
        newest: Callable[[Document], Any] = lambda each: each.updated_at  # noqa: E731 - a sort key
        found = [each for (of, key), each in self._kept.items() if of == kind and key.startswith(prefix)]
        return tuple(sorted(found, key=newest, reverse=True)[:limit])

    def _check(self, kind: str, key: str, expected: int) -> None:
        present = self._kept.get((kind, key))
        if (present.version if present else 0) != expected:
            raise Conflict("stale_write", "written since", where=f"{kind}/{key}")
