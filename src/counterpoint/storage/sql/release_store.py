"""Releases in a database: one row for each part that changed, so that a publish costs what it changes."""

from collections.abc import Mapping
from dataclasses import asdict
from threading import Lock
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from counterpoint.errors import Conflict, NotFound, PlatformFault
from counterpoint.releases import (
    Attestation,
    AuditEntry,
    Change,
    Release,
    ReleaseNote,
    change_document,
    change_from,
    digests_after,
    part_digest,
    state_digest,
    state_from,
    with_parts,
)
from counterpoint.storage.sql.audit_log import insert_audit
from counterpoint.storage.sql.database import Database, time_of, time_text
from counterpoint.storage.sql.experiment_index import index_parts
from counterpoint.storage.sql.tables import release_parts, releases
from counterpoint.vocabulary import canonical_json

# Asked by every process about once a second, so it is put together once.
_of_surface = releases.alias()
_HEADS = (
    sa.select(
        releases.c.surface,
        sa.select(sa.func.max(_of_surface.c.number))
        .where(_of_surface.c.surface == releases.c.surface)
        .scalar_subquery()
        .label("newest"),
    )
    .where(releases.c.number == 1)
    .order_by(releases.c.surface)
)


class SqlReleaseStore:
    """`ReleaseStore` on SQLite or PostgreSQL; the last release of each surface is kept in memory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._live: dict[str, Release] = {}
        self._notes: dict[str, ReleaseNote] = {}
        self._lock = Lock()

    def latest(self, surface: str) -> Release | None:
        """Return what is live on `surface`, or None when it has no release; reads only what changed since last time."""
        with self._lock:
            known = self._live.get(surface)
        with self._database.reading() as connection:
            note = self._head(connection, surface)
            if note is None:
                return None
            if known is not None and (known.number, known.digest) == (note.number, note.digest):
                return known
            if known is not None and known.number < note.number:
                changed = _parts_since(connection, surface, known.number, note.number)
                release = _checked(note, known, changed)
            else:
                release = _checked(note, None, dict(_parts_at(connection, surface, note.number)))
        with self._lock:
            current = self._live.get(surface)
            if current is None or current.number < release.number:
                self._live[surface] = release
        return release

    def head(self, surface: str) -> ReleaseNote | None:
        """Return the note of what is live, without reading its state."""
        with self._database.reading() as connection:
            return self._head(connection, surface)

    def get(self, surface: str, number: int) -> Release:
        """Return one release.

        Raises:
            NotFound: `unknown_release`.
        """
        with self._lock:
            known = self._live.get(surface)
        if known is not None and known.number == number:
            return known
        with self._database.reading() as connection:
            row = _row(connection, surface, number)
            return _checked(_note(connection, row), None, dict(_parts_at(connection, surface, number)))

    def change_of(self, surface: str, number: int) -> tuple[Change, Attestation]:
        """Return the Change that made a release, and its attestation.

        Raises:
            NotFound: `unknown_release`.
        """
        with self._database.reading() as connection:
            row = _row(connection, surface, number)
        return change_from(msgspec.json.decode(row.change)), msgspec.json.decode(row.attestation, type=Attestation)

    def append(
        self,
        note: ReleaseNote,
        *,
        changed: Mapping[str, bytes | None],
        change: Change,
        attestation: Attestation,
        audit: AuditEntry,
    ) -> None:
        """Keep a release, its audit entry and its line in the experiment index, all or nothing.

        Raises:
            Conflict: `stale_base`, when another release has taken its number.
        """
        with self._database.writing() as connection:
            head = connection.execute(
                sa.select(sa.func.max(releases.c.number)).where(releases.c.surface == note.surface)
            ).scalar()
            if (head or 0) != note.number - 1:
                raise _stale(note)
            values = {name: value for name, value in asdict(note).items() if name != "paths"}
            values |= {
                "created_at": time_text(note.created_at),
                "change": canonical_json(change_document(change)).decode(),
                "attestation": canonical_json(attestation).decode(),
            }
            try:
                # On PostgreSQL the other process may have written since: its primary key is what decides.
                connection.execute(releases.insert().values(values))
            except IntegrityError as error:
                raise _stale(note) from error
            connection.execute(
                release_parts.insert(),
                [
                    {
                        "surface": note.surface,
                        "path": path,
                        "number": note.number,
                        "digest": None if body is None else part_digest(body),
                        "body": None if body is None else body.decode(),
                    }
                    for path, body in changed.items()
                ],
            )
            insert_audit(connection, audit)
            index_parts(connection, note, changed)

    def history(
        self, surface: str, *, path: str | None = None, limit: int = 100, before: int | None = None
    ) -> tuple[ReleaseNote, ...]:
        """Return notes, the newest first, of all releases or of those that changed `path`, numbered below `before`."""
        query = sa.select(releases).where(releases.c.surface == surface)
        if before is not None:
            query = query.where(releases.c.number < before)
        if path is not None:
            of_path = sa.select(release_parts.c.number).where(
                release_parts.c.surface == surface, release_parts.c.path == path
            )
            query = query.where(releases.c.number.in_(of_path))
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(releases.c.number.desc()).limit(limit)).all()
            return tuple(_note(connection, row) for row in rows)

    def part(self, surface: str, path: str, number: int) -> bytes | None:
        """Return one part of the state at release `number`, or None when it was not there."""
        query = (
            sa.select(release_parts.c.body)
            .where(release_parts.c.surface == surface, release_parts.c.path == path, release_parts.c.number <= number)
            .order_by(release_parts.c.number.desc())
            .limit(1)
        )
        with self._database.reading() as connection:
            body = connection.execute(query).scalar()
        return None if body is None else str(body).encode()

    def find_change(self, surface: str, change_id: str) -> ReleaseNote | None:
        """Return the release that a Change made, or None while it is not published."""
        query = sa.select(releases).where(releases.c.surface == surface, releases.c.change_id == change_id)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
            return None if row is None else _note(connection, row)

    def surfaces(self) -> tuple[str, ...]:
        """Return the keys of all surfaces that have a release, sorted."""
        query = sa.select(releases.c.surface).where(releases.c.number == 1).order_by(releases.c.surface)
        with self._database.reading() as connection:
            return tuple(connection.execute(query).scalars())

    def heads(self) -> Mapping[str, int]:
        """Return the number of what is live on every surface, sorted by surface, in one statement."""
        with self._database.reading() as connection:
            return {row.surface: row.newest for row in connection.execute(_HEADS)}

    def _head(self, connection: sa.Connection, surface: str) -> ReleaseNote | None:
        """Return the note of what is live; its paths, which may be many, are read once for each release."""
        of_surface = releases.c.surface == surface
        stamp = sa.select(releases.c.number, releases.c.digest).where(of_surface)
        newest = connection.execute(stamp.order_by(releases.c.number.desc()).limit(1)).first()
        if newest is None:
            return None
        with self._lock:
            known = self._notes.get(surface)
        if known is not None and (known.number, known.digest) == (newest.number, newest.digest):
            return known
        note = _note(connection, _row(connection, surface, newest.number))
        with self._lock:
            self._notes[surface] = note
        return note


def _row(connection: sa.Connection, surface: str, number: int) -> sa.Row[Any]:
    query = sa.select(releases).where(releases.c.surface == surface, releases.c.number == number)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound("unknown_release", f"'{surface}' has no release {number}", where=f"surfaces.{surface}")
    return row


def _note(connection: sa.Connection, row: sa.Row[Any]) -> ReleaseNote:
    paths = connection.execute(
        sa.select(release_parts.c.path).where(
            release_parts.c.surface == row.surface, release_parts.c.number == row.number
        )
    ).scalars()
    return ReleaseNote(
        surface=row.surface,
        number=row.number,
        digest=row.digest,
        parent_digest=row.parent_digest,
        change_id=row.change_id,
        change_digest=row.change_digest,
        author=row.author,
        published_by=row.published_by,
        reason=row.reason,
        created_at=time_of(row.created_at),
        paths=tuple(sorted(paths)),
    )


def _parts_at(connection: sa.Connection, surface: str, number: int) -> Mapping[str, bytes]:
    return {path: body for path, body in _parts_since(connection, surface, 0, number).items() if body is not None}


def _parts_since(connection: sa.Connection, surface: str, after: int, number: int) -> dict[str, bytes | None]:
    # Of each path that changed in (after, number], its last body.
    last = (
        sa.select(release_parts.c.path, sa.func.max(release_parts.c.number).label("number"))
        .where(release_parts.c.surface == surface, release_parts.c.number > after, release_parts.c.number <= number)
        .group_by(release_parts.c.path)
        .subquery()
    )
    query = sa.select(release_parts.c.path, release_parts.c.body).join(
        last,
        sa.and_(
            release_parts.c.surface == surface,
            release_parts.c.path == last.c.path,
            release_parts.c.number == last.c.number,
        ),
    )
    return {path: None if body is None else body.encode() for path, body in connection.execute(query)}


def _checked(note: ReleaseNote, before: Release | None, changed: Mapping[str, bytes | None]) -> Release:
    digests = digests_after({} if before is None else before.digests, changed)
    if state_digest(digests) != note.digest:
        raise PlatformFault(
            "corrupt_release",
            f"release {note.number} of '{note.surface}' does not have the digest it was published with",
            where=f"surfaces.{note.surface}",
            fix="restore a copy of the database",
        )
    if before is not None:
        return Release(note=note, state=with_parts(before.state, changed), digests=digests)
    return Release(
        note=note, state=state_from({path: body for path, body in changed.items() if body is not None}), digests=digests
    )


def _stale(note: ReleaseNote) -> Conflict:
    return Conflict(
        "stale_base",
        f"somebody else published release {note.number} first",
        where=f"change {note.change_id}",
        fix="prepare it again on what is live, and validate it again",
        facts={"base": note.number - 1},
    )
