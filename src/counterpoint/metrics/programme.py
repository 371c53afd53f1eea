"""The programme: what all experiments together taught, how fast, and how much traffic they hold."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

Learned: TypeAlias = Literal["win", "regression", "neutral", "inconclusive", "invalid"]
LEARNED: tuple[Learned, ...] = ("win", "regression", "neutral")

_CROWDED = 0.8
_WINS_WORTH_A_HOLDOUT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedRun:
    """An experiment that went live and has ended.

    Attributes:
        decided_at: When it was decided or given up.
        harmed: Guardrails for which the platform paused or stopped it.
        scorecard: Its last one, as `Scorecard.as_document`; None when it was given up without one.
        decision: As `ExperimentDecision.as_document`; None without a scorecard.
        wanted: Smallest effect on the primary metric worth finding, relative or absolute; None when none was stated.
        absolute: Whether `wanted` is in the metric's own unit.
    """

    experiment: str
    surface: str
    owner: str
    started_at: datetime
    decided_at: datetime
    harmed: tuple[str, ...] = ()
    scorecard: Mapping[str, Any] | None = None
    decision: Mapping[str, Any] | None = None
    wanted: float | None = None
    absolute: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningShare:
    """An experiment that holds units now.

    Attributes:
        share: Of the surface's units that it holds, treatments and control together.
    """

    experiment: str
    surface: str
    owner: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SurfaceTraffic:
    """What is held on one surface, as shares of its units.

    Attributes:
        in_use: In at least one running experiment.
        set_aside: In holdouts and domains.
        free: In neither.
        holdouts: Keys of running holdouts.
    """

    in_use: float
    set_aside: float
    free: float
    holdouts: tuple[str, ...] = ()


def what_was_learned(run: EndedRun) -> Learned:
    """Return what one ended experiment taught.

    `win`: a treatment was to be shipped. `regression`: a guardrail or the primary metric was shown to be worse.
    `neutral`: read at its end, it excludes the smallest effect worth finding for every treatment. `invalid`: a quality
    test failed. All else is `inconclusive`: it ended early, or could have missed the effect.

    Source:
        The definition of an experiment with learning, as against one with a win: Spotify, "Beyond Winning", 2025.
    """
    if run.scorecard is None or run.decision is None:
        return "regression" if run.harmed else "inconclusive"
    if not all(check["passed"] for check in run.scorecard["checks"]):
        return "invalid"
    if run.decision["ship"] is not None:
        return "win"
    judged = [j for variant in run.decision["variants"].values() for j in variant["judgements"]]
    if run.harmed or any(j["deteriorated"] for j in judged):
        return "regression"
    primary = [row for row in run.scorecard["metrics"] if row["role"] == "primary"]
    if run.scorecard["at_horizon"] and primary and all(_excludes(run, row) for row in primary):
        return "neutral"
    return "inconclusive"


def read_programme(
    ended: Sequence[EndedRun],
    running: Sequence[RunningShare],
    traffic: Mapping[str, SurfaceTraffic],
    *,
    now: datetime,
    days: int = 365,
    interactions: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return, as a document, rates of learning and winning, times and traffic: in total, by surface and by owner.

    A rate of nothing is null. Rates are over experiments that ended in the period and had gone live.

    Args:
        ended: Experiments that have ended, of any time.
        running: Experiments that hold units now.
        traffic: Per surface.
        now: End of the period.
        days: Length of the period, at least 1.
        interactions: Per surface, what `read_interactions` returned: with it there is advice on designs.
    """
    since = now - timedelta(days=days)
    recent = [run for run in ended if since < run.decided_at <= now]

    def by(key: Callable[[Any], str]) -> dict[str, Any]:
        names = sorted({key(x) for x in (*recent, *running)})
        return {
            name: _figures([r for r in recent if key(r) == name], [r for r in running if key(r) == name])
            for name in names
        }

    total = _figures(recent, running)
    surfaces = by(lambda x: x.surface)
    for name, held in traffic.items():
        own = surfaces.setdefault(name, _figures([], []))
        own["traffic"] = {"in_use": held.in_use, "set_aside": held.set_aside, "free": held.free}
    return {
        "as_of": now.isoformat(),
        "days": days,
        "total": total,
        "surfaces": surfaces,
        "owners": by(lambda x: x.owner),
        "experiments": [
            {
                "experiment": r.experiment,
                "surface": r.surface,
                "owner": r.owner,
                "learned": what_was_learned(r),
                "days_to_decision": _days(r),
                "harmed": list(r.harmed),
            }
            for r in sorted(recent, key=lambda r: r.decided_at, reverse=True)
        ],
        "advice": [
            sentence
            for name, found in sorted((interactions or {}).items())
            for sentence in design_advice(name, found, traffic.get(name), surfaces.get(name, total)["wins"])
        ],
        "sentence": _sentence(total, days),
    }


def design_advice(
    surface: str, interactions: Mapping[str, Any], traffic: SurfaceTraffic | None, n_wins: int
) -> list[dict[str, Any]]:
    """Return what measured interactions and free space say about isolated, overlapping and holdout designs.

    Args:
        surface: Which.
        interactions: What `read_interactions` returned.
        traffic: What is held; None when not known.
        n_wins: Changes shipped in the period.
    """
    out = [_isolate(surface, pair) for pair in interactions["pairs"] if any(t["interacts"] for t in pair["tests"])]
    n_tests = interactions["n_tests"]
    if not out and n_tests:
        said = (
            f"{surface}: {n_tests} interactions of {interactions['n_pairs']} overlapping pairs were tested and none is"
            " beyond chance: let experiments overlap; isolating two would take twice the units."
        )
        out.append({"code": "overlap", "surface": surface, "sentence": said})
    if not n_tests:
        said = (
            f"{surface}: no interaction could be measured yet; overlap, and isolate only what changes the same place"
            " of the page."
        )
        out.append({"code": "overlap_unmeasured", "surface": surface, "sentence": said})
    if traffic is not None and traffic.free < 1 - _CROWDED:
        said = f"{surface}: {traffic.free:.0%} of the units are free: overlap in layers rather than isolate."
        out.append({"code": "crowded", "surface": surface, "sentence": said})
    if traffic is not None and not traffic.holdouts and n_wins >= _WINS_WORTH_A_HOLDOUT:
        said = f"{surface}: {n_wins} changes were shipped and no holdout measures what they do together: start one."
        out.append({"code": "holdout", "surface": surface, "sentence": said})
    return out


def _isolate(surface: str, pair: Mapping[str, Any]) -> dict[str, Any]:
    a, b = pair["experiments"]
    said = f"{surface}: {a} and {b} interact: run experiments of their kinds isolated from each other."
    return {"code": "isolate", "surface": surface, "experiments": [a, b], "sentence": said}


def _excludes(run: EndedRun, row: Mapping[str, Any]) -> bool:
    """Return whether a row's interval leaves no room for the smallest effect worth finding."""
    upper, lower = ("ci_upper", "ci_lower") if run.absolute else ("relative_ci_upper", "relative_ci_lower")
    if run.wanted is None or row[upper] is None or row[lower] is None:
        return False
    return bool(row[upper] < run.wanted) if row["direction"] == "increase" else bool(row[lower] > -run.wanted)


def _figures(ended: Sequence[EndedRun], running: Sequence[RunningShare]) -> dict[str, Any]:
    found = [what_was_learned(run) for run in ended]
    counts = {name: found.count(name) for name in ("win", "regression", "neutral", "inconclusive", "invalid")}
    times = [_days(run) for run in ended]
    return {
        "ended": len(ended),
        "running": len(running),
        "wins": counts["win"],
        "learned": counts,
        "learning_rate": _share(sum(counts[name] for name in LEARNED), len(ended)),
        "win_rate": _share(counts["win"], len(ended)),
        "days_to_decision": {
            "median": statistics.median(times) if times else None,
            "p90": _p90(times),
        },
        "rolled_back_by_guardrails": _share(sum(bool(run.harmed) for run in ended), len(ended)),
        "traffic_of_experiments": sum(run.share for run in running),
    }


def _days(run: EndedRun) -> float:
    return (run.decided_at - run.started_at) / timedelta(days=1)


def _p90(times: Iterable[float]) -> float | None:
    ordered = sorted(times)
    # The smallest value that nine tenths do not exceed.
    return ordered[-(-9 * len(ordered) // 10) - 1] if ordered else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _sentence(total: Mapping[str, Any], days: int) -> str:
    n = total["ended"]
    if not n:
        return f"No experiment ended in the last {days} days, simulated ones aside; {_running(total)}."
    middle = total["days_to_decision"]["median"]
    return (
        f"Of {n} experiments that ended in the last {days} days {total['learning_rate']:.0%} taught something and"
        f" {total['win_rate']:.0%} won; half were decided within {middle:.3g} days, and guardrails stopped"
        f" {total['rolled_back_by_guardrails']:.0%}. {_running(total).capitalize()}."
    )


def _running(total: Mapping[str, Any]) -> str:
    return f"{total['running']} {'is' if total['running'] == 1 else 'are'} running"
