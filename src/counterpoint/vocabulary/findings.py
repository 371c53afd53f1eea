"""A finding: one verdict about a document, with where it applies and how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How much a finding matters: an ERROR refuses, a WARNING is shown, INFO explains."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One verdict about a document; returned, never raised.

    Attributes:
        code: Stable identifier in snake_case.
        severity: Whether it refuses, warns or explains.
        path: Dotted path of the field it is about; empty for the whole document.
        message: What is wrong and what to do, one sentence.
        fix: Machine-applicable mend, a mapping of dotted path to the new value; empty when there is none.
        facts: Figures behind the sentence, JSON-compatible.
    """

    code: str
    severity: Severity
    path: str
    message: str
    fix: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "path": self.path,
            "message": self.message,
            "fix": dict(self.fix),
            "facts": dict(self.facts),
        }
