"""Interactions: every pair of experiments that share exposed units, tested on both primary metrics."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from counterpoint.config import Metric, Surface
from counterpoint.errors import CannotCompute, InvalidInput
from counterpoint.events import EventLog
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.adequate import require_adequate
from counterpoint.metrics.engines.duckdb import in_duckdb
from counterpoint.metrics.engines.pairs import PairCells, Run, cell_name, pair_cells, shared_units
from counterpoint.metrics.engines.relations import Reading
from counterpoint.metrics.rollup import MetricRollup
from counterpoint.stats import (
    Correction,
    Interaction,
    Summary,
    adjust_p_values,
    assignment_dependence,
    interaction,
    interaction_of_quantiles,
)

ALPHA = 0.05
DEPENDENCE_ALPHA = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningExperiment:
    """An experiment with when it exposed units."""

    spec: ExperimentSpec
    started_at: datetime
    ended_at: datetime | None = None


def read_interactions(
    log: EventLog,
    surface: Surface,
    experiments: Sequence[RunningExperiment],
    *,
    now: datetime,
    q: float = 0.05,
    reading: Reading = in_duckdb,
) -> dict[str, Any]:
    """Return, as a document, which experiments disturb each other.

    Of every pair that shares exposed units: whether assignment to one depends on assignment to the other (it must
    not), and for each primary metric of the two and each pair of treatments, how much the effect of one changes under
    the other; where that cannot be told, why.

    Args:
        log: Where the records are.
        surface: Declares the metrics.
        experiments: Of that surface.
        now: Nothing recorded from then on is read.
        q: False discovery rate over all interactions tested.
        reading: In which engine.

    Estimand: (effect of A with B) minus (effect of A without B) on units that met both, one look.
    """
    by_key = {each.spec.key: each for each in experiments}
    runs = {key: _run(each) for key, each in by_key.items()}
    shared = shared_units(log, surface.key, list(runs.values()), now, reading=reading)
    pairs, tests = [], []
    for (a, b), n in shared.items():
        metrics = _primaries(surface, by_key[a].spec, by_key[b].spec)
        cells = pair_cells(log, surface.key, (runs[a], runs[b]), metrics, now, reading=reading)
        found = [
            test
            for metric in metrics
            for i in range(1, len(runs[a].variants))
            for j in range(1, len(runs[b].variants))
            for test in [
                {
                    "metric": metric.key,
                    "variants": [runs[a].variants[i], runs[b].variants[j]],
                    **_test(metric, cells.metrics[metric.key], i, j),
                }
            ]
        ]
        tests += [t for t in found if t["p_value"] is not None]
        pairs.append(
            {
                "experiments": [a, b],
                "n_shared": n,
                "dependence": _dependence(cells, runs[a], runs[b]),
                "tests": found,
            }
        )
    for test, adjusted in zip(tests, adjust_p_values([t["p_value"] for t in tests], Correction.BH), strict=True):
        test["q_value"], test["interacts"] = adjusted, adjusted <= q
    return {
        "surface": surface.key,
        "as_of": now.isoformat(),
        "n_experiments": len(runs),
        "n_pairs": len(pairs),
        "n_tests": len(tests),
        "q": q,
        "correction": str(Correction.BH),
        "looks": "one",
        "pairs": pairs,
        "sentence": _sentence(pairs, tests),
    }


def _run(each: RunningExperiment) -> Run:
    return Run(
        experiment=each.spec.key,
        variants=tuple(v.key for v in each.spec.variants),
        started_at=each.started_at,
        ended_at=each.ended_at,
    )


def _primaries(surface: Surface, *specs: ExperimentSpec) -> list[Metric]:
    keys = dict.fromkeys(spec.metrics.primary.metric for spec in specs)
    return [surface.metrics[key] for key in keys if key in surface.metrics]


def _test(metric: Metric, rollup: MetricRollup, i: int, j: int) -> dict[str, Any]:
    none: dict[str, Any] = dict.fromkeys(
        ("interaction", "std_error", "ci_lower", "ci_upper", "p_value", "q_value", "effect_a", "effect_b", "interacts")
    )
    corners = {(x, y): cell_name(i * x, j * y) for x in (0, 1) for y in (0, 1)}
    try:
        found = _interaction(metric, rollup, corners)
        # The rarest corner decides; compared with each other corner by the rule of any comparison.
        for other in ((0, 0), (0, 1), (1, 0)):
            require_adequate(metric, rollup, corners[other], corners[1, 1], alpha=ALPHA)
    except (CannotCompute, InvalidInput) as error:
        return none | {"reason": {"code": error.code, "message": error.sentence}}
    return none | {
        "interaction": found.interaction,
        "std_error": found.std_error,
        "ci_lower": found.ci_lower,
        "ci_upper": found.ci_upper,
        "p_value": found.p_value,
        "effect_a": found.effect_a,
        "effect_b": found.effect_b,
        "reason": None,
    }


def _interaction(metric: Metric, rollup: MetricRollup, corners: Mapping[tuple[int, int], str]) -> Interaction:
    if metric.type != "quantile":
        return interaction({at: rollup.arms.get(name, Summary.empty()) for at, name in corners.items()}, ALPHA)
    for name in corners.values():
        if name not in rollup.quantiles:
            raise CannotCompute("no_values", "no value was recorded", where=metric.key, fix="check that events arrive")
    arms = {at: rollup.quantiles[name] for at, name in corners.items()}
    values = {at: (arm.values, arm.clusters) for at, arm in arms.items()}
    return interaction_of_quantiles(values, metric.quantile or 0.5, ALPHA)


def _dependence(cells: PairCells, a: Run, b: Run) -> dict[str, Any]:
    counts = [[cells.n[x, y] for y in b.variants] for x in a.variants]
    try:
        statistic, df, p = assignment_dependence(counts)
    except (CannotCompute, InvalidInput) as error:
        return {"counts": counts, "p_value": None, "dependent": None, "reason": error.sentence}
    return {
        "counts": counts,
        "statistic": statistic,
        "df": df,
        "p_value": p,
        "dependent": p < DEPENDENCE_ALPHA,
        "reason": None,
    }


def _sentence(pairs: Sequence[Mapping[str, Any]], tests: Sequence[Mapping[str, Any]]) -> str:
    if not pairs:
        return "No two experiments share exposed units."
    dependent = [" and ".join(p["experiments"]) for p in pairs if p["dependence"]["dependent"]]
    hit = [p for p in pairs if any(t["interacts"] for t in p["tests"])]
    said = [f"{len(pairs)} pairs share exposed units; {len(tests)} interactions could be tested."]
    said += [f"{' and '.join(p['experiments'])} interact: read neither alone." for p in hit]
    said += [f"Assignment to {names} is not independent: look for a shared salt or lost units." for names in dependent]
    if tests and not hit:
        said.append("None interacts beyond chance.")
    return " ".join(said)
