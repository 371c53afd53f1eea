"""What pages are made of in this process: the catalogue's index, rankers, histories, generated shelves."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from counterpoint.content import LiveCatalogue
from counterpoint.delivery.rankers import load_rankers
from counterpoint.errors import NotFound
from counterpoint.pages import GeneratedShelf, GeneratedShelves, LastAnswers, LastPages, World, index_catalogue
from counterpoint.recommend import ModelRegistry
from counterpoint.storage.histories import MemoryHistories
from counterpoint.storage.sql import SqlDocuments

GENERATED = "generated_shelf"


class StoredShelves:
    """The generated shelves that were written before they are asked for."""

    def __init__(self, documents: SqlDocuments) -> None:
        self._documents = documents

    async def generated(self, unit: str, style: str) -> GeneratedShelf | None:
        """Return the shelf of `style` written for `unit`, or None."""
        try:
            body = self._documents.get(GENERATED, f"{unit}/{style}").body
        except NotFound:
            return None
        return msgspec.convert(body, GeneratedShelf)

    def write(self, unit: str, style: str, shelf: GeneratedShelf, *, at: datetime) -> None:
        """Keep a shelf in place of the one before it."""
        key = f"{unit}/{style}"
        try:
            version = self._documents.get(GENERATED, key).version
        except NotFound:
            version = 0
        body: Any = msgspec.to_builtins(shelf)
        self._documents.put(GENERATED, key, body, expected_version=version, at=at)


class ServingWorld:
    """Makes the world that pages are served in when it is first asked for, again only when the catalogue has changed.

    A command that reads and a worker that waits serve nobody, and load no model.
    """

    def __init__(
        self,
        catalogue: LiveCatalogue,
        histories: MemoryHistories,
        shelves: GeneratedShelves,
        models: ModelRegistry,
        stopwatch: Callable[[], float],
    ) -> None:
        self._catalogue = catalogue
        self._models = models
        self.histories = histories
        self.shelves = shelves
        self._stopwatch = stopwatch
        self._last_pages = LastPages()
        self._last_answers = LastAnswers()
        self._world: World | None = None

    def current(self) -> World:
        """Return the world of the catalogue that is served now."""
        world = self._world
        if world is None or world.index.version != self._catalogue.current.version:
            world = self._world = self._make()
        return world

    def _make(self) -> World:
        catalogue = self._catalogue.current
        return World(
            index=index_catalogue(catalogue),
            history=self.histories,
            generated=self.shelves,
            clock=self._stopwatch,
            rankers=load_rankers(self._models, catalogue),
            last_pages=self._last_pages,
            last_answers=self._last_answers,
        )
