"""The split of a running experiment: tested by phase of its ramp, by a test that fits how often it is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from counterpoint.errors import CannotCompute
from counterpoint.experiments import ExperimentSpec
from counterpoint.metrics.measures import Unmeasured
from counterpoint.metrics.rollup import Rollup
from counterpoint.stats import RampPhase, SampleRatioVerdict, sample_ratio_test, sequential_sample_ratio_test


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPhase:
    """A stretch of a run in which neither weights nor share changed.

    Attributes:
        starts_at: When it began.
        weights: Of every variant, in the order of the spec.
    """

    starts_at: datetime
    weights: tuple[float, ...]


def sample_ratio(
    rollup: Rollup, spec: ExperimentSpec, phases: Sequence[SplitPhase] = (), *, one_look: bool
) -> SampleRatioVerdict | Unmeasured:
    """Return whether the units are split as intended, or why that cannot be told.

    Args:
        rollup: Its phases are those given here; a rollup without phases is one phase.
        spec: Its weights hold where no phases are given.
        phases: When weights or share changed.
        one_look: Whether this is the one look at the end; then units of phases with equal weights are tested together.

    Estimand: One look, or any number of looks.
    """
    declared = tuple(float(v.weight) for v in spec.variants)
    weights = [phase.weights for phase in phases] or [declared]
    at = [i for i in range(len(declared)) if any(w[i] > 0 for w in weights)]
    counts = rollup.phases or (rollup.daily,)
    try:
        if one_look and len({_shares(w) for w in weights}) == 1:
            return sample_ratio_test([tuple(rollup.exposed.values())[i] for i in at], [weights[0][i] for i in at])
        # A phase in which some arm had no weight is no evidence about the split of all of them.
        return sequential_sample_ratio_test(
            [
                RampPhase(
                    weights=tuple(w[i] for i in at), cumulative_counts=tuple(tuple(day[i] for i in at) for day in days)
                )
                for w, days in zip(weights, counts, strict=True)
                if all(w[i] > 0 for i in at)
            ]
        )
    except CannotCompute as error:
        return Unmeasured(code=error.code, reason=error.sentence)


def _shares(weights: tuple[float, ...]) -> tuple[float, ...]:
    total = sum(weights)
    return tuple(round(w / total, 12) for w in weights) if total else weights
