"""The in-memory content store: the fake that `test_content_store.py` holds to the same promises as the real one."""

from collections.abc import Iterable

from counterpoint.content import EMPTY_VERSION, Item, StoredContent
from counterpoint.errors import Conflict
from counterpoint.vocabulary import digest


class MemoryContentStore:
    """A `ContentStore` that forgets everything with its process, and counts its writes."""

    def __init__(self, items: Iterable[Item] = ()) -> None:
        self._stored = StoredContent(version=EMPTY_VERSION, items=())
        self.n_writes = 0
        if first := list(items):
            self.write(first, expected=EMPTY_VERSION)

    def version(self) -> str:
        return self._stored.version

    def read(self) -> StoredContent:
        return self._stored

    def write(self, items: Iterable[Item], *, expected: str) -> str:
        if expected != self._stored.version:
            raise Conflict("content_changed", f"the catalogue is at version {self._stored.version}, not {expected}")
        ordered = tuple(sorted(items, key=lambda item: item.id))
        self._stored = StoredContent(version=digest(ordered), items=ordered)
        self.n_writes += 1
        return self._stored.version

    def by_id(self) -> dict[str, Item]:
        return {item.id: item for item in self._stored.items}
