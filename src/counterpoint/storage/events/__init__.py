"""The event log on local files: a durable SQLite spool, sealed into Parquet, and shipped to where it is analysed."""

from counterpoint.storage.events.buffered import BufferedLog
from counterpoint.storage.events.log import FileEventLog, open_event_log
from counterpoint.storage.events.shipping import Shipper, fleet_headers

__all__ = ["BufferedLog", "FileEventLog", "Shipper", "fleet_headers", "open_event_log"]
