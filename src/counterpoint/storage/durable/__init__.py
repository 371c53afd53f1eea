"""Durable execution on DBOS: workflows that end, whatever happens to the process."""

from counterpoint.storage.durable.dbos_executor import DbosExecutor

__all__ = ["DbosExecutor"]
