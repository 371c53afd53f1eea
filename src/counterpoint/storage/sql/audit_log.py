"""Who did what, why and when, and who approved what: rows that are only ever added."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from counterpoint.releases import Approval, AuditEntry
from counterpoint.storage.sql.database import Database, time_of, time_text
from counterpoint.storage.sql.tables import approvals, audit
from counterpoint.vocabulary import canonical_json


class SqlAuditLog:
    """`AuditLog` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, entry: AuditEntry) -> None:
        """Keep `entry`; recording the same id twice keeps the first."""
        with self._database.writing() as connection:
            insert_audit(connection, entry)

    def entries(
        self, *, subject: str | None = None, actor: str | None = None, limit: int = 100, before: datetime | None = None
    ) -> tuple[AuditEntry, ...]:
        """Return entries, the newest first; `subject` also finds everything below it."""
        query = sa.select(audit)
        if subject is not None:
            # Below is a range of text, which an index serves: '0' is the character after '/'.
            below = sa.and_(audit.c.subject >= f"{subject}/", audit.c.subject < f"{subject}0")
            query = query.where(sa.or_(audit.c.subject == subject, below))
        if actor is not None:
            query = query.where(audit.c.actor == actor)
        if before is not None:
            query = query.where(audit.c.at < time_text(before))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(audit.c.at.desc(), audit.c.seq.desc()).limit(limit)).all()
        return tuple(_entry(row) for row in rows)


class SqlApprovalStore:
    """`ApprovalStore` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, approval: Approval) -> None:
        """Keep `approval`; the same id twice keeps the first."""
        with self._database.writing() as connection:
            values = {
                "id": approval.id,
                "subject_digest": approval.subject_digest,
                "by": approval.by,
                "at": time_text(approval.at),
                "granted": approval.granted,
                "note": approval.note,
            }
            insert_once(connection, approvals, values)

    def of(self, subject_digest: str) -> tuple[Approval, ...]:
        """Return the approvals and refusals of one digest, the oldest first."""
        query = sa.select(approvals).where(approvals.c.subject_digest == subject_digest)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(approvals.c.at, approvals.c.seq)).all()
        return tuple(
            Approval(
                id=row.id,
                subject_digest=row.subject_digest,
                by=row.by,
                at=time_of(row.at),
                granted=bool(row.granted),
                note=row.note,
            )
            for row in rows
        )


def insert_audit(connection: sa.Connection, entry: AuditEntry) -> None:
    """Add `entry` in the transaction of `connection`."""
    body = {"before": entry.before, "after": entry.after, "facts": entry.facts}
    values = {
        "id": entry.id,
        "at": time_text(entry.at),
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "reason": entry.reason,
        "body": canonical_json(body).decode(),
    }
    insert_once(connection, audit, values)


def insert_once(connection: sa.Connection, table: sa.Table, values: Mapping[str, object]) -> None:
    """Insert `values` unless a row with their id, or primary key, is there."""
    insert = postgres_insert if connection.dialect.name == "postgresql" else sqlite_insert
    connection.execute(insert(table).values(values).on_conflict_do_nothing())


def _entry(row: sa.Row[tuple[object, ...]]) -> AuditEntry:
    body = msgspec.json.decode(row.body)
    return AuditEntry(
        id=row.id,
        at=time_of(row.at),
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        reason=row.reason,
        before=body["before"],
        after=body["after"],
        facts=body["facts"],
    )
