"""Parsing single cells: each function returns the typed value or refuses the row with a stable code."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec


class RowRefused(Exception):
    """Leaves the parsing of one row; `code` is counted in the report and `why` becomes its example."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def text(values: Mapping[str, Any], column: str) -> str:
    """Return the text of `column`, without surrounding space; empty when absent."""
    value = values.get(column)
    if value is None:
        return ""
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, bool | int | float):
        return str(value)
    raise RowRefused("wrong_type", f"{column} is {value!r}, text is expected")


def required_text(values: Mapping[str, Any], column: str) -> str:
    """Return the text of `column`; refuses a row where it is blank."""
    found = text(values, column)
    if not found:
        raise RowRefused(f"missing_{column}", f"{column} is empty")
    return found


def number(
    values: Mapping[str, Any], column: str, *, at_least: float = -math.inf, at_most: float = math.inf
) -> float | None:
    """Return the number in `column`; None when absent; refuses what is no number or out of bounds."""
    value = values.get(column)
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        raise RowRefused("wrong_type", f"{column} is {value!r}, a number is expected")
    try:
        parsed = float(value)
    except (TypeError, ValueError) as error:
        raise RowRefused("wrong_type", f"{column} is {value!r}, a number is expected") from error
    if not math.isfinite(parsed) or not at_least <= parsed <= at_most:
        raise RowRefused("out_of_range", f"{column} is {value}, which is not from {at_least:g} to {at_most:g}")
    return parsed


def required_number(
    values: Mapping[str, Any], column: str, *, at_least: float = -math.inf, at_most: float = math.inf
) -> float:
    """Return the number in `column`; refuses a row without one."""
    found = number(values, column, at_least=at_least, at_most=at_most)
    if found is None:
        raise RowRefused(f"missing_{column}", f"{column} is empty")
    return found


def key(values: Mapping[str, Any], column: str) -> int:
    """Return the whole number in `column` that identifies a row; refuses anything else."""
    found = required_number(values, column, at_least=0, at_most=2**53)
    if not found.is_integer():
        raise RowRefused("wrong_type", f"{column} is {found}, a whole number is expected")
    return int(found)


def instant(values: Mapping[str, Any], column: str, *, latest: datetime) -> datetime | None:
    """Return the instant in `column`, a naive one being UTC; refuses years before 1900 and what is after `latest`."""
    value = values.get(column)
    if value is None or value == "":
        return None
    try:
        parsed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
    except ValueError as error:
        raise RowRefused("bad_date", f"{column} is {value!r}, an ISO 8601 date is expected") from error
    parsed = parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    if parsed.year < 1900 or parsed > latest:
        raise RowRefused("bad_date", f"{column} is {parsed.date()}, which is not from 1900 to {latest.date()}")
    return parsed


def flag(values: Mapping[str, Any], column: str) -> bool | None:
    """Return the truth value in `column`; None when absent, which is neither."""
    value = values.get(column)
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word in ("", "unknown", "null"):
        return None
    if word not in ("true", "false", "1", "0"):
        raise RowRefused("wrong_type", f"{column} is {value!r}, true or false is expected")
    return word in ("true", "1")


def names(values: Mapping[str, Any], column: str) -> tuple[str, ...]:
    """Return the list in `column`: a list, a JSON list as text, or text separated by '|'."""
    value = values.get(column)
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        if not value.lstrip().startswith("["):
            return tuple(part.strip() for part in value.split("|") if part.strip())
        try:
            value = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise RowRefused("wrong_type", f"{column} is {value!r}, a list is expected") from error
    if not isinstance(value, list) or any(isinstance(part, dict | list) for part in value):
        raise RowRefused("wrong_type", f"{column} is {value!r}, a list is expected")
    return tuple(str(part) for part in value if part is not None)
