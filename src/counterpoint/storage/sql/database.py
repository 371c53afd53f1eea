"""Opens a database, brings its schema up to date, and hands out transactions whose errors are ours."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from counterpoint.errors import CounterpointError, DependencyFailure, InvalidInput

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_046_029_254_386_353_131  # any number, the same for every process that migrates
_BUSY_TIMEOUT_MS = 15_000


@dataclass(frozen=True, slots=True)
class Database:
    """One open database; share it among threads, close it at the end.

    Attributes:
        engine: SQLAlchemy's engine, for adapters in this package only.
        url: Where it is, password left out.
    """

    engine: sa.Engine
    url: str

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Yield a connection for reads that see one state."""
        with _our_errors(self.url), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction: all that is written in it is kept, or nothing."""
        with _our_errors(self.url), self.engine.connect() as connection:
            # SQLite takes its one write lock at the start: a reader that turns writer half-way would fail, not wait.
            connection.execution_options(counterpoint_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Return the database at `url`, its schema created or brought up to date.

    Args:
        url: `sqlite:///path/to/file.db` or `postgresql://user@host/name`; `sqlite://` for one in memory, whose
            single connection one thread uses at a time.

    Raises:
        InvalidInput: `bad_database_url`, `corrupt_database`, `unreadable_database`, `newer_schema`.
        DependencyFailure: `database_unavailable`, when a server does not answer.
    """
    engine = _engine(url)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        with _our_errors(shown):
            _migrate(engine, shown)
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, shown)


def time_text(at: datetime) -> str:
    """Return `at` as tables keep it: UTC, always with microseconds, so that text sorts as time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def time_of(text: str) -> datetime:
    """Return the time that `time_text` wrote."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _bad_url("it is no URL") from error
    if parsed.drivername == "sqlite":
        return _sqlite_engine(parsed)
    if parsed.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        try:
            return sa.create_engine(
                parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, isolation_level="READ COMMITTED"
            )
        except (NoSuchModuleError, ArgumentError) as error:
            raise _bad_url("it is no PostgreSQL URL") from error
    raise _bad_url(f"'{parsed.drivername}' is not supported")


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False}}
    if url.database in (None, "", ":memory:"):
        options["poolclass"] = StaticPool
    else:
        path = Path(str(url.database))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInput(
                "unreadable_database",
                f"its folder cannot be made: {error.strerror}",
                where=str(path),
                fix="choose another place",
            ) from error
        if path.is_dir():
            raise InvalidInput("unreadable_database", "it is a folder", where=str(path), fix="name a file in it")
    engine = sa.create_engine(url, **options)

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: object) -> None:
        # SQLAlchemy begins transactions itself (below); the driver's own guesses would begin them too late.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
            cursor.execute("PRAGMA journal_mode = WAL")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
        finally:
            cursor.close()

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("counterpoint_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _migrate(engine: sa.Engine, url: str) -> None:
    with engine.connect() as connection:
        if _stamp(connection) == newest_revision():
            return
    _upgrade(engine, url)


def newest_revision() -> str:
    """Return the revision that this version's tables have, by the names of the migrations."""
    return max(path.stem for path in (_MIGRATIONS / "versions").glob("r*.py")).removeprefix("r")


def _stamp(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    stamp: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return stamp


def _upgrade(engine: sa.Engine, url: str) -> None:
    # Loaded here: all but the first opening of a database find it as it shall be, and a command is short.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    head = scripts.get_current_head()
    known = {script.revision for script in scripts.walk_revisions()}
    with engine.connect() as connection:
        if _revision(connection, known, url) == head:
            return
    with engine.connect() as connection:
        connection.execution_options(counterpoint_writes=True)
        with connection.begin():
            # Two processes may open a new database at once; the second waits and then finds nothing to do.
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            if _revision(connection, known, url) != head:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def _revision(connection: sa.Connection, known: set[str], url: str) -> str | None:
    revision = _stamp(connection)
    if revision is not None and revision not in known:
        raise InvalidInput(
            "newer_schema",
            f"its schema is revision {revision}, which this version does not know",
            where=url,
            fix="run the newer version of Counterpoint that wrote it, or restore an older copy",
        )
    return revision


@contextmanager
def _our_errors(url: str) -> Iterator[None]:
    try:
        yield
    except CounterpointError:
        raise
    except (DataError, UnicodeEncodeError, OverflowError) as error:  # SQLite's driver overflows by itself
        what = "a value holds what no database text can hold (null bytes, half characters, numbers too large)"
        raise InvalidInput("unstorable_value", what, fix="send plain text and ordinary numbers") from error
    except DBAPIError as error:
        raise _ours(error, url) from error
    except SQLAlchemyError as error:
        raise DependencyFailure("database_unavailable", f"the database failed: {error}", where=url) from error


def _ours(error: DBAPIError, url: str) -> CounterpointError:
    said = str(error.orig).strip().splitlines()
    what = said[0] if said else type(error.orig).__name__
    if "not a database" in what or "malformed" in what or "file is encrypted" in what:
        return InvalidInput(
            "corrupt_database", f"this is no database that can be read: {what}", where=url, fix="restore a copy of it"
        )
    if "unable to open" in what or "readonly" in what or "read-only" in what:
        return InvalidInput(
            "unreadable_database", f"it cannot be opened for writing: {what}", where=url, fix="check its permissions"
        )
    # SQLite says "disk I/O error" too when there is no room for the index of its log.
    full = "is full" in what or "disk I/O" in what
    fix = "make room on its disk and try again; nothing that was stored is lost" if full else "try again"
    return DependencyFailure("database_unavailable", f"the database failed: {what}", where=url, fix=fix)


def _bad_url(why: str) -> InvalidInput:
    # The URL itself is left out: it may hold a password.
    return InvalidInput(
        "bad_database_url", why, where="database URL", fix="give sqlite:///FILE or postgresql://USER@HOST/NAME"
    )
