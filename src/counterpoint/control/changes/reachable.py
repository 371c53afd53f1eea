"""Whether a state is sound under every combination of variants, rules and rollouts that a request can meet."""

from collections.abc import Iterator

from counterpoint.config import Contender, check_combinations
from counterpoint.experiments import EVERYONE, ExperimentSpec, State
from counterpoint.releases import Rollout, SurfaceState
from counterpoint.vocabulary import Finding

_ROLLOUT = "rollout/"
_MAY_SERVE = frozenset({State.APPROVED, State.SCHEDULED, State.RUNNING, State.PAUSED})


def combination_findings(before: SurfaceState, after: SurfaceState) -> tuple[Finding, ...]:
    """Return what `after` breaks that `before` did not: per law, the smallest combination that does.

    Only a change of baseline, rollouts, rules or surface is looked at here; what an experiment adds, its validation
    looks at. While a rollout is under way some units have its values and some have not: both are tried, beside every
    other rollout.
    """
    if all(getattr(before, name) == getattr(after, name) for name in ("baseline", "rules", "surface", "rollouts")):
        return ()
    broken = _broken(after)
    if not broken:
        return ()
    known = {(finding.code, str(finding.facts.get("law"))) for finding in _broken(before)}
    return tuple(finding for finding in broken if (finding.code, str(finding.facts.get("law"))) not in known)


def launch_findings(state: SurfaceState, spec: ExperimentSpec) -> tuple[Finding, ...]:
    """Return what the variants of a new experiment break beside the rollouts that are under way.

    The validator has tried them beside everything else.
    """
    if not state.rollouts:
        return ()
    mine = Contender(
        key=spec.key, audience=spec.audience, variants={variant.key: variant.set for variant in spec.variants}
    )
    others = [each for each in _contenders(state) if each.key != spec.key]
    found = check_combinations(state.surface, [*others, mine], baseline=state.baseline, focus=spec.key)
    return tuple(
        finding
        for finding in found
        if any(str(member["key"]).startswith(_ROLLOUT) for member in finding.facts.get("members", ()))
    )


def _broken(state: SurfaceState) -> tuple[Finding, ...]:
    return check_combinations(state.surface, _contenders(state), baseline=state.baseline)


def _contenders(state: SurfaceState) -> list[Contender]:
    rules = [
        Contender(key=rule.key, audience=rule.audience, variants={rule.key: rule.set}, is_rule=True)
        for rule in state.rules
    ]
    experiments = [
        Contender(
            key=experiment.key,
            audience=experiment.spec.audience,
            variants={variant.key: variant.set for variant in experiment.spec.variants},
            buckets=experiment.reserved,
            unit=None if experiment.unit == state.surface.unit else experiment.unit,
        )
        for experiment in state.experiments.values()
        if experiment.state in _MAY_SERVE
    ]
    rollouts = [each for rollout in state.rollouts.values() for each in _rolling(rollout)]
    return [*rules, *rollouts, *experiments]


def _rolling(rollout: Rollout) -> Iterator[Contender]:
    # Over all the buckets it will reach before it ends, not those of today: nothing is proven again when a stage ends.
    moved = set(rollout.parameters)
    parts = [(rule.audience, {k: v for k, v in rule.set.items() if k in moved}) for rule in rollout.rules or ()]
    for place, (audience, values) in enumerate([*parts, (EVERYONE, dict(rollout.values))]):
        if values:
            key = f"{_ROLLOUT}{rollout.key}/{place}"
            yield Contender(key=key, audience=audience, variants={"changed": values}, buckets=rollout.ground)
