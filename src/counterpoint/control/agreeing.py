"""Keeps launches in agreement with what is live: one whose experiment was stopped by other means is held."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from counterpoint.errors import CounterpointError
from counterpoint.experiments import State
from counterpoint.orchestration import Launch, LaunchDesk, LaunchState, Verb, move
from counterpoint.releases import Release, ReleaseStore
from counterpoint.telemetry import logger

_AGREES: Mapping[LaunchState, frozenset[State]] = {
    LaunchState.RUNNING: frozenset({State.RUNNING}),
    LaunchState.PAUSED: frozenset({State.PAUSED}),
}


@dataclass(slots=True, kw_only=True)
class Agreeing:
    """Compares running launches with the releases of their surfaces, whenever there is a new one.

    A revert, a restore or a Change that somebody published by hand may pause, stop or take away an experiment.

    Attributes:
        seen: The last release of each surface with which every launch agreed.
    """

    desk: LaunchDesk
    releases: ReleaseStore
    seen: dict[str, int] = field(default_factory=dict, init=False)

    def check(self) -> tuple[str, ...]:
        """Hold or pause the launches whose experiments were stopped or paused elsewhere; return their ids."""
        moved: list[str] = []
        for surface, number in self.releases.heads().items():
            if self.seen.get(surface) != number:
                moved += self._check(surface, number)
        return tuple(moved)

    def _check(self, surface: str, number: int) -> list[str]:
        # The launches are read first: one that is moved in between is claimed, or refuses what is said too late.
        launches = [each for each in self.desk.world.launches.list(surface) if each.state in _AGREES]
        release = self.releases.latest(surface)
        if release is None:
            return []
        moved, busy = [], False
        for launch in launches:
            verb = _called_for(launch, release)
            if verb is None:
                continue
            busy = True
            if launch.claim is None and launch.wish is None:
                self._say(launch, verb, surface)
                moved.append(launch.id)
        if not busy:
            self.seen[surface] = number
        return moved

    def _say(self, launch: Launch, verb: Verb, surface: str) -> None:
        (note, *_) = self.releases.history(surface, path=f"experiments/{launch.experiment}", limit=1)
        reason = f"release {note.number} did so outside of the launch: {note.reason}"
        try:
            move(self.desk, launch.id, verb, actor=note.published_by, reason=reason)
        except CounterpointError as error:
            # It was moved meanwhile, or its executor is busy: the next tick compares again.
            logger("orchestration").warning("a launch disagrees with what is live", extra=error.as_document())


def _called_for(launch: Launch, release: Release) -> Verb | None:
    live = release.state.experiments.get(launch.experiment)
    if live is not None and live.state in _AGREES[launch.state]:
        return None
    if live is not None and live.state is State.PAUSED:
        return Verb.PAUSE
    # One that runs though its launch is paused is left to people: nothing gives treatments back by itself.
    return None if live is not None and live.state is State.RUNNING else Verb.HOLD
