"""The ports of the page: what it asks of config, history, generated shelves and rankers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from counterpoint.pages.index import PageIndex
from counterpoint.pages.last_answers import LastAnswers
from counterpoint.pages.last_pages import LastPages
from counterpoint.pages.listener import History
from counterpoint.recommend import Model
from counterpoint.vocabulary import Scalar


class ConfigRead(Protocol):
    """One recorded read of a parameter."""

    @property
    def parameter(self) -> str:
        """Key of the parameter."""
        ...

    @property
    def value(self) -> Scalar:
        """The value that was returned."""
        ...

    @property
    def reason(self) -> str:
        """Why, as OpenFeature names it."""
        ...

    @property
    def experiment(self) -> str | None:
        """The experiment of this unit that may set it; None when there is none."""
        ...

    @property
    def variant(self) -> str | None:
        """The variant of that experiment."""
        ...

    @property
    def is_exposure(self) -> bool:
        """Whether this first read exposes the unit to the experiment."""
        ...


class PageConfig(Protocol):
    """The values of one request; reading one is recorded, because the first read is the exposure."""

    def value(self, key: str) -> Scalar:
        """Return the value of parameter `key` and record the read."""
        ...

    @property
    def reads(self) -> Sequence[ConfigRead]:
        """First reads, in order."""
        ...

    @property
    def snapshot_id(self) -> str:
        """Content address of the snapshot."""
        ...

    @property
    def release(self) -> int:
        """Number of its release."""
        ...

    @property
    def age_s(self) -> float:
        """Seconds since the snapshot was last known to be the newest."""
        ...

    @property
    def is_stale(self) -> bool:
        """Whether it is older than its surface allows."""
        ...


class HistoryPort(Protocol):
    """Where a listener's plays, impressions, follows and blocks are kept."""

    async def history(self, unit: str) -> History:
        """Return what is known about `unit`; an empty history for a unit never seen.

        Raises:
            DependencyFailure: It cannot be read now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedShelf:
    """A shelf that a generator wrote before it was asked for.

    Attributes:
        items: Ids, best first; only ids that the generator was given (grounded).
        source: Which generator wrote it, with its version.
        expires_at: From when on it may not be shown any more.
    """

    title: str
    items: tuple[str, ...]
    source: str
    created_at: datetime
    expires_at: datetime
    explanation: str | None = None


class GeneratedShelves(Protocol):
    """The store of precomputed shelves."""

    async def generated(self, unit: str, style: str) -> GeneratedShelf | None:
        """Return the newest shelf of `style` written for `unit`, or None.

        Raises:
            DependencyFailure: It cannot be read now.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything a page may ask besides its request and config, as ports and immutable copies.

    Attributes:
        rankers: Value of `ranking.model` or `podcasts.ranker` -> the model, loaded on the catalogue of `index`; without
            one for popularity, that of the catalogue is used.
        clock: Seconds, monotonic; times stages and nothing else, so it cannot change a page.
        last_pages: The last complete page of recent units, for when an essential shelf fails.
        last_answers: The last answers of remote sources, for when one fails.
    """

    index: PageIndex
    history: HistoryPort
    generated: GeneratedShelves
    clock: Callable[[], float]
    rankers: Mapping[str, Model] = field(default_factory=dict)
    last_pages: LastPages | None = None
    last_answers: LastAnswers | None = None
