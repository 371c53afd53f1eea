"""The event log on local files: a durable SQLite spool, sealed into Parquet."""

from counterpoint.storage.events.log import FileEventLog, open_event_log

__all__ = ["FileEventLog", "open_event_log"]
