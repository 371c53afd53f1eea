"""What opens and closes Home's shelves."""

from dataclasses import dataclass

from counterpoint.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class Switch:
    """Opens a shelf that a parameter switches on."""

    parameter: str

    @property
    def key(self) -> str:
        """The parameter."""
        return self.parameter

    def opens(self, visit: Visit) -> bool:
        """Return the value of the parameter."""
        return visit.truth(self.parameter)


@dataclass(frozen=True, slots=True)
class HasPlays:
    """Opens a shelf for listeners with a past; stands before a switch, which cannot matter to others."""

    key: str = "has_plays"

    def opens(self, visit: Visit) -> bool:
        """Return whether any play is known."""
        return visit.listener.played.size > 0
