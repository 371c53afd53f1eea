"""Where a rollout stands: which buckets have the change, until when, and what it will make of the baseline."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from counterpoint.assignment import BucketSet
from counterpoint.config import BaselineRule
from counterpoint.experiments import first_drawn, n_buckets_of, pools_of
from counterpoint.releases.stages import Rollout
from counterpoint.releases.state import SurfaceState
from counterpoint.vocabulary import Scalar


def stage_ends_at(rollout: Rollout) -> datetime:
    """Return when the stage that is live has been held for as long as it was to be."""
    return rollout.stage_since + timedelta(hours=rollout.stages[rollout.stage].hours)


def is_last_stage(rollout: Rollout) -> bool:
    """Return whether the next step is everybody."""
    return rollout.stage == len(rollout.stages) - 1


def ground_of(state: SurfaceState) -> BucketSet:
    """Return the buckets that a rollout may grow in.

    Units of holdouts and of isolated experiments get shipped changes when they are the baseline, and no sooner.
    """
    pools = pools_of(state.surface)
    ground = BucketSet.full() - pools.isolated
    for holdout in state.holdouts.values():
        if holdout.unit == state.surface.unit:
            ground = ground - holdout.status_quo - holdout.shipped_only
    for experiment in state.experiments.values():
        if experiment.spec.isolated:
            ground = ground - experiment.reserved
    return ground


def at_stage(rollout: Rollout, stage: int, *, surface: str, at: datetime) -> Rollout:
    """Return `rollout` at `stage`: each stage holds the one before, so no unit goes back and forth."""
    n = n_buckets_of(rollout.stages[stage].share)
    return replace(
        rollout,
        stage=stage,
        buckets=first_drawn(f"rollout/{surface}/{rollout.key}", rollout.ground, n),
        stage_since=at,
    )


def moved_parameters(
    values: Mapping[str, Scalar],
    rules: tuple[BaselineRule, ...] | None,
    rules_before: tuple[BaselineRule, ...] | None,
) -> tuple[str, ...]:
    """Return every parameter that some unit may read otherwise once the change is the baseline."""
    old, new = rules_by_parameter(rules_before or ()), rules_by_parameter(rules or ())
    by_rule = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)} if rules is not None else set()
    return tuple(sorted(set(values) | by_rule))


def rules_by_parameter(rules: Iterable[BaselineRule]) -> Mapping[str, tuple[tuple[str, Scalar], ...]]:
    """Return parameter -> the audiences and values of its rules, in order."""
    table: dict[str, tuple[tuple[str, Scalar], ...]] = {}
    for rule in rules:
        for key, value in rule.set.items():
            table[key] = (*table.get(key, ()), (rule.audience, value))
    return table


def with_rollout_finished(state: SurfaceState, key: str) -> SurfaceState:
    """Return `state` as it will be once the rollout `key` is the baseline."""
    rollout = state.rollouts[key]
    return replace(
        state,
        baseline={**state.baseline, **rollout.values},
        rules=state.rules if rollout.rules is None else rollout.rules,
        rollouts={other: kept for other, kept in state.rollouts.items() if other != key},
    )
