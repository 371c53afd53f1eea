"""Where the time of many launches goes: seconds by step and backend with percentiles, people's waiting apart."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from counterpoint.orchestration.launch import Launch, LaunchState, TimelineEntry

N_SLOWEST = 5
PERCENTS = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds that one kind of work took, once per time that it was done.

    Attributes:
        name: The step, the backend, or both.
        seconds: One number a time, in no order.
    """

    name: str
    seconds: tuple[float, ...]

    @property
    def total(self) -> float:
        """Sum of the seconds."""
        return math.fsum(self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Where the time of launches went.

    Attributes:
        n_launches: Launches that were looked at.
        steps: Machine time by step, the costliest first.
        backends: Machine time by backend and verb, the costliest first; part of the steps' time, not beside it.
        people: How long each launch that a person approved waited for its approvals.
        scheduled: How long each launch waited for the start that its spec names.
        between: For each launch that runs, what passed from submission to the first stage beside the machine's steps
            and those waits: recording, queueing, a process that was down.
        to_running: For each launch that runs, approved to first stage live and verified, without a scheduled wait.
        slowest: The launches whose machine time was longest, with their costliest step.
    """

    n_launches: int
    steps: tuple[Spent, ...]
    backends: tuple[Spent, ...]
    people: Spent
    scheduled: Spent
    between: Spent
    to_running: Spent
    slowest: tuple[dict[str, Any], ...]

    def as_document(self) -> dict[str, Any]:
        """Return the report, JSON-compatible; shares are of all machine time."""
        machine = math.fsum(step.total for step in self.steps)
        return {
            "n_launches": self.n_launches,
            "machine_seconds": round(machine, 4),
            "steps": [_row(step, machine) for step in self.steps],
            "backends": [_row(each, machine) for each in self.backends],
            "waiting": {
                "people": _row(self.people),
                "scheduled": _row(self.scheduled),
                "between": _row(self.between),
            },
            "approved_to_running": _row(self.to_running),
            "slowest": list(self.slowest),
            "sentence": _sentence(self, machine),
        }


def timings(launches: Iterable[Launch], *, since: datetime | None = None) -> Timings:
    """Return where the time of these launches went.

    Args:
        since: Only launches submitted then or later; aware.
    """
    chosen = [launch for launch in launches if since is None or launch.created_at >= since]
    entries = [entry for launch in chosen for entry in launch.timeline]
    return Timings(
        n_launches=len(chosen),
        steps=_ranked((entry.step, entry.seconds) for entry in entries),
        backends=_ranked(pair for entry in entries for pair in backend_seconds(entry).items()),
        people=Spent(name="people", seconds=_each(chosen, _people_s)),
        scheduled=Spent(name="scheduled start", seconds=_each(chosen, _scheduled_s)),
        between=Spent(name="recording and queueing", seconds=_each(chosen, _between_s)),
        to_running=Spent(name="approved to running", seconds=_each(chosen, _to_running_s)),
        slowest=tuple(_slow_line(launch) for launch in sorted(chosen, key=_machine_s, reverse=True)[:N_SLOWEST]),
    )


def backend_seconds(entry: TimelineEntry) -> dict[str, float]:
    """Return the seconds of each backend's part in a transition, by names such as `apply surface`."""
    seconds: dict[str, float] = entry.evidence.get("seconds", {})
    return seconds


def percentile(seconds: Sequence[float], percent: int) -> float | None:
    """Return the smallest number that `percent` of the numbers do not exceed (nearest rank); None of none."""
    if not seconds:
        return None
    return sorted(seconds)[max(0, math.ceil(len(seconds) * percent / 100) - 1)]


def _ranked(pairs: Iterable[tuple[str, float]]) -> tuple[Spent, ...]:
    gathered: dict[str, list[float]] = {}
    for name, seconds in pairs:
        gathered.setdefault(name, []).append(seconds)
    spent = [Spent(name=name, seconds=tuple(seconds)) for name, seconds in gathered.items()]
    return tuple(sorted(spent, key=lambda each: (-each.total, each.name)))


def _each(launches: Iterable[Launch], seconds_of: Any) -> tuple[float, ...]:
    found = (seconds_of(launch) for launch in launches)
    return tuple(each for each in found if each is not None)


def _machine_s(launch: Launch) -> float:
    return math.fsum(entry.seconds for entry in launch.timeline)


def _first(launch: Launch, *states: LaunchState) -> TimelineEntry | None:
    return next((entry for entry in launch.timeline if entry.state in states), None)


def _approved(launch: Launch) -> TimelineEntry | None:
    """Return the approval that the launch began under: the last one, after withdrawals."""
    given = [entry for entry in launch.timeline if entry.state == LaunchState.APPROVED]
    return given[-1] if given else None


def _people_s(launch: Launch) -> float | None:
    approved, validated = _approved(launch), _first(launch, LaunchState.VALIDATED)
    if approved is None or validated is None or not launch.approvals:
        return None
    return (approved.at - validated.at).total_seconds()


def _scheduled_s(launch: Launch) -> float | None:
    approved, start = _approved(launch), (launch.spec.get("schedule") or {}).get("start")
    if approved is None or start is None or launch.begun_at is None:
        return None
    waited = (min(datetime.fromisoformat(start), launch.begun_at) - approved.at).total_seconds()
    return waited if waited > 0 else None


def _between_s(launch: Launch) -> float | None:
    running = _first(launch, LaunchState.RUNNING)
    if running is None:
        return None
    begun = launch.timeline[: launch.timeline.index(running) + 1]
    passed = math.fsum((after.at - before.at).total_seconds() for before, after in pairwise(begun))
    accounted = math.fsum(entry.seconds for entry in begun) + (_people_s(launch) or 0) + (_scheduled_s(launch) or 0)
    return round(max(0.0, passed - accounted), 4)


def _to_running_s(launch: Launch) -> float | None:
    approved, running = _approved(launch), _first(launch, LaunchState.RUNNING)
    if approved is None or running is None:
        return None
    return (running.at - approved.at).total_seconds() - (_scheduled_s(launch) or 0)


def _slow_line(launch: Launch) -> dict[str, Any]:
    worst = max(launch.timeline, key=lambda entry: entry.seconds, default=None)
    parts = backend_seconds(worst) if worst is not None else {}
    return {
        "launch": launch.id,
        "experiment": launch.experiment,
        "surface": launch.surface,
        "seconds": round(_machine_s(launch), 4),
        "step": None if worst is None else worst.step,
        "step_seconds": None if worst is None else worst.seconds,
        "backend": max(parts, key=lambda name: parts[name]) if parts else None,
    }


def _row(spent: Spent, machine: float | None = None) -> dict[str, Any]:
    row: dict[str, Any] = {"name": spent.name, "n": len(spent.seconds), "total": round(spent.total, 4)}
    row |= {f"p{percent}": percentile(spent.seconds, percent) for percent in PERCENTS}
    if machine is not None:
        row["share"] = round(spent.total / machine, 4) if machine > 0 else None
    return row


def _sentence(found: Timings, machine: float) -> str:
    if not found.n_launches:
        return "No launch yet."
    if not found.steps or machine <= 0:
        return "No machine time is recorded."
    worst = found.steps[0]
    said = f"Most machine time goes to {worst.name} ({worst.total / machine:.0%} of {machine:.1f} s"
    parts = [each for each in found.backends if each.name.startswith(f"{worst.name} ")]
    if parts:
        said += f", {parts[0].name.removeprefix(f'{worst.name} ')} above all"
    said += f", over {found.n_launches} launches)."
    if found.people.seconds:
        said += f" People took {percentile(found.people.seconds, 50):,.0f} s in the median to approve."
    return said
