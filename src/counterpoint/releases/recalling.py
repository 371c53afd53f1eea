"""The kill switch of parameters: everybody has the declared baseline at once, units of holdouts and experiments too."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from counterpoint.config import BaselineRule
from counterpoint.errors import InvalidInput, NotFound
from counterpoint.experiments import Event, Experiment, State, transition
from counterpoint.releases.operations import Recall
from counterpoint.releases.state import SurfaceState


def recall(operation: Recall, state: SurfaceState, now: datetime) -> SurfaceState:
    """Return `state` with each parameter at the baseline that the surface's file declares, for every unit.

    Rules, rollouts and holdouts lose what they say of it, and experiments that set it are killed. The declared baseline
    is what the owners of the surface have reviewed, so that this may wait for no approval.

    Raises:
        InvalidInput: `empty_change`, when no parameter is named.
        NotFound: `unknown_parameter`.
    """
    if not operation.parameters:
        raise InvalidInput("empty_change", "no parameter is named", where="parameters", fix="name what is to go")
    declared = state.surface.parameters
    for key in operation.parameters:
        if key not in declared:
            raise NotFound(
                "unknown_parameter", f"'{state.surface.key}' has no parameter '{key}'", where=f"baseline.{key}"
            )
    safe = {key: declared[key].baseline for key in operation.parameters}
    held = {
        key: replace(
            holdout,
            baseline={**holdout.baseline, **{name: value for name, value in safe.items() if name in holdout.baseline}},
            rules=_without(holdout.rules, safe),
        )
        for key, holdout in state.holdouts.items()
    }
    rollouts = {key: each for key, each in state.rollouts.items() if not set(each.parameters) & set(safe)}
    experiments = {key: _killed(each, safe, now) for key, each in state.experiments.items()}
    return replace(
        state,
        baseline={**state.baseline, **safe},
        rules=_without(state.rules, safe),
        rollouts=rollouts,
        holdouts=held,
        experiments=experiments,
    )


def _without(rules: Iterable[BaselineRule], gone: Iterable[str]) -> tuple[BaselineRule, ...]:
    names = set(gone)
    kept = (
        BaselineRule(key=rule.key, audience=rule.audience, set={k: v for k, v in rule.set.items() if k not in names})
        for rule in rules
    )
    return tuple(rule for rule in kept if rule.set)


def _killed(experiment: Experiment, gone: Iterable[str], now: datetime) -> Experiment:
    serves = experiment.state in (State.RUNNING, State.PAUSED)
    if not serves or not set(experiment.spec.parameters) & set(gone):
        return experiment
    return transition(experiment, Event.KILL, at=now)
