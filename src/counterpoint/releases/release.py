"""A release: one published state of a surface, numbered, with who made it and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from counterpoint.config import Snapshot
from counterpoint.releases.snapshotting import make_snapshot
from counterpoint.releases.state import SurfaceState


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseNote:
    """What history tells about a release without its state.

    Attributes:
        number: Grows by one with each publish on a surface, from 1.
        digest: Digest of its state.
        parent_digest: Digest of the state before.
        change_id: The Change that made it.
        change_digest: Digest of that Change.
        published_by: Who published it, the author or somebody else.
        paths: The parts of the state that it changed, sorted.
    """

    surface: str
    number: int
    digest: str
    parent_digest: str
    change_id: str
    change_digest: str
    author: str
    published_by: str
    reason: str
    created_at: datetime
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One published state of a surface; `digests` holds the digest of each of its parts, by path."""

    note: ReleaseNote
    state: SurfaceState
    digests: Mapping[str, str] = field(repr=False)

    @property
    def surface(self) -> str:
        """Key of the surface."""
        return self.note.surface

    @property
    def number(self) -> int:
        """Number of the release, from 1."""
        return self.note.number

    @property
    def digest(self) -> str:
        """Digest of its state."""
        return self.note.digest


def snapshot_of(release: Release) -> Snapshot:
    """Return the snapshot that the serving path takes of `release`."""
    return make_snapshot(release.state, release=release.number, created_at=release.note.created_at)
