"""What an import did: rows accepted, rows refused with reasons and examples, items added, updated and unchanged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

N_EXAMPLES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRows:
    """Rows refused for one reason.

    Attributes:
        n_rows: How many.
        examples: The first few, each naming its row and the value at fault.
    """

    n_rows: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """What became of the rows of one file.

    Attributes:
        path: The file.
        table: What it was recognised as.
        n_rows: Rows in the file; `n_accepted` plus those of `refused`.
        refused: Reason code -> rows.
        notes: What is worth knowing although nothing was refused.
    """

    path: str
    table: str
    n_rows: int
    n_accepted: int
    refused: Mapping[str, RefusedRows] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def n_refused(self) -> int:
        """Rows refused for any reason."""
        return sum(rows.n_rows for rows in self.refused.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What one import did to the store.

    Attributes:
        tables: One report per file read.
        skipped: File -> why it was left alone; only files found in a folder, never one that was named.
        n_added: Items that the store did not have.
        n_updated: Items whose facts changed.
        n_unchanged: Items that were already stored as they are.
        n_stored: Items in the store afterwards.
        version: Version of the store afterwards; the one before when nothing changed.
    """

    tables: tuple[TableReport, ...]
    skipped: Mapping[str, str]
    n_added: int
    n_updated: int
    n_unchanged: int
    n_stored: int
    version: str

    @property
    def n_refused(self) -> int:
        """Rows refused in all files."""
        return sum(table.n_refused for table in self.tables)

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "version": self.version,
            "items": {
                "added": self.n_added,
                "updated": self.n_updated,
                "unchanged": self.n_unchanged,
                "stored": self.n_stored,
            },
            "tables": [
                {
                    "path": table.path,
                    "table": table.table,
                    "rows": table.n_rows,
                    "accepted": table.n_accepted,
                    "refused": {
                        code: {"rows": rows.n_rows, "examples": list(rows.examples)}
                        for code, rows in table.refused.items()
                    },
                    "notes": list(table.notes),
                }
                for table in self.tables
            ],
            "skipped": dict(self.skipped),
        }


class Refusals:
    """Collects the refused rows of one file while it is read."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._examples: dict[str, list[str]] = {}

    def refuse(self, code: str, example: str) -> None:
        """Count one refused row; the first few of each code are kept as examples."""
        self._counts[code] = self._counts.get(code, 0) + 1
        examples = self._examples.setdefault(code, [])
        if len(examples) < N_EXAMPLES:
            examples.append(example)

    def by_code(self) -> dict[str, RefusedRows]:
        """Return what was refused, most frequent reason first."""
        order = sorted(self._counts, key=lambda code: (-self._counts[code], code))
        return {code: RefusedRows(n_rows=self._counts[code], examples=tuple(self._examples[code])) for code in order}
