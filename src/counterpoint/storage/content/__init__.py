"""Adapters of the content and recommend rooms' ports: the catalogue's facts and trained models as files."""

from counterpoint.storage.content.files import FileContentStore
from counterpoint.storage.content.models import FileModelStore

__all__ = ["FileContentStore", "FileModelStore"]
