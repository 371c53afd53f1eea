"""The hydrator of Home: what is known about the listener, or the declared default, marked."""

from dataclasses import dataclass

from counterpoint.pages.listener import History
from counterpoint.pages.ports import World
from counterpoint.pages.request import Request


@dataclass(frozen=True, slots=True)
class ListenerHistory:
    """Asks the history port once per page."""

    key: str = "history"
    timeout_ms: float = 40.0

    async def hydrate(self, request: Request, world: World) -> History:
        """Return the history of the request's unit."""
        return await world.history.history(request.unit)
