"""What the engines' shared SQL is written against: who answers a query, and the words in which engines differ."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol, TypeAlias

import pyarrow as pa

from counterpoint.events import Event, EventLog
from counterpoint.metrics.rollup import RollupQuestion


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

    def name(self, name: str, select: str) -> None:
        """Name the rows of a query; they are found whenever they are asked for."""
        ...

    def place(self, name: str, table: pa.Table) -> None:
        """Name the rows of a table of this process."""
        ...

    def records(
        self, log: EventLog, event_type: type[Event], columns: Sequence[str], *, since: datetime, until: datetime
    ) -> None:
        """Name the records of one kind in [since, until) by their kind: `t`, microseconds since 1970, and `columns`."""
        ...

    def keep_values(self, question: RollupQuestion) -> None:
        """Name what `reduced` reads, of the relations `units` and `outcome`: the one great join, as suits the engine.

        `counted` (uid, unit, variant, segment, first_t) is every unit of one declared variant. `valued` (variant,
        segment, first_t, and the `unit_columns` of every metric in whole millionths) has a row for each of them, 0
        where nothing happened. `quantiled` (uid, k, dt, value) holds the outcomes of quantile metrics, by
        `outcome_places`.
        """
        ...


Reading: TypeAlias = Callable[[], AbstractContextManager[Relations]]
"""Opens relations of their own, in one engine."""
