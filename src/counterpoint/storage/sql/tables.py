"""The tables, as the code reads and writes them; `migrations` makes them."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, MetaData, Table, Text

metadata = MetaData()

# Times are text, ISO 8601 in UTC with microseconds: they sort as they are, and both databases keep them exactly.

releases = Table(
    "releases",
    metadata,
    Column("surface", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("parent_digest", Text, nullable=False),
    Column("change_id", Text, nullable=False),
    Column("change_digest", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("attestation", Text, nullable=False),
    Index("releases_by_change", "surface", "change_id", unique=True),
    Index("releases_by_number", "number", "surface"),
)

# A part of a surface's state from one release on, until the next row of its path; without a body it is gone.
release_parts = Table(
    "release_parts",
    metadata,
    Column("surface", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("digest", Text, nullable=True),
    Column("body", Text, nullable=True),
    ForeignKeyConstraint(["surface", "number"], ["releases.surface", "releases.number"]),
    Index("release_parts_by_number", "surface", "number"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("audit_by_subject", "subject", "seq"),
    Index("audit_by_actor", "actor", "seq"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("subject_digest", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("granted", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Index("approvals_by_subject", "subject_digest", "seq"),
)

experiments = Table(
    "experiments",
    metadata,
    Column("surface", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("hypothesis", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("started_at", Text, nullable=True),
    Column("ended_at", Text, nullable=True),
    Column("release", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index("experiments_by_state", "surface", "state"),
    Index("experiments_by_update", "updated_at"),
)

learnings = Table(
    "learnings",
    metadata,
    Column("surface", Text, primary_key=True),
    Column("experiment", Text, primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("learnings_by_time", "surface", "at"),
)

documents = Table(
    "documents",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("updated_at", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("documents_by_time", "kind", "updated_at"),
)

launches = Table(
    "launches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("surface", Text, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("due_at", Text, nullable=True),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index("launches_by_due", "due_at"),
    Index("launches_by_experiment", "surface", "experiment"),
    Index("launches_by_state", "state"),
)
