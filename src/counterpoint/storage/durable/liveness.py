"""Tells living executors from dead ones on PostgreSQL: each holds a lock that the server drops with its connection."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from counterpoint.errors import DependencyFailure


class Liveness:
    """One executor's sign of life, and its eye on the others'.

    Args:
        database_url: The PostgreSQL server; processes of all machines that use it see each other.
    """

    def __init__(self, database_url: str, executor_id: str) -> None:
        url = sa.make_url(database_url).set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._key = _key(executor_id)
        self._connection: sa.Connection | None = None
        self.show()

    def show(self) -> None:
        """Hold the lock, again if the connection that held it was lost.

        Raises:
            DependencyFailure: code `database_unavailable`.
        """
        with _our_errors():
            if self._connection is not None:
                try:
                    self._connection.execute(sa.select(1))
                except SQLAlchemyError:
                    self._connection.close()
                else:
                    return
            self._connection = self._engine.connect()
            # Shared, so that a process that comes back never waits for its own dead connection.
            self._connection.execute(sa.select(sa.func.pg_advisory_lock_shared(self._key)))

    @contextmanager
    def while_dead(self, executor_id: str) -> Iterator[bool]:
        """Yield whether an executor is dead; if so nobody else finds it dead before this ends.

        Raises:
            DependencyFailure: code `database_unavailable`.
        """
        with _our_errors():
            connection = self._engine.connect()
        try:
            with _our_errors():
                dead = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(_key(executor_id)))))
            yield dead
        finally:
            # The lock goes with its connection.
            connection.close()

    def close(self) -> None:
        """Let go of the lock: this executor executes nothing any more."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()


def _key(executor_id: str) -> int:
    digest = hashlib.sha256(f"counterpoint executor {executor_id}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise DependencyFailure(
            "database_unavailable", f"the database failed: {type(error).__name__}", fix="try again"
        ) from error
