"""What the HTTP API asks of a platform; `counterpoint.bootstrap` gives it, tests give it from memory."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from counterpoint.telemetry import Meters
from counterpoint.vocabulary import Scalar

Document: TypeAlias = dict[str, Any]
"""A JSON document of builtins."""


class Delivery(Protocol):
    """The serving path. Every method raises only `counterpoint.errors`."""

    def resolve(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Scalar],
        *,
        parameters: Sequence[str] | None,
        forced: Mapping[str, str] = ...,
        permit: str | None = None,
        units: Mapping[str, str] = ...,
    ) -> Document:
        """Return the values of a surface's parameters for one unit; reading is exposure."""
        ...

    async def page(
        self,
        surface: str,
        unit: str,
        context: Mapping[str, Scalar],
        *,
        forced: Mapping[str, str] = ...,
        permit: str | None = None,
        units: Mapping[str, str] = ...,
        request_id: str | None = None,
    ) -> Document:
        """Return the page that one unit sees."""
        ...

    def ingest(self, batch: list[Document]) -> Document:
        """Store event records durably and return what became of each."""
        ...

    def surfaces(self) -> list[str]:
        """Return the keys of the surfaces served."""
        ...

    def status(self) -> Document:
        """Return which snapshot is served of each surface, its age, and whether the process is ready."""
        ...


class Control(Protocol):
    """The control plane. Every method may block, and raises only `counterpoint.errors`."""

    def surface(self, key: str) -> Document:
        """Return one surface with its baseline as it is now."""
        ...

    def plan(self, hypothesis: str, *, surface: str, owner: str) -> Document:
        """Return what a hypothesis was understood to mean, the spec made of it, and the findings about that."""
        ...

    def validate(self, spec: Document | str) -> Document:
        """Return the findings about a spec."""
        ...

    def submit(
        self,
        *,
        surface: str,
        author: str,
        hypothesis: str | None = None,
        spec: Document | str | None = None,
        wait_s: float = 10.0,
    ) -> Document:
        """Begin a launch and return it as it stands after at most `wait_s` seconds."""
        ...

    def approve(self, launch: str, *, by: str, note: str = "") -> Document:
        """Record one person's yes."""
        ...

    def withdraw(self, launch: str, *, by: str, reason: str) -> Document:
        """Take one person's yes back."""
        ...

    def reject(self, launch: str, *, by: str, reason: str) -> Document:
        """Refuse a launch that has not begun, for good."""
        ...

    def amend(self, launch: str, spec: str | Mapping[str, Any], *, actor: str, reason: str) -> Document:
        """Put another text in the place of a running launch's."""
        ...

    def move(self, launch: str, goal: str, *, actor: str, reason: str) -> Document:
        """Pause, resume, hold, restart, stop, kill or archive a launch."""
        ...

    def launches(self, surface: str | None = None) -> list[Document]:
        """Return launches, newest first, in short."""
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

    def search_past(self, words: str, *, surface: str | None, metric: str | None, limit: int) -> Document:
        """Return past experiments nearest to some words, and the history of a metric."""
        ...

    def results(self, key: str, *, segment: str | None = None) -> Document:
        """Return the scorecard of one experiment."""
        ...

    def releases(self, surface: str) -> list[Document]:
        """Return what was published on a surface, newest first."""
        ...

    def audit(self, surface: str) -> list[Document]:
        """Return who did what on a surface, newest first."""
        ...


class Platform(Protocol):
    """One process's parts."""

    @property
    def meters(self) -> Meters:
        """Where this process counts."""
        ...

    @property
    def delivery(self) -> Delivery:
        """The serving path."""
        ...

    @property
    def control(self) -> Control:
        """The control plane."""
        ...
