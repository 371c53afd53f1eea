"""Takes fields out of plain mappings by type, and collects a finding for whatever does not fit."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from counterpoint.vocabulary import KEY_RULE, Finding, Severity, is_key

MAX_FINDINGS = 500
_LIKE = '"2026-12-20T00:00+01:00"'


class Form:
    """Takes fields out of plain mappings by type; collects a finding for whatever does not fit."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def bad(self, code: str, path: str, message: str) -> None:
        """Note what is wrong, and where; beyond some hundreds nobody reads on."""
        if len(self.findings) >= MAX_FINDINGS:
            return
        self.findings.append(Finding(code=code, severity=Severity.ERROR, path=path, message=message))

    def table(self, value: object, path: str) -> dict[str, Any]:
        """Return a copy of a mapping; an empty one when it is something else."""
        if isinstance(value, Mapping):
            return dict(value)
        self.bad("wrong_type", path, "this must be a mapping of names to values")
        return {}

    def take(
        self, row: dict[str, Any], name: str, path: str, wanted: type | tuple[type, ...], default: Any, noun: str
    ) -> Any:
        """Take a field of one of the wanted types out of `row`; `default` is taken when it is left out, unless None."""
        if name not in row:
            if default is not None:
                return default
            self.bad("missing_field", join(path, name), f"{name} is missing; give {noun}")
            return wanted() if isinstance(wanted, type) else wanted[0]()
        value = row.pop(name)
        # bool is an int to Python, and to nobody else.
        if isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool)):
            return value
        self.bad("wrong_type", join(path, name), f"{name} must be {noun}")
        return wanted() if isinstance(wanted, type) else wanted[0]()

    def text(self, row: dict[str, Any], name: str, path: str, default: str | None = "") -> str:
        """Take a text."""
        return str(self.take(row, name, path, str, default, "text"))

    def flag(self, row: dict[str, Any], name: str, path: str) -> bool:
        """Take a truth value, false when it is left out."""
        return bool(self.take(row, name, path, bool, False, "true or false"))

    def number(self, row: dict[str, Any], name: str, path: str) -> float | None:
        """Take a number, None when it is left out."""
        if name not in row:
            return None
        return float(self.take(row, name, path, (float, int), None, "a number"))

    def share(self, row: dict[str, Any], name: str, path: str, default: float) -> float:
        """Take a number from 0 to 1."""
        value = self.number(row, name, path)
        if value is None:
            return default
        if not 0 <= value <= 1:
            self.bad("out_of_bounds", join(path, name), f"{name} is a share; give a number from 0 to 1")
        return value

    def texts(self, row: dict[str, Any], name: str, path: str) -> tuple[str, ...]:
        """Take a list of texts."""
        values = self.take(row, name, path, list, [], "a list of texts")
        if all(isinstance(value, str) for value in values):
            return tuple(values)
        self.bad(
            "wrong_type", join(path, name), f"every entry of {name} must be text; put numbers and yes or no in quotes"
        )
        return ()

    def key(self, row: dict[str, Any], name: str, path: str) -> str:
        """Take a key."""
        value = self.text(row, name, path, None)
        if value and not is_key(value):
            self.bad("bad_key", join(path, name), f"{value[:80]!r} is no key; use {KEY_RULE}")
        return value

    def choice(
        self, row: dict[str, Any], name: str, path: str, allowed: tuple[str, ...], default: str | None = None
    ) -> str:
        """Take one of the texts that are allowed."""
        value = self.text(row, name, path, default)
        if value not in allowed:
            if value:
                self.bad(
                    "unknown_value",
                    join(path, name),
                    f"{name} cannot be {value[:80]!r}; give one of {', '.join(allowed)}",
                )
            return allowed[0]
        return value

    def each(
        self, row: dict[str, Any], name: str, read: "Callable[[Form, str, dict[str, Any], str], Any]"
    ) -> dict[str, Any]:
        """Take a table of named rows, each read by `read`, which leaves nothing in it."""
        found: dict[str, Any] = {}
        for key, value in self.table(row.pop(name, {}), name).items():
            path = f"{name}.{key}"
            if not is_key(key):
                self.bad("bad_key", path, f"{key[:80]!r} is no key; use {KEY_RULE}")
            fields = self.table(value, path)
            found[key] = read(self, key, fields, path)
            self.nothing_else(fields, path)
        return found

    def rows(self, row: dict[str, Any], name: str, path: str) -> list[tuple[str, dict[str, Any]]]:
        """Take a list of rows, each with its path."""
        listed = self.take(row, name, path, list, [], "a list")
        found = []
        for place, value in enumerate(listed):
            where = f"{join(path, name)}[{place}]"
            found.append((where, self.table(value, where)))
        return found

    def moment(self, row: dict[str, Any], name: str, path: str) -> datetime:
        """Take a time with a zone, as UTC."""
        text = self.text(row, name, path, None)
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            if text:
                self.bad("bad_time", join(path, name), f"{text[:60]!r} is no time with a zone; quote one like {_LIKE}")
            return datetime.min.replace(tzinfo=UTC)
        return at.astimezone(UTC)

    def nothing_else(self, row: Mapping[str, Any], path: str) -> None:
        """Note whatever is left in `row`."""
        for name in row:
            self.bad(
                "unknown_key",
                join(path, str(name)[:80]),
                f"nothing is called {str(name)[:80]!r} here; remove it or mend its spelling",
            )


def join(path: str, name: str) -> str:
    """Return the path of a field below `path`."""
    return f"{path}.{name}" if path else name
