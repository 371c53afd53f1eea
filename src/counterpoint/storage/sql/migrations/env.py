"""Alembic's entry: runs migrations on the connection that `open_database` hands over, inside its transaction."""

from alembic import context

from counterpoint.storage.sql.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # The caller holds the transaction: a migration that fails half-way leaves the schema as it was, SQLite's too.
    transactional_ddl=True,
)
context.run_migrations()
