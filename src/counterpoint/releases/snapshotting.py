"""From the state of a release to the snapshot that the serving path takes."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from counterpoint.config import (
    AttributeSchema,
    BaselineRule,
    LiveExperiment,
    LiveHoldout,
    ParameterSchema,
    Snapshot,
    VariantSlice,
)
from counterpoint.experiments import EVERYONE, Experiment, Holdout, State, is_serving
from counterpoint.releases.stages import Rollout
from counterpoint.releases.state import SurfaceState

# Those that were live and are not: their units get the baseline with the reason DISABLED, and no exposure.
_SUSPENDED = frozenset({State.PAUSED, State.STOPPED})


def make_snapshot(state: SurfaceState, *, release: int, created_at: datetime) -> Snapshot:
    """Return the snapshot of `state`; equal arguments give equal bytes, whatever order the state was built in.

    Args:
        release: Number of the release.
        created_at: When it was published, UTC.
    """
    surface = state.surface
    return Snapshot(
        surface=surface.key,
        release=release,
        created_at=created_at,
        unit=surface.unit,
        bucket_salt=bucket_salt_of(surface.key),
        attributes=tuple(
            AttributeSchema(key=attribute.key, type=str(attribute.type), values=attribute.values)
            for attribute in _by_key(surface.attributes.values())
        ),
        parameters=tuple(
            ParameterSchema(
                key=parameter.key,
                type=str(parameter.type),
                baseline=state.baseline[parameter.key],
                min=parameter.min,
                max=parameter.max,
                values=parameter.values,
            )
            for parameter in _by_key(surface.parameters.values())
        ),
        rules=state.rules,
        experiments=(
            *(
                _live(experiment)
                for experiment in _by_key(state.experiments.values())
                if is_serving(experiment) or (experiment.state in _SUSPENDED and experiment.owned)
            ),
            # Last: the first that has a unit decides, and a rollout moves nobody's control before it ends.
            *(line for rollout in _by_key(state.rollouts.values()) for line in _rolling(rollout, state)),
        ),
        holdouts=tuple(_held(holdout, state) for holdout in _by_key(state.holdouts.values())),
        max_age_s=surface.policy.staleness.max_age_s,
        stale_policy=surface.policy.staleness.policy,
        testers=surface.policy.forcing.actors,
    )


def bucket_salt_of(surface: str) -> str:
    """Return the salt of a surface's bucketing; it can never change, or every unit would move."""
    return f"buckets/{surface}"


def _live(experiment: Experiment) -> LiveExperiment:
    return LiveExperiment(
        key=experiment.key,
        salt=experiment.salt,
        unit=experiment.unit,
        audience=experiment.spec.audience,
        buckets=experiment.owned.to_text(),
        variants=tuple(
            VariantSlice(key=variant.key, weight=variant.weight, set=dict(variant.set))
            for variant in experiment.spec.variants
        ),
        enabled=is_serving(experiment),
    )


def _rolling(rollout: Rollout, state: SurfaceState) -> Iterator[LiveExperiment]:
    """Yield the rollout as experiments of one variant: each new rule in order, then what everybody else gets."""
    moved = set(rollout.parameters)
    final = {key: rollout.values.get(key, state.baseline[key]) for key in rollout.parameters if key in state.baseline}
    rules = state.rules if rollout.rules is None else rollout.rules
    ordered = [(rule.audience, {k: v for k, v in rule.set.items() if k in moved}) for rule in rules]
    ordered = [*((audience, values) for audience, values in ordered if values), (EVERYONE, final)]
    for place, (audience, values) in enumerate(ordered):
        # A slash is in no experiment's key, so no experiment can be called so.
        key = f"rollout/{rollout.key}" if len(ordered) == 1 else f"rollout/{rollout.key}/{place}"
        yield LiveExperiment(
            key=key,
            salt=key,
            unit=state.surface.unit,
            audience=audience,
            buckets=rollout.buckets.to_text(),
            variants=(VariantSlice(key="changed", weight=1, set=values),),
        )


def _held(holdout: Holdout, state: SurfaceState) -> LiveHoldout:
    # Schema changes reach a holdout: a parameter that is gone is gone for its units too.
    known = state.surface.parameters
    rules = (
        BaselineRule(key=rule.key, audience=rule.audience, set={k: v for k, v in rule.set.items() if k in known})
        for rule in holdout.rules
    )
    return LiveHoldout(
        key=holdout.key,
        unit=holdout.unit,
        status_quo=holdout.status_quo.to_text(),
        shipped_only=holdout.shipped_only.to_text(),
        baseline={key: holdout.baseline[key] for key in sorted(holdout.baseline) if key in known},
        rules=tuple(rule for rule in rules if rule.set),
    )


def _by_key(things: Iterable) -> list:  # type: ignore[type-arg]  # anything that has a key
    return sorted(things, key=lambda thing: str(thing.key))
