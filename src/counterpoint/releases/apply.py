"""Applies a Change to a state: pure, all of it or none."""
# ruff: noqa: ARG001 -- every handler of one dispatch takes the same arguments, whether it needs them or not

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import singledispatch
from typing import TypeVar

from counterpoint.config import BaselineRule
from counterpoint.errors import Conflict, CounterpointError, InvalidInput, NotFound
from counterpoint.experiments import (
    EVERYONE,
    Event,
    Experiment,
    State,
    amendment_findings,
    draw_findings,
    exclusivity_findings,
    transition,
)
from counterpoint.releases import operations as op
from counterpoint.releases import rolling
from counterpoint.releases.change import Change
from counterpoint.releases.recalling import recall
from counterpoint.releases.soundness import state_findings
from counterpoint.releases.state import SurfaceState, fresh_state, territory_of, with_parts
from counterpoint.vocabulary import Finding

V = TypeVar("V")
_AMENDABLE = frozenset({State.RUNNING, State.PAUSED})
_ADDABLE = frozenset({State.VALIDATED, State.APPROVED, State.SCHEDULED})
_GRACE = timedelta(hours=1)


def apply_change(state: SurfaceState | None, change: Change, *, now: datetime) -> SurfaceState:
    """Return the state after every operation of `change`, in order.

    Args:
        state: The state of the release that it is applied to; None when the surface does not exist yet.
        now: When it is applied, UTC; becomes the time of what it moves.

    Raises:
        InvalidInput: An operation that makes no sense, or a state that could not be served;
            `facts["operation"]` is its place.
        Conflict: `bad_transition`, `key_taken`, `buckets_taken`, `buckets_set_aside`, `in_use`.
        NotFound: An experiment, holdout, domain or parameter that is not there.
    """
    if not change.operations:
        raise InvalidInput("empty_change", "a change without operations", where="operations", fix="say what it changes")
    before = state
    if state is None:
        first = change.operations[0]
        if not isinstance(first, op.ReplaceSurface):
            raise NotFound(
                "unknown_surface", f"no surface '{change.surface}'", where="surface", fix="add the surface first"
            )
        state = fresh_state(first.surface)
    after = state
    for place, operation in enumerate(change.operations):
        try:
            after = _apply(operation, after, now)
        except CounterpointError as error:
            error.facts.setdefault("operation", place)
            raise
    if after.surface.key != change.surface:
        raise InvalidInput(
            "wrong_surface", f"a change of '{change.surface}' brings the surface '{after.surface.key}'", where="surface"
        )
    _refuse(state_findings(after, known_sound=before))
    return after


@singledispatch
def _apply(operation: object, state: SurfaceState, now: datetime) -> SurfaceState:
    raise InvalidInput("unknown_operation", f"{type(operation).__name__} is no operation", where="operations")


@_apply.register
def _replace_surface(operation: op.ReplaceSurface, state: SurfaceState, now: datetime) -> SurfaceState:
    old, new = state.surface, operation.surface
    if old.unit != new.unit and (state.experiments or state.holdouts):
        raise Conflict("in_use", f"experiments randomise {old.unit}", where="surface.unit", fix="archive them first")
    baseline = {}
    for key, parameter in new.parameters.items():
        before = old.parameters.get(key)
        # A baseline that was edited in the file is wanted; one that was left alone says nothing about the live value.
        edited = before is None or before.baseline != parameter.baseline
        baseline[key] = parameter.baseline if edited else state.baseline[key]
    return replace(state, surface=new, baseline=baseline)


@_apply.register
def _set_baseline(operation: op.SetBaseline, state: SurfaceState, now: datetime) -> SurfaceState:
    for key in operation.values:
        if key not in state.surface.parameters:
            raise NotFound(
                "unknown_parameter", f"'{state.surface.key}' has no parameter '{key}'", where=f"baseline.{key}"
            )
    rolling.refuse_under_way(state, tuple(operation.values), rules=False)
    return replace(state, baseline={**state.baseline, **operation.values})


@_apply.register
def _set_rules(operation: op.SetRules, state: SurfaceState, now: datetime) -> SurfaceState:
    rolling.refuse_under_way(state, (), rules=True)
    return replace(state, rules=operation.rules)


@_apply.register
def _add_experiment(operation: op.AddExperiment, state: SurfaceState, now: datetime) -> SurfaceState:
    experiment = operation.experiment
    key = experiment.key
    if key in state.experiments or key in state.retired:
        raise Conflict(
            "key_taken",
            f"the key '{key}' was used before",
            where=f"experiments.{key}",
            fix="choose another key: results hang on it",
        )
    if experiment.state not in _ADDABLE:
        allowed = ", ".join(sorted(_ADDABLE))
        raise InvalidInput(
            "bad_state", f"it is {experiment.state}", where=f"experiments.{key}", fix=f"add it while it is {allowed}"
        )
    if experiment.spec.surface != state.surface.key:
        raise InvalidInput("wrong_surface", f"it belongs to '{experiment.spec.surface}'", where=f"experiments.{key}")
    if not experiment.reserved or experiment.owned:
        raise InvalidInput(
            "not_drawn",
            "its buckets are not drawn, or it owns some already",
            where=f"experiments.{key}",
            fix="allocate it",
        )
    _refuse(draw_findings(experiment, territory_of(state)))
    return _with_experiment(state, experiment, check=False)


@_apply.register
def _move_experiment(operation: op.MoveExperiment, state: SurfaceState, now: datetime) -> SurfaceState:
    experiment = _found(state.experiments, operation.experiment, "experiment")
    if operation.event is Event.SHIP:
        raise InvalidInput(
            "bad_event", "shipping sets values too", where=f"experiments.{experiment.key}", fix="use ship_variant"
        )
    moved = transition(experiment, operation.event, at=now, stage=operation.stage)
    if experiment.state is State.SHIPPED and moved.state is State.ROLLED_BACK:
        state = _without_shipped_rule(state, experiment.key)
    if moved.state is State.ARCHIVED:
        rest = {key: other for key, other in state.experiments.items() if key != experiment.key}
        return replace(state, experiments=rest, retired={**state.retired, experiment.key: now})
    return _with_experiment(state, moved, check=operation.event in (Event.START, Event.RESTART, Event.RESUME))


@_apply.register
def _amend_experiment(operation: op.AmendExperiment, state: SurfaceState, now: datetime) -> SurfaceState:
    experiment = _found(state.experiments, operation.experiment, "experiment")
    if experiment.state not in _AMENDABLE or experiment.stage is None or experiment.started_at is None:
        raise Conflict(
            "bad_transition",
            f"it is {experiment.state}, and only what runs or is paused is amended",
            where=f"experiments.{experiment.key}",
        )
    _refuse(
        amendment_findings(
            experiment.spec, operation.spec, stage=experiment.stage, started_at=experiment.started_at, now=now
        )
    )
    return _with_experiment(state, replace(experiment, spec=operation.spec, updated_at=now), check=False)


@_apply.register
def _ship_variant(operation: op.ShipVariant, state: SurfaceState, now: datetime) -> SurfaceState:
    experiment = _found(state.experiments, operation.experiment, "experiment")
    shipped = transition(experiment, Event.SHIP, at=now, variant=operation.variant)
    values = next(variant.set for variant in experiment.spec.variants if variant.key == operation.variant)
    state = _with_experiment(state, shipped, check=False)
    if operation.to == "everyone" or experiment.spec.audience.strip() == EVERYONE:
        return replace(state, baseline={**state.baseline, **values})
    rule = BaselineRule(key=shipped_rule(experiment.key), audience=experiment.spec.audience, set=dict(values))
    return replace(state, rules=(rule, *(other for other in state.rules if other.key != rule.key)))


@_apply.register
def _add_holdout(operation: op.AddHoldout, state: SurfaceState, now: datetime) -> SurfaceState:
    holdout = operation.holdout
    where = f"holdouts.{holdout.key}"
    if holdout.key in state.holdouts:
        raise Conflict("key_taken", f"holdout '{holdout.key}' exists", where=where)
    if not holdout.status_quo or not holdout.shipped_only or holdout.status_quo & holdout.shipped_only:
        raise InvalidInput("not_drawn", "its two sets are empty or share buckets", where=where, fix="draw them")
    if holdout.ends_at <= holdout.starts_at:
        raise InvalidInput("bad_period", "it ends before it begins", where=f"{where}.ends_at")
    moved = sorted(key for key, value in holdout.baseline.items() if state.baseline.get(key) != value)
    if moved:
        what = f"it keeps values that are not the baseline of now: {', '.join(moved[:5])}"
        raise InvalidInput("stale_baseline", what, where=f"{where}.baseline", fix="prepare it again")
    both = holdout.status_quo | holdout.shipped_only
    for other in state.holdouts.values():
        if other.unit == holdout.unit and both & (other.status_quo | other.shipped_only):
            raise Conflict(
                "buckets_taken", f"holdout '{other.key}' holds some of its buckets", where=where, fix="draw again"
            )
    after = replace(state, holdouts={**state.holdouts, holdout.key: holdout})
    for experiment in after.experiments.values():
        _refuse(exclusivity_findings(experiment, replace(territory_of(after), experiments={})))
    return after


@_apply.register
def _renew_holdout(operation: op.RenewHoldout, state: SurfaceState, now: datetime) -> SurfaceState:
    holdout = _found(state.holdouts, operation.holdout, "holdout")
    if operation.ends_at <= now:
        raise InvalidInput(
            "bad_period", "its new end is past", where=f"holdouts.{holdout.key}.ends_at", fix="give a later end"
        )
    # A later end is another read-out.
    renewed = replace(holdout, ends_at=operation.ends_at, read_at=None, readout=None)
    return replace(state, holdouts={**state.holdouts, holdout.key: renewed})


@_apply.register
def _read_holdout(operation: op.ReadHoldout, state: SurfaceState, now: datetime) -> SurfaceState:
    holdout = _found(state.holdouts, operation.holdout, "holdout")
    where = f"holdouts.{holdout.key}"
    if now < holdout.ends_at:
        raise Conflict(
            "holdout_runs",
            f"it ends on {holdout.ends_at:%Y-%m-%d}, and is read once, after that",
            where=where,
            fix="wait for its end",
        )
    if holdout.read_at is not None:
        raise Conflict("already_read", f"it was read on {holdout.read_at:%Y-%m-%d}", where=where, fix="look at that")
    read = replace(holdout, read_at=now, readout=operation.readout)
    return replace(state, holdouts={**state.holdouts, holdout.key: read})


@_apply.register
def _end_holdout(operation: op.EndHoldout, state: SurfaceState, now: datetime) -> SurfaceState:
    _found(state.holdouts, operation.holdout, "holdout")
    return replace(state, holdouts={key: other for key, other in state.holdouts.items() if key != operation.holdout})


@_apply.register
def _add_domain(operation: op.AddDomain, state: SurfaceState, now: datetime) -> SurfaceState:
    domain = operation.domain
    where = f"domains.{domain.key}"
    if domain.key in state.domains:
        raise Conflict("key_taken", f"domain '{domain.key}' exists", where=where)
    after = replace(state, domains={**state.domains, domain.key: domain})
    if any(domain.buckets & other.buckets for other in state.domains.values()):
        raise Conflict("buckets_taken", "another domain holds some of its buckets", where=where, fix="draw again")
    for experiment in after.experiments.values():
        _refuse(exclusivity_findings(experiment, replace(territory_of(after), experiments={}, holdouts={})))
    return after


@_apply.register
def _end_domain(operation: op.EndDomain, state: SurfaceState, now: datetime) -> SurfaceState:
    _found(state.domains, operation.domain, "domain")
    inside = sorted(key for key, experiment in state.experiments.items() if experiment.spec.domain == operation.domain)
    if inside:
        raise Conflict(
            "in_use", f"'{inside[0]}' draws from it", where=f"domains.{operation.domain}", fix="archive it first"
        )
    return replace(state, domains={key: other for key, other in state.domains.items() if key != operation.domain})


@_apply.register
def _stage_baseline(operation: op.StageBaseline, state: SurfaceState, now: datetime) -> SurfaceState:
    return rolling.begin(operation, state, now)


@_apply.register
def _advance_rollout(operation: op.AdvanceRollout, state: SurfaceState, now: datetime) -> SurfaceState:
    return rolling.advance(operation, state, now)


@_apply.register
def _finish_rollout(operation: op.FinishRollout, state: SurfaceState, now: datetime) -> SurfaceState:
    return rolling.finish(operation, state, now)


@_apply.register
def _abort_rollout(operation: op.AbortRollout, state: SurfaceState, now: datetime) -> SurfaceState:
    return rolling.take_back(state, operation.rollout)


@_apply.register
def _recall(operation: op.Recall, state: SurfaceState, now: datetime) -> SurfaceState:
    return recall(operation, state, now)


@_apply.register
def _restore(operation: op.Restore, state: SurfaceState, now: datetime) -> SurfaceState:
    parts = {path: None if text is None else text.encode() for path, text in operation.parts.items()}
    after = with_parts(state, parts)
    # A key that served stays taken, though its experiment goes: exposures are recorded under it. A launch that is taken
    # back at once may be tried again, since the same key finds the same units in the same variants.
    gone = {
        key: now
        for key, experiment in state.experiments.items()
        if key not in after.experiments
        and key not in after.retired
        and experiment.started_at is not None
        and now - experiment.started_at >= _GRACE
    }
    after = replace(after, retired={**after.retired, **gone}) if gone else after
    for key in after.experiments:
        if f"experiments/{key}" in operation.parts:
            _refuse(exclusivity_findings(after.experiments[key], territory_of(after)))
    return after


def _without_shipped_rule(state: SurfaceState, key: str) -> SurfaceState:
    rules = tuple(rule for rule in state.rules if rule.key != shipped_rule(key))
    if len(rules) == len(state.rules):
        # What the baseline was before is told by history, not by the state.
        raise Conflict(
            "shipped_to_everyone",
            "its values are the baseline of everyone",
            where=f"experiments.{key}",
            fix="revert the release that shipped it, then roll it back",
        )
    return replace(state, rules=rules)


def shipped_rule(key: str) -> str:
    """Return the key of the targeted rule that gives an audience what was shipped to it."""
    return f"shipped-{key}"


def _with_experiment(state: SurfaceState, experiment: Experiment, *, check: bool) -> SurfaceState:
    if check:
        _refuse(exclusivity_findings(experiment, territory_of(state)))
    return replace(state, experiments={**state.experiments, experiment.key: experiment})


def _found(table: Mapping[str, V], key: str, noun: str) -> V:
    if key not in table:
        raise NotFound(
            f"unknown_{noun}",
            f"no {noun} '{key}'",
            where=f"{noun}s.{key}",
            fix=f"one of: {', '.join(sorted(table)[:20]) or 'none yet'}",
        )
    return table[key]


def _refuse(findings: tuple[Finding, ...]) -> None:
    if not findings:
        return
    first = findings[0]
    kind = Conflict if first.code in ("buckets_taken", "buckets_set_aside") else InvalidInput
    raise kind(
        first.code,
        first.message.rstrip("."),
        where=first.path,
        facts={"findings": [finding.as_document() for finding in findings]},
    )
