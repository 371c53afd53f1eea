"""The port to wherever the catalogue's facts are kept."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from counterpoint.content.item import Item

EMPTY_VERSION = "empty"
"""The version of a store that nothing was ever written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """One version of the catalogue's facts."""

    version: str
    items: tuple[Item, ...]


class ContentStore(Protocol):
    """Keeps items; a write is all or nothing, and what was stored before survives a write that fails or is killed."""

    def version(self) -> str:
        """Return the version of what is stored, a digest of its content; `EMPTY_VERSION` before the first write."""
        ...

    def read(self) -> StoredContent:
        """Return everything stored.

        Raises:
            DependencyFailure: What is stored cannot be read back.
        """
        ...

    def write(self, items: Iterable[Item], *, expected: str) -> str:
        """Replace everything stored by `items`, and return the new version.

        Args:
            expected: The version that `items` were derived from.

        Raises:
            Conflict: Somebody wrote since (`content_changed`); nothing is replaced.
        """
        ...
