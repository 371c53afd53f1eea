"""A hypothesis as the planner's steps hand it on: its text, prepared, and what its words were linked to."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from counterpoint.agents.offline.catalogue import Catalogue
from counterpoint.agents.offline.lexicon import Lexicon
from counterpoint.agents.offline.mentions import Mention
from counterpoint.agents.offline.quantities import Quantity
from counterpoint.agents.offline.text import Token
from counterpoint.config import Surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A hypothesis, read: its tokens, their terms, its quantities, and what the audience explains."""

    tokens: tuple[Token, ...]
    terms: list[frozenset[str]]
    quantities: list[Quantity]
    audience: set[int]
    lexicon: Lexicon
    catalogue: Catalogue
    proper: frozenset[str] = frozenset()
    named: tuple[tuple[str, int, int, tuple[str, ...]], ...] = ()
    selected: frozenset[str] = frozenset()
    said: tuple[Mention, ...] = ()

    @property
    def surface(self) -> Surface:
        """The surface it is read for."""
        return self.catalogue.surface


@dataclass(slots=True)
class Links:
    """The mentions that stand and the quantities of each."""

    parameters: list[Mention] = field(default_factory=list)
    metrics: list[Mention] = field(default_factory=list)
    values: dict[str, list[Quantity]] = field(default_factory=dict)
    effects: dict[str, list[Quantity]] = field(default_factory=dict)


def clause_of(mention: Mention, tokens: Sequence[Token]) -> tuple[int, int]:
    """Return the clauses in which a mention stands, as a span."""
    clauses = {tokens[i].clause for i in mention.tokens}
    inside = [t.index for t in tokens if t.clause in clauses]
    return inside[0], inside[-1] + 1
