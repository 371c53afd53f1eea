"""The rollup: what is asked of the event records, and the sufficient statistics that come back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from counterpoint.config import Metric
from counterpoint.events import EventLog
from counterpoint.stats import Summary, ValueCounts

BEFORE = "before"
BEFORE_DENOMINATOR = "before_denominator"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollupQuestion:
    """One experiment at one instant.

    Attributes:
        variants: Those the experiment declares, control first.
        metrics: What to compute of each exposed unit, over the metric's window since its first exposure.
        started_at: Exposures before it are not this run's.
        ended_at: Exposures from then on do not count; None while it runs.
        now: Nothing recorded from then on is read; a unit is matured when its whole window lies before it.
        matured_at: Which units are matured is judged at this instant, that of a planned look; None for `now`.
        phase_starts: When the weights or the share of units changed while it ran, in order; counts are kept by phase.
        covariates: Whether to keep each metric over the window of equal length before first exposure, too.
        segment: Attribute of the served page by which units are told apart, as it was at first exposure.
    """

    surface: str
    experiment: str
    variants: tuple[str, ...]
    metrics: tuple[Metric, ...]
    started_at: datetime
    ended_at: datetime | None = None
    now: datetime
    matured_at: datetime | None = None
    phase_starts: tuple[datetime, ...] = ()
    covariates: bool = False
    segment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileArm:
    """One arm of a quantile metric: its values, and how they cluster by unit.

    Attributes:
        values: Values with how often they occurred, to five significant digits.
        clusters: Per unit, number of values at or below the arm's quantile, and number of values.
    """

    values: ValueCounts
    clusters: Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRollup:
    """One metric of all arms, matured units only.

    Attributes:
        arms: Variant -> moments; columns `before` and `before_denominator` where covariates were asked for.
        quantiles: Variant -> values, for quantile metrics only; an arm without values is absent.
        n_immature: Variant -> exposed units whose window has not passed.
        segments: Segment -> variant -> moments; empty when none were asked for.
        linear: Of a ratio, variant -> moments of numerator minus (ratio over all arms) times denominator: what its
            error is made of, with the third moment that the arms of a ratio have no place for.
    """

    arms: Mapping[str, Summary]
    quantiles: Mapping[str, QuantileArm]
    n_immature: Mapping[str, int]
    segments: Mapping[str, Mapping[str, Summary]]
    linear: Mapping[str, Summary] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    """All that a scorecard needs of the records; no row of an event is left in it.

    Attributes:
        exposed: Variant -> units whose first exposure was to it; units of two variants are in none.
        daily: Cumulative `exposed`, in the order of the variants, at the end of each day since the start, no gaps.
        phases: For each phase of the question, `exposed` cumulated within it, per day; one phase when none is asked.
        n_mixed: Units exposed to more than one variant, left out everywhere.
        unknown: Variants that the experiment does not declare -> units that met them, left out everywhere.
        first_exposure_at: None when nobody was exposed.
        snapshots: Which snapshots served the exposures, sorted.
        metrics: By metric key.
    """

    exposed: Mapping[str, int]
    daily: tuple[tuple[int, ...], ...]
    phases: tuple[tuple[tuple[int, ...], ...], ...] = ()
    n_mixed: int
    unknown: Mapping[str, int]
    first_exposure_at: datetime | None
    last_exposure_at: datetime | None
    snapshots: tuple[str, ...]
    metrics: Mapping[str, MetricRollup]

    def as_document(self) -> dict[str, Any]:
        """Return figures that pin the data: equal data give equal documents."""
        return {
            "exposed": dict(self.exposed),
            "daily": [list(day) for day in self.daily],
            "n_mixed": self.n_mixed,
            "unknown": dict(self.unknown),
            "snapshots": list(self.snapshots),
            "metrics": {
                key: {
                    "arms": {name: arm.digest() for name, arm in metric.arms.items()},
                    "quantiles": {
                        name: [arm.values.digest(), arm.clusters.digest()] for name, arm in metric.quantiles.items()
                    },
                    "n_immature": dict(metric.n_immature),
                }
                for key, metric in self.metrics.items()
            },
        }


class RollupEngine(Protocol):
    """Reduces event records to a rollup; DuckDB here, a cluster where one machine is too small."""

    def __call__(self, log: EventLog, question: RollupQuestion) -> Rollup:
        """Return the sufficient statistics of `question`.

        Raises:
            CannotCompute: `metric_overflow` when values are too large to be summed exactly.
        """
        ...
