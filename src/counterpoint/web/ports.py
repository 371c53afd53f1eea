"""What the web pages ask of a platform; `counterpoint.bootstrap` gives it, tests give it from memory."""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from counterpoint.vocabulary import Scalar

Document: TypeAlias = dict[str, Any]
"""A JSON document of builtins."""


class Delivery(Protocol):
    """The serving path. Every method raises only `counterpoint.errors`."""

    def surfaces(self) -> list[str]:
        """Return the keys of the surfaces served."""
        ...

    async def page(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Scalar],
        *,
        forced: Mapping[str, str] = ...,
        request_id: str | None = None,
        counted: bool = True,
    ) -> Document:
        """Return the page that one unit sees; one that is forced, or not `counted`, leaves no records."""
        ...


class Control(Protocol):
    """The control plane. Every method may block, and raises only `counterpoint.errors`."""

    def surface(self, key: str) -> Document:
        """Return one surface with its baseline as it is now."""
        ...

    def plan(self, hypothesis: str, *, surface: str, owner: str) -> Document:
        """Return what a hypothesis was understood to mean, the spec made of it, and the findings about that."""
        ...

    def submit(
        self,
        *,
        surface: str,
        author: str,
        hypothesis: str | None = None,
        spec: Document | None = None,
        plan: Document | None = None,
        wait_s: float = 10.0,
    ) -> Document:
        """Begin the launch of a spec and return it as it stands after at most `wait_s` seconds."""
        ...

    def approve(self, launch: str, *, by: str, note: str = "") -> Document:
        """Record one person's yes."""
        ...

    def move(self, launch: str, goal: str, *, actor: str, reason: str) -> Document:
        """Pause, resume, hold, restart, stop, kill or archive a launch."""
        ...

    def launch(self, name: str) -> Document:
        """Return one launch by its id, or the newest of an experiment by the experiment's key."""
        ...

    def experiments(self, surface: str | None = None) -> list[Document]:
        """Return experiments in short."""
        ...

    def experiment(self, key: str) -> Document:
        """Return one experiment with its spec, launch and findings."""
        ...

    def results(self, key: str, *, segment: str | None = None) -> Document:
        """Return the scorecard of one experiment, read by an attribute too where one is named."""
        ...

    def listeners(self, surface: str) -> list[Document]:
        """Return sample listeners of a surface."""
        ...


class Platform(Protocol):
    """One process's parts."""

    @property
    def delivery(self) -> Delivery:
        """The serving path."""
        ...

    @property
    def control(self) -> Control:
        """The control plane."""
        ...
