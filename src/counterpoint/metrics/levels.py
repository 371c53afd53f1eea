"""Levels: how an experiment's alpha is divided between looking early and reading the end."""

from dataclasses import dataclass

from counterpoint.experiments import ExperimentSpec

EARLY_SHARE = 0.2
"""Of alpha, what a group-sequential experiment spends on stopping early; the rest is left for its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """Two-sided levels of one treatment's comparison.

    Attributes:
        fixed: Of the look at the end.
        anytime: Of all looks before it together.
        reads_fixed: Whether the fixed-horizon effect may be read now.
        may_ship: Whether a good result may be acted on now.
    """

    fixed: float
    anytime: float
    reads_fixed: bool
    may_ship: bool


def levels_of(spec: ExperimentSpec, *, at_horizon: bool) -> Levels:
    """Return the levels at which the metrics of `spec` are read.

    A fixed-horizon experiment is watched for harm before its end and ships at its end only. A group-sequential one may
    ship early on part of alpha and at its end on the rest: by the union bound the whole never exceeds alpha. An
    always-valid one has the same level at every look, the last one included. Treatments share alpha equally.
    """
    alpha = spec.analysis.alpha / max(1, len(spec.treatments))
    match spec.analysis.test:
        case "fixed":
            return Levels(fixed=alpha, anytime=alpha, reads_fixed=at_horizon, may_ship=at_horizon)
        case "group_sequential":
            early = EARLY_SHARE * alpha
            return Levels(fixed=alpha - early, anytime=early, reads_fixed=at_horizon, may_ship=True)
        case "always_valid":
            return Levels(fixed=alpha, anytime=alpha, reads_fixed=False, may_ship=True)
