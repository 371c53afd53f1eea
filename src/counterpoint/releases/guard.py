"""What a Change would do to experiments that are live: found at publish, and again when a scheduled one fires."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from counterpoint.config import BaselineRule
from counterpoint.experiments import (
    Event,
    Experiment,
    State,
    expired_holdouts,
    holds_buckets,
    never_meet,
    treatment_findings,
)
from counterpoint.releases.change import Change, is_urgent
from counterpoint.releases.operations import AddExperiment, MoveExperiment, StageBaseline
from counterpoint.releases.redeclaring import redeclaration_findings
from counterpoint.releases.rollout import rules_by_parameter, with_rollout_finished
from counterpoint.releases.state import SurfaceState
from counterpoint.vocabulary import Finding, Severity

_LIVE = frozenset({State.RUNNING, State.PAUSED})
_LAUNCHES = frozenset({Event.START, Event.RESTART})


def publish_findings(
    before: SurfaceState | None, change: Change, after: SurfaceState, *, now: datetime
) -> tuple[Finding, ...]:
    """Return what speaks against publishing `change`, which turns `before` into `after`.

    Args:
        now: When it would be published, UTC.

    Codes: `baseline_under_experiment` (an error unless the Change acknowledges the experiment
    or is urgent), `no_op_treatment`,
    `requires_unmet`, `value_is_baseline`, `holdout_expired`, `baseline_moving` (a launch under a rollout), and
    those of `redeclaration_findings`.
    """
    findings: list[Finding] = []
    if _launches(change):
        findings += expired_holdouts(after.holdouts, now=now)
        findings += _moving_ground(change, after)
    # A rollout moves controls when it ends; whether it may is asked before it begins, and again when it does.
    full = after
    for operation in change.operations:
        if isinstance(operation, StageBaseline) and operation.rollout in full.rollouts:
            full = with_rollout_finished(full, operation.rollout)
    if before is not None:
        findings += _moved_controls(before, change, full)
        findings += redeclaration_findings(before, after)
    findings += _idle_treatments(before, full)
    return tuple(findings)


def _moving_ground(change: Change, after: SurfaceState) -> Iterator[Finding]:
    launched = {
        operation.experiment.key if isinstance(operation, AddExperiment) else operation.experiment
        for operation in change.operations
        if isinstance(operation, AddExperiment)
        or (isinstance(operation, MoveExperiment) and operation.event in _LAUNCHES)
    }
    for key in sorted(launched & after.experiments.keys()):
        for rollout in after.rollouts.values():
            touched = sorted(_watched(after.experiments[key], after) & set(rollout.parameters))
            if touched:
                yield Finding(
                    code="baseline_moving",
                    severity=Severity.ERROR,
                    path=f"experiments.{key}",
                    message=(
                        f"The baseline of {', '.join(touched)} is moving: rollout {rollout.key} is at stage "
                        f"{rollout.stage + 1} of {len(rollout.stages)}; wait until it has ended, or take it back"
                    ),
                    facts={"experiment": key, "rollout": rollout.key, "parameters": touched},
                )


def _launches(change: Change) -> bool:
    return any(
        isinstance(operation, AddExperiment) or (isinstance(operation, MoveExperiment) and operation.event in _LAUNCHES)
        for operation in change.operations
    )


def _moved_controls(before: SurfaceState, change: Change, after: SurfaceState) -> Iterator[Finding]:
    moved = {key for key, value in after.baseline.items() if key in before.baseline and before.baseline[key] != value}
    if not moved and before.rules == after.rules:
        return
    for key in sorted(after.experiments):
        experiment = after.experiments[key]
        was = before.experiments.get(key)
        if was is None or experiment.state not in _LIVE or was.state not in _LIVE:
            continue
        watched = _watched(experiment, after)
        touched = sorted((moved & watched) | (_rule_changes(before.rules, after.rules, experiment, after) & watched))
        if not touched:
            continue
        # A revert must not wait for an experiment to end; it is flagged, and audited as urgent.
        known = key in change.acknowledges or is_urgent(change)
        yield Finding(
            code="baseline_under_experiment",
            severity=Severity.WARNING if known else Severity.ERROR,
            path=f"experiments.{key}",
            message=(
                f"This moves {', '.join(touched)} under {key}, which is {experiment.state}: its control changes"
                + ("" if known else "; wait until it has ended, stop it, or acknowledge it")
            ),
            facts={"experiment": key, "parameters": touched, "state": str(experiment.state)},
        )


def _watched(experiment: Experiment, state: SurfaceState) -> set[str]:
    # What it sets, and what those need to have an effect.
    own = set(experiment.spec.parameters)
    return own | {
        needed for key in own & state.surface.parameters.keys() for needed in state.surface.parameters[key].requires
    }


def _rule_changes(
    before: Iterable[BaselineRule], after: Iterable[BaselineRule], experiment: Experiment, state: SurfaceState
) -> set[str]:
    # Order matters: a rule that merely moved may win now. So the ordered list of each parameter's rules is compared.
    old, new = rules_by_parameter(before), rules_by_parameter(after)
    changed: set[str] = set()
    for key in old.keys() | new.keys():
        if old.get(key) == new.get(key):
            continue
        audiences = {audience for audience, _ in set(old.get(key, ())) ^ set(new.get(key, ()))}
        if not audiences or not all(
            never_meet(experiment.spec.audience, audience, state.surface) for audience in audiences
        ):
            changed.add(key)
    return changed


def _idle_treatments(before: SurfaceState | None, after: SurfaceState) -> Iterator[Finding]:
    same_ground = before is not None and all(
        getattr(before, name) is getattr(after, name) for name in ("baseline", "surface", "rules")
    )
    for key in sorted(after.experiments):
        experiment = after.experiments[key]
        was = None if before is None else before.experiments.get(key)
        new = was is None
        if not holds_buckets(experiment) or experiment.state not in _LIVE | {
            State.APPROVED,
            State.SCHEDULED,
            State.VALIDATED,
        }:
            continue
        if same_ground and not new:
            continue
        for finding in _treatments(experiment, after):
            # Only what this Change brings about: an experiment that was idle before is no fault of this Change.
            if not new and before is not None and finding in _treatments(experiment, before):
                continue
            yield replace(finding, path=f"experiments.{key}.{finding.path}")


def _treatments(experiment: Experiment, state: SurfaceState) -> tuple[Finding, ...]:
    ruled = {key for rule in state.rules for key in rule.set}
    return treatment_findings(experiment.spec, surface=state.surface, baseline=state.baseline, ruled=ruled)
