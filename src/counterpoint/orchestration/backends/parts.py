"""What a new backend is given to be made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterpoint.orchestration.backends.held import HeldBackend, Holder, Notes
from counterpoint.orchestration.backends.outlook import Outlook, Render
from counterpoint.orchestration.backends.protocol import Backend
from counterpoint.releases import ReleaseStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What is there for one declared backend.

    Attributes:
        name: The declared name; stored with every receipt, so it never changes.
        surfaces: The surfaces that it concerns; None for all.
        notes: Small durable records; choose keys that begin with the backend's name.
    """

    name: str
    surfaces: frozenset[str] | None
    releases: ReleaseStore
    notes: Notes
    clock: Callable[[], datetime]

    def held(self, holder: Holder, render: Render) -> HeldBackend:
        """Return the backend that keeps what `render` makes of a surface in `holder`."""
        return HeldBackend(self.name, holder, Outlook(self.releases, render), self.notes, surfaces=self.surfaces)


Make = Callable[[Mapping[str, Any], Parts], Backend]
"""Makes a backend of its declared options and of what is there; what `kind: module:function` names."""
