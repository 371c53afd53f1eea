"""Levels: at which alpha the metrics of an experiment are read, and whether a good result may be acted on now."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from counterpoint.experiments import ExperimentSpec

Test: TypeAlias = Literal["fixed", "group_sequential", "always_valid"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """How one treatment's comparison is read.

    Attributes:
        alpha: Two-sided level of every reading: fixed, planned or at any look.
        reads: Which reading counts now.
        may_ship: Whether a good result may be acted on now.
    """

    alpha: float
    reads: Test
    may_ship: bool


def levels_of(spec: ExperimentSpec, *, test: Test, at_horizon: bool) -> Levels:
    """Return the level at which the metrics of `spec` are read, and by which test.

    A fixed-horizon experiment is watched for harm before its end and ships at its end only. A group-sequential one may
    ship at any planned look, an always-valid one at any look. Treatments share alpha equally; the one primary metric
    needs no share, and guardrails need none because all of them have to pass.

    Args:
        spec: Its alpha and its treatments.
        test: The test in use, which is not the spec's where that needs what is not known.
        at_horizon: Whether the design has ended.
    """
    alpha = spec.analysis.alpha / max(1, len(spec.treatments))
    if test == "fixed":
        return Levels(alpha=alpha, reads="fixed" if at_horizon else "always_valid", may_ship=at_horizon)
    return Levels(alpha=alpha, reads=test, may_ship=True)
