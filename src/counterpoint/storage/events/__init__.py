"""The event log on local files: a durable SQLite spool, sealed into Parquet."""

from counterpoint.storage.events.buffered import BufferedLog
from counterpoint.storage.events.log import FileEventLog, open_event_log

__all__ = ["BufferedLog", "FileEventLog", "open_event_log"]
