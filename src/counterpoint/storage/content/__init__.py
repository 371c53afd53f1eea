"""Adapters of the content room's port: the catalogue's facts as files, and in memory for tests."""

from counterpoint.storage.content.files import FileContentStore

__all__ = ["FileContentStore"]
