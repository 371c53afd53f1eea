"""What the engines' shared SQL is written against: who answers a query, and the words in which engines differ."""

from typing import Any, Protocol


class Dialect(Protocol):
    """The words of one engine's SQL, where they are not everybody's."""

    def text(self, value: str) -> str:
        """Return `value` as a text literal."""
        ...

    def wide(self, expression: str) -> str:
        """Return a whole number with room for sums of products: an overflow is an error, never another number."""
        ...

    def days(self, micros: str) -> str:
        """Return how many whole days a column of microseconds holds."""
        ...

    def five_digits(self, value: str) -> str:
        """Return a value rounded to five significant digits."""
        ...

    def attribute(self, document: str, name: str, at: str) -> str:
        """Return the aggregate of JSON documents that is the text of one of their fields where `at` is least."""
        ...


class Relations(Protocol):
    """Named relations of one reading, in one engine."""

    @property
    def sql(self) -> Dialect:
        """The words of this engine."""
        ...

    def ask(self, select: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        ...

    def keep(self, name: str, select: str) -> None:
        """Name the rows of a query; they are found once, however often they are asked for."""
        ...
