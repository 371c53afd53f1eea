"""JSON documents by kind and key, each with a version that writers compare: what other rooms build small stores on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from counterpoint.errors import Conflict, NotFound
from counterpoint.storage.sql.database import Database, time_of, time_text
from counterpoint.storage.sql.tables import documents
from counterpoint.vocabulary import canonical_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One stored document; `version` is 1 when it is new and grows by one with each write."""

    kind: str
    key: str
    version: int
    updated_at: datetime
    body: Any


class SqlDocuments:
    """Documents on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, kind: str, key: str) -> Document:
        """Return one document.

        Raises:
            NotFound: `unknown_document`.
        """
        query = sa.select(documents).where(documents.c.kind == kind, documents.c.key == key)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("unknown_document", f"no {kind} '{key}'", where=f"{kind}/{key}")
        return _document(row)

    def put(self, kind: str, key: str, body: Any, *, expected_version: int, at: datetime) -> Document:
        """Write a document that is at `expected_version`, 0 for one that is not there, and return it as it is now.

        Raises:
            Conflict: `stale_write`, when somebody else has written it since.
        """
        stored = {"version": expected_version + 1, "updated_at": time_text(at), "body": canonical_json(body).decode()}
        here = sa.and_(documents.c.kind == kind, documents.c.key == key)
        with self._database.writing() as connection:
            if expected_version == 0:
                try:
                    connection.execute(documents.insert().values(kind=kind, key=key, **stored))
                except IntegrityError as error:
                    raise _stale(kind, key) from error
            else:
                at_version = sa.and_(here, documents.c.version == expected_version)
                if connection.execute(documents.update().where(at_version).values(stored)).rowcount == 0:
                    raise _stale(kind, key)
        return Document(kind=kind, key=key, version=expected_version + 1, updated_at=at, body=body)

    def delete(self, kind: str, key: str, *, expected_version: int) -> None:
        """Delete a document that is at `expected_version`.

        Raises:
            Conflict: `stale_write`.
        """
        here = sa.and_(documents.c.kind == kind, documents.c.key == key, documents.c.version == expected_version)
        with self._database.writing() as connection:
            if connection.execute(documents.delete().where(here)).rowcount == 0:
                raise _stale(kind, key)

    def list(self, kind: str, *, prefix: str = "", limit: int = 1_000) -> tuple[Document, ...]:
        """Return documents of one kind whose key begins with `prefix`, the last written first."""
        query = sa.select(documents).where(documents.c.kind == kind)
        if prefix:
            query = query.where(documents.c.key.startswith(prefix, autoescape=True))
        query = query.order_by(documents.c.updated_at.desc(), documents.c.key).limit(limit)
        with self._database.reading() as connection:
            return tuple(_document(row) for row in connection.execute(query))


def _document(row: sa.Row[Any]) -> Document:
    return Document(
        kind=row.kind,
        key=row.key,
        version=row.version,
        updated_at=time_of(row.updated_at),
        body=msgspec.json.decode(row.body),
    )


def _stale(kind: str, key: str) -> Conflict:
    return Conflict(
        "stale_write",
        f"{kind} '{key}' was written since it was read",
        where=f"{kind}/{key}",
        fix="read it again and repeat the change",
    )
