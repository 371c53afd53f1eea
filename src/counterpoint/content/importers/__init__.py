"""Importers: from files of the outside world to validated items and a report of what was refused."""

from counterpoint.content.importers.importing import import_files
from counterpoint.content.importers.report import ImportReport, RefusedRows, TableReport

__all__ = ["ImportReport", "RefusedRows", "TableReport", "import_files"]
