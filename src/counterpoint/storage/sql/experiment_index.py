"""A line for every experiment that was ever in a release, written with the release, found by state, owner and words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from counterpoint.errors import NotFound
from counterpoint.experiments import Experiment, State
from counterpoint.releases import ExperimentListing, ReleaseNote, decode
from counterpoint.storage.sql.database import Database, time_of, time_text
from counterpoint.storage.sql.tables import experiments

REMOVED = "removed"
_PREFIX = "experiments/"


class SqlExperimentIndex:
    """`ExperimentIndex` on SQLite or PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        *,
        surface: str | None = None,
        state: str | None = None,
        owner: str | None = None,
        search: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[ExperimentListing, ...]:
        """Return listings, the last changed first; `search` finds words of key, hypothesis, owner and parameters."""
        query = sa.select(experiments)
        for column, wanted in (
            (experiments.c.surface, surface),
            (experiments.c.state, state),
            (experiments.c.owner, owner),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        for word in words_of(search or ""):
            query = query.where(experiments.c.words.contains(word, autoescape=True))
        query = query.order_by(experiments.c.updated_at.desc(), experiments.c.surface, experiments.c.key)
        with self._database.reading() as connection:
            return tuple(_listing(row) for row in connection.execute(query.limit(limit).offset(offset)))

    def get(self, surface: str, key: str) -> tuple[ExperimentListing, Experiment]:
        """Return one experiment as it last was, archived ones too.

        Raises:
            NotFound: `unknown_experiment`.
        """
        query = sa.select(experiments).where(experiments.c.surface == surface, experiments.c.key == key)
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise NotFound("unknown_experiment", f"no experiment '{key}' on '{surface}'", where=f"experiments.{key}")
        return _listing(row), decode(row.body.encode(), Experiment)


def index_parts(connection: sa.Connection, note: ReleaseNote, changed: Mapping[str, bytes | None]) -> None:
    """Bring the index up to `note` in the transaction of `connection`."""
    for path, body in changed.items():
        if not path.startswith(_PREFIX):
            continue
        key = path.removeprefix(_PREFIX)
        here = sa.and_(experiments.c.surface == note.surface, experiments.c.key == key)
        if body is None:
            state = str(State.ARCHIVED) if f"retired/{key}" in changed else REMOVED
            gone = {"state": state, "release": note.number, "updated_at": time_text(note.created_at)}
            connection.execute(experiments.update().where(here).values(gone))
            continue
        values = _values(note, body)
        if connection.execute(experiments.update().where(here).values(values)).rowcount == 0:
            connection.execute(experiments.insert().values(surface=note.surface, key=key, **values))


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of `text` as the index keeps them: lower-case, without what surrounds them."""
    return tuple(word for raw in text.lower().split() if (word := raw.strip(".,;:!?()[]\"'")))


def _values(note: ReleaseNote, body: bytes) -> dict[str, Any]:
    document = msgspec.json.decode(body)
    spec = document["spec"]
    parameters = [key for variant in spec["variants"] for key in variant.get("set", {})]
    words = words_of(" ".join((spec["key"], spec["owner"], spec["hypothesis"], *dict.fromkeys(parameters))))
    return {
        "state": document["state"],
        "owner": spec["owner"],
        "hypothesis": spec["hypothesis"],
        "words": " ".join(words),
        "created_at": _utc(document["created_at"]),
        "updated_at": time_text(note.created_at),
        "started_at": _utc(document["started_at"]),
        "ended_at": _utc(document["ended_at"]),
        "release": note.number,
        "body": body.decode(),
    }


def _utc(text: str | None) -> str | None:
    return None if text is None else time_text(msgspec.convert(text, datetime))


def _listing(row: sa.Row[Any]) -> ExperimentListing:
    return ExperimentListing(
        surface=row.surface,
        key=row.key,
        state=row.state,
        owner=row.owner,
        hypothesis=row.hypothesis,
        created_at=time_of(row.created_at),
        updated_at=time_of(row.updated_at),
        started_at=None if row.started_at is None else time_of(row.started_at),
        ended_at=None if row.ended_at is None else time_of(row.ended_at),
        release=row.release,
    )
