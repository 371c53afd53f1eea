"""The error tree: what can go wrong, who has to act, and whether trying again helps.

CounterpointError
├── caller: the request is at fault, and says how to mend it
│   ├── InvalidInput     malformed, unknown key, out of bounds, unreadable
│   ├── NotFound         the named thing does not exist
│   ├── Conflict         somebody else holds it, or it changed since it was read
│   ├── Forbidden        policy or permission refuses it
│   └── CannotCompute    the data do not determine the figure that was asked for
├── DependencyFailure    a backend, a database or a model provider failed (retryable)
└── PlatformFault        Counterpoint itself is at fault
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, ClassVar

_ENDLESS_WORD = re.compile(r"(\S{200})\S{200,}")
_LONGEST = 2_000  # characters of one sentence; ours are shorter, what they quote may not be


class Blame(StrEnum):
    """Whose error budget a failure burns."""

    CALLER = "caller"
    DEPENDENCY = "dependency"
    PLATFORM = "platform"


class CounterpointError(Exception):
    """The root of the tree; raise a leaf, never this.

    Args:
        code: Stable identifier in snake_case; once released it never changes its meaning.
        what: What is wrong, one clause, no full stop.
        where: Path, file, line or field at fault.
        fix: What the reader should do, one clause, no full stop.
        facts: Anything a program may want to read, JSON-compatible.
    """

    blame: ClassVar[Blame] = Blame.PLATFORM
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        code: str,
        what: str,
        *,
        where: str | None = None,
        fix: str | None = None,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.what = what
        self.where = where
        self.fix = fix
        self.facts: dict[str, Any] = dict(facts or {})
        super().__init__(self.sentence)

    @property
    def sentence(self) -> str:
        """One clear sentence: where, what is wrong, what to do."""
        head = f"{self.where}: {self.what}" if self.where else self.what
        whole = f"{head}; {self.fix}." if self.fix else f"{head}."
        # No word of ours is that long: a name that somebody sent is, and must not push the fix out of sight.
        return _ENDLESS_WORD.sub(r"\1…", whole)

    def as_document(self) -> dict[str, Any]:
        """Return the JSON form that the API and `--json` commands print."""
        return {
            "code": self.code,
            "blame": str(self.blame),
            "retryable": self.retryable,
            "message": _short(self.sentence),
            "where": None if self.where is None else _short(self.where),
            "fix": self.fix,
            "facts": self.facts,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        # Durable workflows and process pools pickle errors; keyword-only arguments need telling how.
        return (_rebuild, (type(self), self.code, self.what, self.where, self.fix, self.facts))


def _short(text: str) -> str:
    # A name of 200,000 letters is refused, and not sent back: once in the sentence and once in where it stood.
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


class InvalidInput(CounterpointError):
    """What was sent is malformed, unknown or out of bounds."""

    blame = Blame.CALLER


class NotFound(CounterpointError):
    """What was asked for does not exist."""

    blame = Blame.CALLER


class Conflict(CounterpointError):
    """The change collides with what somebody else holds or has written since."""

    blame = Blame.CALLER


class Forbidden(CounterpointError):
    """A policy or a missing permission refuses the request."""

    blame = Blame.CALLER


class CannotCompute(CounterpointError):
    """The data given do not determine the figure asked for (no variation, one unit, zero control mean)."""

    blame = Blame.CALLER


class DependencyFailure(CounterpointError):
    """Something Counterpoint relies on failed; trying again may help."""

    blame = Blame.DEPENDENCY
    retryable = True


class PlatformFault(CounterpointError):
    """Counterpoint broke its own promise; a defect to report."""


def _rebuild(
    kind: type[CounterpointError], code: str, what: str, where: str | None, fix: str | None, facts: dict[str, Any]
) -> CounterpointError:
    return kind(code, what, where=where, fix=fix, facts=facts)
