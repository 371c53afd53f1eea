"""Every experiment that was ever in a release, found by state, owner and words, however many there are."""

from dataclasses import dataclass
from typing import Any

import msgspec

from counterpoint.experiments import spec_document
from counterpoint.releases import ExperimentIndex

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """The experiments of all surfaces, archived ones and those that no launch of this platform began too."""

    index: ExperimentIndex

    def find(
        self,
        *,
        surface: str | None = None,
        state: str | None = None,
        owner: str | None = None,
        search: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[Document]:
        """Return a line for each, the last changed first.

        Args:
            state: A state of the lifecycle, or `removed` for what a revert took away.
            search: Words of key, hypothesis, owner and parameters; all of them have to be there.
        """
        found = self.index.find(surface=surface, state=state, owner=owner, search=search, limit=limit, offset=offset)
        lines: list[Document] = msgspec.to_builtins(found)
        return lines

    def read(self, surface: str, key: str) -> Document:
        """Return one experiment as it last was, with its spec.

        Raises:
            NotFound: code `unknown_experiment`.
        """
        listing, experiment = self.index.get(surface, key)
        line: Document = msgspec.to_builtins(listing)
        return {**line, "spec": spec_document(experiment.spec)}
