"""Whether a baseline would still be sound under every combination of variants and rules that a request can meet."""

from counterpoint.config import Contender, check_combinations
from counterpoint.experiments import State
from counterpoint.releases import SurfaceState
from counterpoint.vocabulary import Finding

_MAY_SERVE = frozenset({State.APPROVED, State.SCHEDULED, State.RUNNING, State.PAUSED})


def combination_findings(before: SurfaceState, after: SurfaceState) -> tuple[Finding, ...]:
    """Return what `after` breaks that `before` did not: per law, the smallest combination that does.

    Only a change of baseline, rules or surface is looked at here; what an experiment adds, its validation looks at.
    """
    if all(getattr(before, name) == getattr(after, name) for name in ("baseline", "rules", "surface")):
        return ()
    broken = _broken(after)
    if not broken:
        return ()
    known = {(finding.code, str(finding.facts.get("law"))) for finding in _broken(before)}
    return tuple(finding for finding in broken if (finding.code, str(finding.facts.get("law"))) not in known)


def _broken(state: SurfaceState) -> tuple[Finding, ...]:
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
    return check_combinations(state.surface, [*rules, *experiments], baseline=state.baseline)
