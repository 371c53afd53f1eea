"""State in SQLite or PostgreSQL: releases, audit, approvals, the experiment index, launches, learnings, documents."""

from counterpoint.storage.sql.audit_log import SqlApprovalStore, SqlAuditLog
from counterpoint.storage.sql.database import Database, open_database
from counterpoint.storage.sql.documents import Document, SqlDocuments
from counterpoint.storage.sql.experiment_index import SqlExperimentIndex
from counterpoint.storage.sql.launch_store import SqlLaunchStore
from counterpoint.storage.sql.past_experiments import SqlPastExperiments
from counterpoint.storage.sql.release_store import SqlReleaseStore

__all__ = [
    "Database",
    "Document",
    "SqlApprovalStore",
    "SqlAuditLog",
    "SqlDocuments",
    "SqlExperimentIndex",
    "SqlLaunchStore",
    "SqlPastExperiments",
    "SqlReleaseStore",
    "open_database",
]
