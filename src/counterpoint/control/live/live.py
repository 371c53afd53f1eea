"""What is live where: which backend holds what of each baseline and live experiment, and which processes serve it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterpoint.control.live.drift import Drift
from counterpoint.control.live.drift_checks import LIVE
from counterpoint.delivery import Fleet
from counterpoint.errors import NotFound
from counterpoint.orchestration import AnalysisPlans, Backend, Launch, LaunchState, LaunchStore, spec_of
from counterpoint.orchestration.backends import HeldBackend
from counterpoint.releases import Release, ReleaseStore
from counterpoint.vocabulary import digest

Document = dict[str, Any]
Asked = Mapping[tuple[str, str, str], Document]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The query; reads what checks have seen and asks no system outside.

    Attributes:
        backends: All of a launch's, in order.
    """

    backends: tuple[Backend, ...]
    launches: LaunchStore
    releases: ReleaseStore
    plans: AnalysisPlans
    drift: Drift
    fleet: Fleet
    clock: Callable[[], datetime]

    def document(self, surface: str | None = None) -> Document:
        """Return what each backend holds of the baseline and of each live experiment, and what is not as it should be.

        Raises:
            NotFound: code `unknown_surface`.
        """
        known = self.releases.surfaces()
        if surface is not None and surface not in known:
            raise NotFound(
                "unknown_surface",
                f"there is no surface {surface!r}",
                where="surface",
                fix=f"one of: {', '.join(known)}",
            )
        fleet, asked = self.fleet.document()["surfaces"], self.drift.asked()
        launches = self.launches.list(surface)
        wanted = known if surface is None else (surface,)
        return {
            "at": self.clock().isoformat(),
            "surfaces": {key: self._surface(key, launches, fleet.get(key, []), asked) for key in wanted},
            "still_live": [left for launch in launches if (left := _left_behind(launch)) is not None],
            "findings": self.drift.findings(surface),
        }

    def _surface(self, surface: str, launches: tuple[Launch, ...], processes: list[Document], asked: Asked) -> Document:
        release = self.releases.latest(surface)
        if release is None:
            raise NotFound("unknown_surface", f"there is no surface {surface!r}", where="surface")
        live = [launch for launch in launches if launch.surface == surface and launch.state in LIVE]
        return {
            "release": {
                "number": release.number,
                "digest": release.digest,
                "since": release.note.created_at.isoformat(),
                "by": release.note.author,
                "reason": release.note.reason,
            },
            "processes": processes,
            "baseline": [held for each in self.backends if (held := self._baseline(each, release)) is not None],
            "experiments": [self._experiment(launch, release, asked) for launch in live],
        }

    def _baseline(self, backend: Backend, release: Release) -> Document | None:
        """Return what a backend holds of the baseline; None for one that holds none of it."""
        if isinstance(backend, HeldBackend):
            if not backend.holds(release.surface):
                return None
            note = self.drift.standing(backend.name, release.surface) or {}
            n = note.get("n")
            return _held(
                backend.name,
                "not looked at yet" if n is None else f"{n} definitions",
                version=None if note.get("release") is None else str(note["release"]),
                content=note.get("digest"),
                since=note.get("since"),
                note=note,
            )
        if backend.name == "surface":
            return _held(
                backend.name,
                f"{len(release.state.baseline)} values, {len(release.state.rules)} rules",
                version=str(release.number),
                content=release.digest,
                since=release.note.created_at.isoformat(),
                note=self.drift.standing("surface", release.surface) or {},
            )
        return None

    def _experiment(self, launch: Launch, release: Release, asked: Asked) -> Document:
        live = release.state.experiments.get(launch.experiment)
        return {
            "experiment": launch.experiment,
            "launch": launch.id,
            "state": str(launch.state),
            "stage": launch.stage,
            "share": 0.0 if live is None else len(live.owned) / 10_000,
            "simulated": launch.simulated,
            "backends": [
                self._of_experiment(each, launch, release, asked) for each in self.backends if each.name != "reach"
            ],
        }

    def _of_experiment(self, backend: Backend, launch: Launch, release: Release, asked: Asked) -> Document:
        note = asked.get((backend.name, launch.surface, launch.experiment), {})
        match backend:
            case HeldBackend():
                return self._flags(backend, launch)
            case _ if backend.name == "surface":
                live = release.state.experiments.get(launch.experiment)
                path = f"experiments/{launch.experiment}"
                return _held(
                    backend.name,
                    "not there" if live is None else f"{live.state}, stage {launch.stage + 1}",
                    version=str(release.number),
                    content=release.digests.get(path),
                    since=_text(launch.staged_at),
                    note=note,
                )
            case _ if backend.name == "metrics":
                plan = self.plans.get(launch.experiment)
                there = plan is not None and not plan.get("withdrawn")
                return _held(
                    backend.name,
                    "the analysis plan" if there else "no analysis plan",
                    version=None,
                    content=plan["digest"] if plan is not None and there else None,
                    since=plan["registered_at"] if plan is not None and there else None,
                    note=note,
                )
            case _ if backend.name == "content":
                return _held(backend.name, "keeps nothing: every variant had a page at its start", note=None)
            case _:
                receipt = next((each for each in launch.receipts if each.backend == backend.name), None)
                return _held(
                    backend.name,
                    "what its receipt says" if receipt is not None else "nothing of this experiment",
                    content=None if receipt is None else digest(receipt.detail),
                    since=_text(launch.started_at),
                    note=note,
                )

    def _flags(self, backend: HeldBackend, launch: Launch) -> Document:
        if not backend.holds(launch.surface):
            return _held(backend.name, "not of this surface", note=None)
        keys = {key for variant in spec_of(launch).variants for key in variant.set}
        written = {key: each for key, each in backend.written(launch.surface).items() if key in keys}
        there = {key: each["definition"] for key, each in written.items() if each["definition"] is not None}
        note = self.drift.standing(backend.name, launch.surface) or {}
        mine = {key: flag for key, flag in (note.get("flags") or {}).items() if key in keys}
        return _held(
            backend.name,
            f"{', '.join(sorted(there))}" if there else "none of its parameters",
            version=None if note.get("release") is None else str(note["release"]),
            content=digest(there) if there else None,
            since=max((each["at"] for each in written.values()), default=None),
            note={**note, "flags": mine},
        )


def _held(
    backend: str,
    what: str,
    *,
    version: str | None = None,
    content: str | None = None,
    since: str | None = None,
    note: Mapping[str, Any] | None,
) -> Document:
    return {
        "backend": backend,
        "holds": what,
        "version": version,
        "digest": content,
        "since": since,
        "verified_at": None if note is None else note.get("checked_at"),
        "standing": _standing(note),
    }


def _standing(note: Mapping[str, Any] | None) -> str:
    """Return `in step`, `drifted`, `not answering`, `not checked yet`, or `keeps nothing`."""
    if note is None:
        return "keeps nothing"
    if note.get("down"):
        return "not answering"
    if note.get("flags"):
        return "drifted"
    return "in step" if note.get("checked_at") else "not checked yet"


def _left_behind(launch: Launch) -> Document | None:
    """Return what a failed launch could not take back, until somebody launches its experiment again."""
    if launch.state is not LaunchState.FAILED or not launch.timeline:
        return None
    evidence = launch.timeline[-1].evidence
    left, unsure = evidence.get("still_live") or [], evidence.get("unsure") or []
    if not left and not unsure:
        return None
    return {
        "launch": launch.id,
        "experiment": launch.experiment,
        "surface": launch.surface,
        "still_live": left,
        "why": evidence.get("why_still_live") or {},
        "unsure": unsure,
        "since": launch.timeline[-1].at.isoformat(),
        "reason": launch.timeline[-1].reason,
    }


def _text(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
