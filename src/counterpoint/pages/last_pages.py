"""The last complete page of each recent unit: what is shown when an essential shelf fails."""

from collections import OrderedDict
from dataclasses import dataclass

MAX_AGE_S = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPage:
    """A page as it was served: enough to show it again, not to explain it.

    Attributes:
        at_s: When it was made, epoch seconds.
        shelves: Key, title and item ids of each shelf, top first.
        reads: Parameters it read; showing it again reads them again, so an arm cannot hide behind a copy.
    """

    at_s: float
    shelves: tuple[tuple[str, str, tuple[str, ...]], ...]
    reads: tuple[str, ...]


class LastPages:
    """A bounded memory of last pages, least recently written first to go; one per process.

    Args:
        capacity: How many units it remembers, at least 1.
    """

    def __init__(self, capacity: int = 2_000) -> None:
        self._capacity = capacity
        self._pages: OrderedDict[str, LastPage] = OrderedDict()

    def keep(self, unit: str, page: LastPage) -> None:
        """Remember `page` as the last one of `unit`."""
        self._pages[unit] = page
        self._pages.move_to_end(unit)
        if len(self._pages) > self._capacity:
            self._pages.popitem(last=False)

    def recall(self, unit: str, now_s: float) -> LastPage | None:
        """Return the last page of `unit` if it is at most a day old at `now_s`, else None."""
        page = self._pages.get(unit)
        return page if page is not None and now_s - page.at_s <= MAX_AGE_S else None
