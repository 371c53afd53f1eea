"""Applies the operations of rollouts to a state: begin, next stage, everybody, take back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from counterpoint.assignment import BucketSet
from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict, NotFound
from counterpoint.releases.operations import AdvanceRollout, FinishRollout, StageBaseline
from counterpoint.releases.rollout import (
    at_stage,
    ground_of,
    is_last_stage,
    moved_parameters,
    stage_ends_at,
    with_rollout_finished,
)
from counterpoint.releases.stages import Rollout, RolloutStage, check_stages
from counterpoint.releases.state import SurfaceState
from counterpoint.vocabulary import Scalar


def stage_operation(
    state: SurfaceState,
    key: str,
    *,
    values: Mapping[str, Scalar],
    rules: tuple[BaselineRule, ...] | None = None,
    stages: tuple[RolloutStage, ...],
    author: str,
    reason: str,
    acknowledges: tuple[str, ...] = (),
) -> StageBaseline:
    """Return the operation that begins a rollout on `state`, holding on to what it was prepared against.

    Args:
        values: New baseline values; those that are live already are left out.
        rules: All targeted rules as they shall be; None leaves them.
        stages: growing shares; everybody follows the last.

    Raises:
        NotFound: `unknown_parameter`.
        Conflict: `nothing_changes`.
    """
    for name in values:
        if name not in state.surface.parameters:
            raise NotFound(
                "unknown_parameter", f"'{state.surface.key}' has no parameter '{name}'", where=f"baseline.{name}"
            )
    moved = {name: value for name, value in values.items() if _differs(state.baseline[name], value)}
    new_rules = None if rules is None or rules == state.rules else rules
    if not moved and new_rules is None:
        raise Conflict("nothing_changes", "the baseline is so already", where="baseline")
    return StageBaseline(
        rollout=key,
        values=moved,
        before={name: state.baseline[name] for name in moved},
        rules=new_rules,
        rules_before=None if new_rules is None else state.rules,
        stages=stages,
        author=author,
        reason=reason,
        acknowledges=acknowledges,
    )


def begin(operation: StageBaseline, state: SurfaceState, now: datetime) -> SurfaceState:
    """Return `state` with a rollout at its first stage."""
    key = operation.rollout
    if key in state.rollouts:
        raise Conflict("key_taken", f"rollout '{key}' exists", where=f"rollouts.{key}")
    check_stages(operation.stages)
    for name in operation.values:
        if name not in state.surface.parameters:
            raise NotFound(
                "unknown_parameter", f"'{state.surface.key}' has no parameter '{name}'", where=f"baseline.{name}"
            )
    ground = ground_of(state)
    rollout = Rollout(
        key=key,
        values=operation.values,
        before=operation.before,
        rules=operation.rules,
        rules_before=operation.rules_before,
        parameters=moved_parameters(operation.values, operation.rules, operation.rules_before),
        stages=operation.stages,
        stage=0,
        ground=ground,
        buckets=BucketSet(),
        acknowledges=operation.acknowledges,
        author=operation.author,
        reason=operation.reason,
        started_at=now,
        stage_since=now,
    )
    if not rollout.parameters:
        raise Conflict("nothing_changes", "it moves no parameter", where=f"rollouts.{key}")
    _refuse_moved(rollout, state)
    refuse_under_way(state, rollout.parameters, rules=rollout.rules is not None)
    begun = at_stage(rollout, 0, surface=state.surface.key, at=now)
    return replace(state, rollouts={**state.rollouts, key: begun})


def advance(operation: AdvanceRollout, state: SurfaceState, now: datetime) -> SurfaceState:
    """Return `state` with the rollout at its next stage."""
    rollout = found(state, operation.rollout)
    if operation.stage != rollout.stage + 1 or operation.stage >= len(rollout.stages):
        raise Conflict(
            "bad_stage",
            f"stage {operation.stage + 1} does not follow stage {rollout.stage + 1} of {len(rollout.stages)}",
            where=f"rollouts.{rollout.key}",
        )
    _refuse_early(rollout, now)
    _refuse_moved(rollout, state)
    further = at_stage(rollout, operation.stage, surface=state.surface.key, at=now)
    return replace(state, rollouts={**state.rollouts, rollout.key: further})


def finish(operation: FinishRollout, state: SurfaceState, now: datetime) -> SurfaceState:
    """Return `state` with the rollout as the baseline of everybody."""
    rollout = found(state, operation.rollout)
    if not is_last_stage(rollout):
        raise Conflict(
            "bad_stage",
            f"it is at stage {rollout.stage + 1} of {len(rollout.stages)}",
            where=f"rollouts.{rollout.key}",
            fix="everybody comes after the last stage",
        )
    _refuse_early(rollout, now)
    _refuse_moved(rollout, state)
    return with_rollout_finished(state, rollout.key)


def take_back(state: SurfaceState, key: str) -> SurfaceState:
    """Return `state` without the rollout: its units have the baseline again."""
    found(state, key)
    return replace(state, rollouts={other: kept for other, kept in state.rollouts.items() if other != key})


def refuse_under_way(state: SurfaceState, parameters: tuple[str, ...], *, rules: bool) -> None:
    """Refuse a change of what another rollout is changing: nobody's write may be lost under it.

    Raises:
        Conflict: `in_rollout`.
    """
    for other in state.rollouts.values():
        both = sorted(set(parameters) & set(other.parameters))
        if both or (rules and other.rules is not None):
            raise Conflict(
                "in_rollout",
                f"rollout '{other.key}' of {other.author} is changing {', '.join(both) or 'the rules'}",
                where=f"rollouts.{other.key}",
                fix="wait until it has ended, or take it back first",
                facts={"rollout": other.key, "parameters": both, "stage": other.stage},
            )


def found(state: SurfaceState, key: str) -> Rollout:
    """Return the rollout `key`.

    Raises:
        NotFound: `unknown_rollout`.
    """
    if key not in state.rollouts:
        raise NotFound(
            "unknown_rollout",
            f"no rollout '{key}' is under way",
            where=f"rollouts.{key}",
            fix=f"one of: {', '.join(sorted(state.rollouts)) or 'none'}",
        )
    return state.rollouts[key]


def _refuse_moved(rollout: Rollout, state: SurfaceState) -> None:
    moved = sorted(
        key
        for key, value in rollout.before.items()
        if key not in state.baseline or _differs(state.baseline[key], value)
    )
    if rollout.rules_before is not None and rollout.rules_before != state.rules:
        moved.append("rules")
    if moved:
        raise Conflict(
            "baseline_moved",
            f"{', '.join(moved)} changed since this was prepared",
            where=f"rollouts.{rollout.key}",
            fix="look at what is live, and prepare it again",
            facts={"moved": moved},
        )


def _refuse_early(rollout: Rollout, now: datetime) -> None:
    if now < stage_ends_at(rollout):
        raise Conflict(
            "too_early",
            f"stage {rollout.stage + 1} lasts until {stage_ends_at(rollout):%Y-%m-%d %H:%M} UTC",
            where=f"rollouts.{rollout.key}",
        )


def _differs(one: Scalar, other: Scalar) -> bool:
    # 1 and true are equal to Python, and not the same value of a parameter.
    return one != other or isinstance(one, bool) is not isinstance(other, bool)
