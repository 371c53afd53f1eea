"""What is read of an audience, as its readers build it up: clauses, the words they explain, and troubles."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from counterpoint.agents.offline.text import Token, words_of
from counterpoint.config import Surface


class Trouble(StrEnum):
    """Why an audience cannot be written down."""

    SENSITIVE = "sensitive"
    UNKNOWN = "unknown"
    VAGUE = "vague"


@dataclass(slots=True)
class AudienceReading:
    """What was read of the audience; built up step by step, then only read.

    Attributes:
        clauses: Attribute -> CEL over it.
        used: Indexes of the tokens that the audience explains.
        troubles: What stands in the way, with the words.
        words: The words quoted, in order.
        passed: Spans that could name users by an attribute, and were taken for ordinary words.
        named: Spans that name a value of an attribute, with the attribute, in order.
        spans: Spans that a clause was read from, with its attribute.
        joined: Attributes that belong together, with the CEL over them that replaces their clauses.
    """

    clauses: dict[str, str] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)
    troubles: list[tuple[Trouble, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    passed: list[tuple[int, int, str]] = field(default_factory=list)
    named: list[tuple[str, int, int, tuple[str, ...]]] = field(default_factory=list)
    spans: list[tuple[str, int, int]] = field(default_factory=list)
    joined: list[tuple[frozenset[str], str]] = field(default_factory=list)

    def say(self, key: str, tokens: Sequence[Token], start: int, end: int) -> None:
        """Mark a span as explained and quote it, and remember that it says `key`."""
        self.spans.append((key, start, end))
        self.take(tokens, start, end)

    def take(self, tokens: Sequence[Token], start: int, end: int) -> None:
        """Mark a span as explained and quote it."""
        self.used |= set(range(start, end))
        self.words.append(words_of(tokens, start, end))

    def expression(self, surface: Surface) -> str:
        """Return the CEL of the audience; `true` for everyone."""
        together = {key for keys, _ in self.joined for key in keys}
        parts = [self.clauses[key] for key in surface.attributes if key in self.clauses and key not in together]
        parts += [cel for _, cel in self.joined]
        return " && ".join(f"({p})" if "||" in p and len(parts) > 1 else p for p in parts) or "true"
