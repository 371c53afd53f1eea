"""What another system shall hold of a surface: the definitions of what is live, or of what a goal would make live."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from counterpoint.config import Snapshot
from counterpoint.errors import NotFound
from counterpoint.orchestration.backends.moves import state_after
from counterpoint.orchestration.backends.protocol import Desired, Goal
from counterpoint.releases import Release, ReleaseStore, make_snapshot, snapshot_of
from counterpoint.vocabulary import decision_attribute


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A surface in another system's words.

    Attributes:
        definitions: Parameter -> its definition there, JSON builtins.
        left_out: Parameter -> why that system cannot hold it.
        caveats: Experiment -> where the system gives another value than this platform, in words.
    """

    definitions: Mapping[str, Any]
    left_out: Mapping[str, str] = field(default_factory=dict)
    caveats: Mapping[str, str] = field(default_factory=dict)


def split_caveats(snapshot: Snapshot) -> dict[str, str]:
    """Return what a system that hashes units its own way has to be told about every live experiment."""
    return {
        each.key: f"the split of {each.key} is not exported, for that system hashes units otherwise: bring the "
        f"decision along as {decision_attribute(each.key)}, or the unit gets the baseline"
        for each in snapshot.experiments
        if each.enabled
    }


Render = Callable[[Snapshot], Rendered]


class Outlook:
    """Renders surfaces as they are and as they would be; computes only, publishes nothing."""

    def __init__(self, releases: ReleaseStore, render: Render) -> None:
        self._releases = releases
        self._render = render

    def now(self, surface: str) -> Rendered:
        """Return what another system shall hold now.

        Raises:
            NotFound: code `unknown_surface`.
        """
        return self._render(snapshot_of(self._live(surface)))

    def after(self, desired: Desired) -> Rendered:
        """Return what it shall hold once the goal is reached.

        Raises:
            Conflict: The goal cannot be reached from what is live.
        """
        base = self._live(desired.spec.surface)
        state = state_after(desired, base)
        return self._render(make_snapshot(state, release=base.number, created_at=base.note.created_at))

    def undone(self, surface: str, experiment: str, goal: Goal) -> Rendered:
        """Return what it shall hold without what `goal` did to the experiment; other launches' work stays."""
        snapshot = snapshot_of(self._live(surface))
        others = tuple(each for each in snapshot.experiments if each.key != experiment)
        mine = tuple(each for each in snapshot.experiments if each.key == experiment)
        match goal:
            case Goal.START | Goal.RESTART:
                mine = ()
            case Goal.RESUME:
                mine = tuple(replace(each, enabled=False) for each in mine)
            case Goal.PAUSE | Goal.STOP | Goal.KILL:
                mine = tuple(replace(each, enabled=True) for each in mine)
        return self._render(replace(snapshot, experiments=(*mine, *others)))

    def _live(self, surface: str) -> Release:
        release = self._releases.latest(surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="surface", fix="load it first")
        return release
