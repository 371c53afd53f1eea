"""Launches in SQL: a row each, compared by version on every write, their transitions in the audit log."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from counterpoint.errors import Conflict, NotFound
from counterpoint.orchestration import ENDED, Launch, LaunchState, TimelineEntry
from counterpoint.releases import AuditEntry
from counterpoint.storage.sql.audit_log import insert_audit
from counterpoint.storage.sql.database import Database, time_of, time_text
from counterpoint.storage.sql.tables import launches
from counterpoint.vocabulary import digest


class SqlLaunchStore:
    """The launch store on a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, launch: Launch) -> Launch:
        """Store a new launch.

        Raises:
            Conflict: `launch_exists`, when its id is taken or a launch of its experiment has not ended.
        """
        same = sa.and_(launches.c.surface == launch.surface, launches.c.experiment == launch.experiment)
        live = sa.and_(same, launches.c.state.not_in([str(state) for state in ENDED]))
        with self._database.writing() as connection:
            if connection.dialect.name == "postgresql":
                # Of two that submit the same experiment at once, the second waits here and then sees the first.
                lock = int.from_bytes(digest([launch.surface, launch.experiment]).encode()[:7])
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
            other = connection.execute(sa.select(launches.c.id, launches.c.state).where(live)).first()
            if other is not None:
                raise Conflict(
                    "launch_exists",
                    f"experiment '{launch.experiment}' is {other.state} as {other.id}",
                    where="key",
                    fix="stop that launch, or give the experiment another key",
                    facts={"launch": other.id},
                )
            try:
                connection.execute(launches.insert().values(id=launch.id, **_columns(launch)))
            except IntegrityError as error:
                raise Conflict("launch_exists", f"launch '{launch.id}' exists", where=f"launch {launch.id}") from error
            _audit(connection, launch)
        return launch

    def get(self, launch_id: str) -> Launch:
        """Return a launch.

        Raises:
            NotFound: `unknown_launch`.
        """
        with self._database.reading() as connection:
            row = connection.execute(sa.select(launches.c.body).where(launches.c.id == launch_id)).first()
        if row is None:
            raise NotFound("unknown_launch", f"there is no launch '{launch_id}'", where="launch")
        return _launch(row)

    def put(self, launch: Launch) -> Launch:
        """Replace a launch that is at the version it was read at, and return it with its new one.

        Raises:
            Conflict: `stale_write`, when it was written since.
        """
        written = msgspec.structs.replace(launch, version=launch.version + 1)
        here = sa.and_(launches.c.id == launch.id, launches.c.version == launch.version)
        with self._database.writing() as connection:
            n_rows = connection.execute(launches.update().where(here).values(_columns(written))).rowcount
            if n_rows:
                _audit(connection, written)
        if n_rows == 0:
            raise Conflict(
                "stale_write", "it was written since it was read", where=f"launch {launch.id}", fix="read it again"
            )
        return written

    def list(self, surface: str | None = None) -> tuple[Launch, ...]:
        """Return all launches, the newest first."""
        query = sa.select(launches.c.body).order_by(launches.c.created_at.desc(), launches.c.id)
        if surface is not None:
            query = query.where(launches.c.surface == surface)
        with self._database.reading() as connection:
            return tuple(_launch(row) for row in connection.execute(query))

    def ids_in(self, states: Collection[LaunchState]) -> tuple[str, ...]:
        """Return the ids of the launches in these states, by the index alone: no launch is read."""
        query = sa.select(launches.c.id).where(launches.c.state.in_([str(state) for state in states]))
        with self._database.reading() as connection:
            return tuple(connection.execute(query.order_by(launches.c.id)).scalars())

    def first_due_at(self) -> datetime | None:
        """Return when the next transition of any launch is due, by the index alone; None while none waits for time."""
        with self._database.reading() as connection:
            first = connection.execute(sa.select(sa.func.min(launches.c.due_at))).scalar()
        return None if first is None else time_of(first)

    def due(self, now: datetime) -> tuple[Launch, ...]:
        """Return the launches whose next transition is due, the longest overdue first."""
        query = sa.select(launches.c.body).where(launches.c.due_at <= time_text(now)).order_by(launches.c.due_at)
        with self._database.reading() as connection:
            return tuple(_launch(row) for row in connection.execute(query))


def _audit(connection: sa.Connection, launch: Launch) -> None:
    """Record the transitions that this write brings, with the launch or not at all."""
    before: str | None = None
    for entry in launch.timeline:
        # A transition moves the launch's time to its own; what is older was recorded with the write that brought it.
        if entry.at == launch.updated_at:
            insert_audit(connection, _audit_entry(launch, entry, before))
        before = entry.state


def _audit_entry(launch: Launch, entry: TimelineEntry, before: str | None) -> AuditEntry:
    return AuditEntry(
        id=f"launch/{launch.id}/{entry.transition}",
        at=entry.at,
        actor=entry.actor,
        action=entry.step.replace(" ", "_"),
        subject=f"surfaces/{launch.surface}/launches/{launch.id}",
        reason=entry.reason,
        before=None if before is None else {"state": before},
        after={"state": entry.state, "stage": launch.stage, "held": launch.held},
        facts={"experiment": launch.experiment, "evidence": entry.evidence, "seconds": entry.seconds},
    )


def _columns(launch: Launch) -> dict[str, Any]:
    return {
        "surface": launch.surface,
        "experiment": launch.experiment,
        "state": str(launch.state),
        "created_at": time_text(launch.created_at),
        "due_at": None if launch.due_at is None else time_text(launch.due_at),
        "version": launch.version,
        "body": msgspec.json.encode(launch).decode(),
    }


def _launch(row: sa.Row[Any]) -> Launch:
    return msgspec.json.decode(row.body, type=Launch)
