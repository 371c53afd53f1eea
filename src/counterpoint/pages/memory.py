"""History and generated shelves kept in memory: for one process, demonstrations and replays."""

from collections.abc import Mapping

from counterpoint.pages.listener import NO_HISTORY, History
from counterpoint.pages.ports import GeneratedShelf


class MemoryHistory:
    """Histories by unit; whoever simulates or records listeners replaces them as they grow.

    Args:
        histories: What is known at the start.
    """

    def __init__(self, histories: Mapping[str, History] | None = None) -> None:
        self._histories = dict(histories or {})

    async def history(self, unit: str) -> History:
        """Return the history of `unit`, or an empty one."""
        return self._histories.get(unit, NO_HISTORY)

    def put(self, unit: str, history: History) -> None:
        """Replace the history of `unit`."""
        self._histories[unit] = history


class MemoryShelves:
    """Generated shelves by unit and style.

    Args:
        shelves: What is written at the start.
    """

    def __init__(self, shelves: Mapping[tuple[str, str], GeneratedShelf] | None = None) -> None:
        self._shelves = dict(shelves or {})

    async def generated(self, unit: str, style: str) -> GeneratedShelf | None:
        """Return the shelf of `style` for `unit`, or None."""
        return self._shelves.get((unit, style))

    def put(self, unit: str, style: str, shelf: GeneratedShelf) -> None:
        """Write `shelf`, replacing the one before."""
        self._shelves[unit, style] = shelf
